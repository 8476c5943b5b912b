"""Reads what is true about a labelled stream."""

import gzip
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from detectors.errors import ZeromileError
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
    """Read a truth file (JSON Lines, gzip if named .gz).

    Raises
    ------
    TruthError
        Naming the file, the line and what is wrong with it.
    """
    truth = Truth()
    number = 0
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:
            for line in file:
                number += 1
                _take(truth, _decode(line))
    except (OSError, EOFError) as error:
        raise TruthError(f"cannot read {path}: {error}") from error
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
