"""What a benchmark comes to: the same shape for the terminal, the JSON file and docs/measuring.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple, Self

import msgspec
from msgspec import structs

from detectors.errors import ZeromileError
from tests.benchmarks.statistics import Spread, paired_ratio
from tests.benchmarks.surroundings import Surroundings

SCHEMA: Final = 1
"""Grows when a field changes its meaning."""


class ResultsError(ZeromileError):
    """A file of results that cannot be read."""


class Quantity(NamedTuple):
    """What is measured, with its unit."""

    name: str
    unit: str


class Measured(msgspec.Struct, frozen=True):
    """One quantity of one row: every repetition, their spread, and the ratio to the row beside."""

    unit: str
    values: list[float]
    spread: Spread
    ratio: Spread | None = None


class Row(msgspec.Struct, frozen=True):
    """One program or setting."""

    name: str
    beside: str | None
    """Row of the same report that its ratios are to, measured in the same rounds."""
    measured: dict[str, Measured]


class Skipped(msgspec.Struct, frozen=True):
    """What could not be measured here, and why."""

    name: str
    reason: str


class Check(msgspec.Struct, frozen=True):
    """Something that had to hold for the figures to mean anything."""

    what: str
    held: bool


class Report(msgspec.Struct, kw_only=True):
    """One run of one benchmark."""

    benchmark: str
    title: str
    headline: str
    """Quantity whose ratio is shown."""
    settings: dict[str, str | int | float | bool]
    surroundings: Surroundings
    rows: list[Row]
    skipped: list[Skipped] = []
    checks: list[Check] = []
    notes: list[str] = []
    """What exactly was measured, in sentences."""
    schema: int = SCHEMA

    def row(self, name: str) -> Row:
        """Find a row by its name.

        Raises
        ------
        KeyError
            There is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def without_ratios(self) -> Self:
        """The same with nothing compared."""
        rows = [
            Row(row.name, None, {n: structs.replace(m, ratio=None) for n, m in row.measured.items()})
            for row in self.rows
        ]
        return structs.replace(self, rows=rows)


class Rounds:
    """Collects what every round measured, one row after the other."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[Quantity, list[float]]] = {}

    def add(self, row: str, measured: Mapping[Quantity, float]) -> None:
        """Note what a row came to in this round."""
        known = self._rows.setdefault(row, {})
        for quantity, value in measured.items():
            known.setdefault(quantity, []).append(value)

    def drop(self, row: str) -> None:
        """Forget a row that failed in a later round."""
        self._rows.pop(row, None)

    def __contains__(self, row: object) -> bool:
        return row in self._rows

    def rows(self, beside: str | Mapping[str, str] | None = None) -> list[Row]:
        """Make the rows.

        Parameters
        ----------
        beside
            The row that all others are compared with, or for each row the one it is compared with.
        """
        pairs = dict.fromkeys(self._rows, beside) if isinstance(beside, str) else beside or {}
        return [self._row(name, pairs.get(name)) for name in self._rows]

    def _row(self, name: str, beside: str | None) -> Row:
        others = self._rows.get(beside, {}) if beside and beside != name else {}
        measured = {
            quantity.name: Measured(
                quantity.unit,
                values,
                Spread.of(values),
                _ratio(values, others.get(quantity)),
            )
            for quantity, values in self._rows[name].items()
        }
        return Row(name, beside if others else None, measured)


def _ratio(values: list[float], others: list[float] | None) -> Spread | None:
    return paired_ratio(values, others) if others and all(others) else None


def write_report(path: Path, report: Report) -> None:
    """Put a report into a file of results, in place of an earlier one of the same benchmark.

    Raises
    ------
    ResultsError
        The file holds something else.
    """
    known = read_reports(path) if path.exists() else {}
    known[report.benchmark] = report
    data = msgspec.json.encode({name: known[name] for name in sorted(known)})
    path.write_bytes(msgspec.json.format(data, indent=1) + b"\n")


def read_reports(path: Path) -> dict[str, Report]:
    """Read a file of results, by benchmark.

    Raises
    ------
    ResultsError
        The file cannot be read, or is none of this version; the message says which.
    """
    try:
        reports = msgspec.json.decode(path.read_bytes(), type=dict[str, Report])
    except OSError as error:
        raise ResultsError(f"cannot read the results {path}: {error}") from error
    except msgspec.MsgspecError as error:
        raise ResultsError(f"{path} holds no results of benchmarks: {error}") from error
    for report in reports.values():
        if report.schema != SCHEMA:
            raise ResultsError(f"{path}: schema {report.schema}; this version reads {SCHEMA}")
    return reports
