"""The truth of a vehicle is what people meant to do with it: who did what, and why."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple


class Truth(NamedTuple):
    """One vehicle's story."""

    vehicle: str
    label: str
    """``ordinary``, ``innocent`` (odd, but nobody means harm), ``known`` or ``scheme`` (a new one)."""
    story: str
    first: int
    """Civil day (ordinal) of its first event."""
    last: int
    note: str

    @property
    def is_scheme(self) -> bool:
        """Whether somebody meant to pass a new car off as a used one, or something akin."""
        return self.label in {"known", "scheme"}


_COLUMNS = ("vehicle", "label", "class", "from", "to", "note")


def written_truth(truths: Iterable[Truth]) -> str:
    """The truth as CSV, sorted by vehicle."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for truth in sorted(truths):
        days = date.fromordinal(truth.first), date.fromordinal(truth.last)
        rows.writerow([truth.vehicle, truth.label, truth.story, *days, truth.note])
    return text.getvalue()


def read_truth(path: Path) -> dict[str, Truth]:
    """The truth of every vehicle, from CSV."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {
            row["vehicle"]: Truth(
                row["vehicle"], row["label"], row["class"],
                date.fromisoformat(row["from"]).toordinal(),
                date.fromisoformat(row["to"]).toordinal(), row["note"],
            )
            for row in csv.DictReader(lines)
        }  # fmt: skip
