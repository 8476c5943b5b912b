"""From trial to aloud: one line of the policy, with the report on which it rests."""

from datetime import date
from pathlib import Path
from typing import Final

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError

from detectors.errors import ZeromileError
from detectors.policy import Policy
from streams.lab.shadow import ShadowReport

MOST_DAYS: Final = 30
"""How long ago a report may have been made, and its period may have ended, for a promotion."""
LOG: Final = "promotions.jsonl"
"""Stands beside the policy; one line a promotion."""


class PromotionError(ZeromileError):
    """A promotion that is refused."""


class Promotion(msgspec.Struct, frozen=True):
    """A line of the log."""

    detector: str
    on: date
    report: str | None
    report_made_on: date | None
    report_through: date | None
    """Last civil day of which the report speaks."""
    forced: str | None
    """The reason for which it went without a report that will do."""


def promote(
    detector: str,
    path: Path,
    policy: Policy,
    report: Path | None,
    *,
    forced: str | None,
    today: date,
) -> Promotion:
    """Let a detector on trial speak aloud, and note that in the log.

    Parameters
    ----------
    detector, policy
        The detector, and the policy in force.
    path
        The policy file that gets the line.
    report
        What `zeromile shadow report` has written.
    forced
        A reason to do without.
    today
        Civil day.

    Raises
    ------
    PromotionError
        If there is no such detector on trial, or no report of the last `MOST_DAYS` days on it.
    """
    if detector not in policy.detectors:
        raise PromotionError(f"there is no detector {detector!r}; a rule of your own needs --rules DIR")
    if policy.detectors[detector].spec.status != "experimental":
        raise PromotionError(f"{detector} is not on trial")
    if policy.parameters[detector].promoted is not None:
        raise PromotionError(f"{detector} was promoted already: {policy.parameters[detector].promoted}")
    read = None if report is None else _read(report, detector)
    if not (forced or "").strip():
        _check_age(read, today)
    line = Promotion(
        detector,
        today,
        None if report is None else report.name,
        None if read is None else read.made_on,
        None if read is None else read.through,
        forced,
    )
    _write(path, detector, _told(line))
    with (path.parent / LOG).open("ab") as log:
        log.write(msgspec.json.encode(line) + b"\n")
    return line


def _read(report: Path, detector: str) -> ShadowReport:
    try:
        read = msgspec.json.decode(report.read_bytes(), type=ShadowReport)
    except (OSError, msgspec.MsgspecError) as error:
        raise PromotionError(f"cannot read the report {report}: {error}") from None
    if detector not in {one.detector for one in read.detectors}:
        raise PromotionError(f"the report {report} says nothing of {detector}")
    return read


def _check_age(report: ShadowReport | None, today: date) -> None:
    asked = f"allowed: a shadow report of the last {MOST_DAYS} days, or --force REASON"
    if report is None:
        raise PromotionError(f"no report was given; {asked}")
    if report.through is None:
        raise PromotionError(f"the report speaks of no document; {asked}")
    for what, day in (("is of", report.made_on), ("speaks of days up to", report.through)):
        age = (today - day).days
        if not 0 <= age <= MOST_DAYS:
            raise PromotionError(f"the report {what} {day}, {age} days ago; {asked}")


def _told(line: Promotion) -> str:
    rests = f"report {line.report} of {line.report_made_on}" if line.report else "no report"
    return f"{line.on}: {rests}" + (f"; forced: {line.forced}" if line.forced else "")


def _write(path: Path, detector: str, words: str) -> None:
    try:
        text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
        document = tomlkit.parse(text)
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise PromotionError(f"cannot read the policy {path}: {error}") from None
    section = document.setdefault(detector, tomlkit.table())
    section["promoted"] = words
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
