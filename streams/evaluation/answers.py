"""Answers of any system: which vehicles it would have looked into, and in what order."""

import csv
import math
from datetime import date
from pathlib import Path
from typing import Final

from streams.evaluation.observing import AlertsError, FiringAlert, ObservedRun

NAME: Final = "answers"


def read_answers(path: Path) -> ObservedRun:
    """Read a CSV with the columns `vehicle` and `score` (more is worse) and, if known, `day`.

    Raises
    ------
    AlertsError
        Naming the file, the line and what is wrong with it.
    """
    seen = ObservedRun()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = {"vehicle", "score"} - set(rows.fieldnames or ())
            if missing:
                raise AlertsError(f"{path} has no column {', '.join(sorted(missing))}")
            for number, row in enumerate(rows, 2):
                vehicle = (row["vehicle"] or "").strip().upper()
                if not vehicle or vehicle in seen.firing:
                    what = "is answered twice" if vehicle else "no vehicle"
                    raise AlertsError(f"{path}, line {number}: {vehicle} {what}".replace(":  ", ": "))
                seen.firing[vehicle] = _answer(path, number, vehicle, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise AlertsError(f"cannot read {path}: {error}") from error
    return seen


def _answer(path: Path, number: int, vehicle: str, row: dict[str, str]) -> FiringAlert:
    try:
        score = float(row["score"])
    except (TypeError, ValueError):
        score = math.nan
    if not math.isfinite(score):
        raise AlertsError(f"{path}, line {number}: score {row['score']!r} is no number")
    text = (row.get("day") or "").strip()
    try:
        day = date.fromisoformat(text).toordinal() if text else None
    except ValueError:
        raise AlertsError(f"{path}, line {number}: day {text!r} is no date YYYY-MM-DD") from None
    return FiringAlert(NAME, vehicle, "medium", score, shadow=False, day=day)
