"""Reads what is true about a labelled stream."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from detectors.errors import ZeromileError
from streams.feeds.reading import ReadError, read_lines
from streams.simulator.truth import (
    CountryTruth,
    MalformedTruth,
    OutageTruth,
    RushTruth,
    SpikeTruth,
    VehicleTruth,
)

_Record = VehicleTruth | SpikeTruth | RushTruth | OutageTruth | MalformedTruth | CountryTruth
_decode: Final = msgspec.json.Decoder(_Record).decode


class TruthError(ZeromileError):
    """A truth file that cannot be used."""


@dataclass(slots=True)
class Truth:
    """What is true about a stream."""

    vehicles: dict[str, VehicleTruth] = field(default_factory=dict)
    """By VIN; vehicles that are not listed are ordinary."""
    spikes: list[SpikeTruth] = field(default_factory=list)
    rushes: list[RushTruth] = field(default_factory=list)
    malformed: dict[int, MalformedTruth] = field(default_factory=dict)
    """By line number, from 1."""
    country: CountryTruth | None = None


def read_truth(path: Path) -> Truth:
    """Read a truth file (JSON Lines, plain or gzip).

    Raises
    ------
    TruthError
        Naming the file, the line and what is wrong with it.
    """
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
        truth.vehicles[record.vin] = record
    elif isinstance(record, SpikeTruth):
        truth.spikes.append(record)
    elif isinstance(record, RushTruth):
        truth.rushes.append(record)
    elif isinstance(record, MalformedTruth):
        truth.malformed[record.line] = record
    elif isinstance(record, CountryTruth):
        truth.country = record
