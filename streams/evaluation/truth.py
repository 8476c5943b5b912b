"""Reads what is true about a labelled stream: what its people were about, vehicle by vehicle.

Two kinds of file: the simulator's JSON Lines, and a CSV that anybody can write, with the columns
`vehicle` and `label` and, where they are known, `class`, `from` and `to`.
"""

import csv
import gzip
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET

from detectors.errors import ZeromileError
from streams.evaluation.kinds import KINDS, ORDINARY, SCHEMES
from streams.feeds.reading import ReadError, read_lines
from streams.simulator.truth import (
    CountryTruth,
    MalformedTruth,
    OutageTruth,
    RushTruth,
    SpikeTruth,
    VehicleTruth,
)

BEFORE: Final = "before_stream"

_Record = VehicleTruth | SpikeTruth | RushTruth | OutageTruth | MalformedTruth | CountryTruth
_decode: Final = msgspec.json.Decoder(_Record).decode


class TruthError(ZeromileError):
    """A truth file that cannot be used."""


class Intent(NamedTuple):
    """What people were about with a vehicle."""

    kind: str
    """One of `KINDS`."""
    story: str
    """Class within the kind."""
    complete: bool = True
    """Whether all documents that should be in the stream are in it."""
    first_day: int | None = None
    """Civil days between which an alert is about this; ``None`` where nobody said."""
    last_day: int | None = None

    def covers(self, day: int) -> bool:
        """Whether an alert about a day is about this."""
        return (self.first_day is None or self.first_day <= day) and (
            self.last_day is None or day <= self.last_day
        )


@dataclass(slots=True)
class Truth:
    """What is true about a stream."""

    vehicles: dict[str, Intent] = field(default_factory=dict)
    """By VIN; vehicles that are not listed are ordinary."""
    spikes: list[SpikeTruth] = field(default_factory=list)
    rushes: list[RushTruth] = field(default_factory=list)
    malformed: dict[int, MalformedTruth] = field(default_factory=dict)
    """By line number, from 1."""
    country: CountryTruth | None = None
    """What the simulator says of the whole stream; ``None`` of a CSV."""

    def intent(self, vehicle: str) -> Intent:
        """What people were about with a vehicle."""
        return self.vehicles.get(vehicle, _ORDINARY)

    def is_scheme(self, vehicle: str) -> bool:
        """Whether somebody was about a scheme."""
        return self.intent(vehicle).kind in SCHEMES


_ORDINARY: Final = Intent(ORDINARY, ORDINARY)


def read_truth(path: Path) -> Truth:
    """Read a truth file: CSV by its name, else JSON Lines; plain or gzip.

    Raises
    ------
    TruthError
        Naming the file, the line and what is wrong with it.
    """
    named_csv = path.name.removesuffix(".gz").endswith(".csv")
    return _from_csv(path) if named_csv else _from_lines(path)


def _from_lines(path: Path) -> Truth:
    truth = Truth()
    number = 0
    try:
        for line in read_lines(path, wanted=("truth",)):
            number = line.number
            _take(truth, _decode(line.value))
    except ReadError as error:
        raise TruthError(str(error)) from error
    except msgspec.DecodeError as error:
        raise TruthError(f"{path}, line {number}: {error}") from error
    if truth.country is None:
        raise TruthError(f"{path} has no record `country`: it is cut off, or no truth file")
    return truth


def _take(truth: Truth, record: _Record) -> None:
    if isinstance(record, VehicleTruth):
        lost = () if record.missing is UNSET else record.missing
        complete = all(reason == BEFORE for reason in lost)
        truth.vehicles[record.vin] = Intent(record.kind, record.label, complete)
    elif isinstance(record, SpikeTruth):
        truth.spikes.append(record)
    elif isinstance(record, RushTruth):
        truth.rushes.append(record)
    elif isinstance(record, MalformedTruth):
        truth.malformed[record.line] = record
    elif isinstance(record, CountryTruth):
        truth.country = record


def _from_csv(path: Path) -> Truth:
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:
            rows = csv.DictReader(file.read().decode("utf-8-sig").splitlines())
    except (OSError, EOFError) as error:
        raise TruthError(f"cannot read {path}: {error}") from error
    except UnicodeDecodeError as error:
        raise TruthError(f"{path} is no UTF-8 text: {error}") from error
    missing = {"vehicle", "label"} - set(rows.fieldnames or ())
    if missing:
        raise TruthError(f"{path} has no column {', '.join(sorted(missing))}")
    truth = Truth()
    for number, row in enumerate(rows, 2):
        vehicle = (row["vehicle"] or "").strip().upper()
        if not vehicle:
            raise TruthError(f"{path}, line {number}: no vehicle")
        if vehicle in truth.vehicles:
            raise TruthError(f"{path}, line {number}: {vehicle} is labelled twice")
        truth.vehicles[vehicle] = _intent(path, number, row)
    return truth


def _intent(path: Path, number: int, row: dict[str, str]) -> Intent:
    label = (row["label"] or "").strip()
    if label not in KINDS:
        allowed = ", ".join(KINDS)
        raise TruthError(f"{path}, line {number}: label {label!r}; allowed: {allowed}")
    return Intent(
        label,
        (row.get("class") or "").strip() or label,
        first_day=_day(path, number, "from", row),
        last_day=_day(path, number, "to", row),
    )


def _day(path: Path, number: int, column: str, row: dict[str, str]) -> int | None:
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        raise TruthError(f"{path}, line {number}: {column} {text!r} is no date YYYY-MM-DD") from None
