"""Reading a table of counts: region, period, count and, where known, label."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streams.spikes.periods import Period, PeriodKind, parse_period, weeks_of
from streams.spikes.table_file import CountsError, TableOptions, TableRow, read_table

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_WEEK_DAYS = 7
_LABELS = frozenset("01")
_LARGEST_COUNT = 10**9
_ALLOWED_COUNTS = f"allowed are whole numbers from 0 to {_LARGEST_COUNT}"


@dataclass(frozen=True, slots=True)
class CountTable:
    """Counts of every region in every period, without gaps.

    Attributes
    ----------
    regions : tuple of str
    periods : tuple of Period
        Consecutive, the same for all regions.
    counts : array, regions x periods
    labels : array of bool, regions x periods, or None
        Where an expert marked an outbreak.
    """

    regions: tuple[str, ...]
    periods: tuple[Period, ...]
    counts: Array
    labels: Mask | None

    @property
    def kind(self) -> PeriodKind:
        """Length of the periods."""
        return self.periods[0].kind

    @property
    def starts(self) -> NDArray[np.int64]:
        """First civil day of every period."""
        return np.array([period.start for period in self.periods], dtype=np.int64)

    @property
    def ends(self) -> NDArray[np.int64]:
        """Civil day after the last of every period."""
        return np.array([period.end for period in self.periods], dtype=np.int64)


@dataclass(slots=True)
class _Row:
    line: int
    region: str
    period: Period
    count: int
    label: bool


def read_counts(path: Path, options: TableOptions | None = None) -> CountTable:
    """Read a table with the columns region, period, count and optionally label (0 or 1).

    Raises
    ------
    CountsError
        For a file that is no table, a missing column, an unreadable period, a negative or fractional
        count, a duplicate or missing period, or periods of different lengths.
    """
    options = options or TableOptions()
    lines, labelled = read_table(path, options)
    rows = [_row(line, path, options.length) for line in lines]
    if not rows:
        raise CountsError(f"{path}: no counts: the file has a header and no line below it")
    return _table(rows, path, labelled=labelled)


def _row(read: TableRow, path: Path, length: PeriodKind | None) -> _Row:
    region, period, count, label = read.region, read.period, read.count, read.label
    try:
        if region and label in _LABELS and 0 <= int(count) <= _LARGEST_COUNT:
            return _Row(read.line, region, parse_period(period, length), int(count), label == "1")
    except ValueError:
        pass  # named below
    where = f"{path}: line {read.line}"
    if not region:
        raise CountsError(f"{where}: field 'region' is empty; allowed is any name")
    if label not in _LABELS:
        raise CountsError(f"{where}: field 'label' is {label!r}; allowed are 0 and 1")
    return _Row(read.line, region, _period(period, length, where), _count(count, where), label == "1")


def _period(text: str, length: PeriodKind | None, where: str) -> Period:
    try:
        return parse_period(text, length)
    except ValueError as error:
        raise CountsError(
            f"{where}: field 'period' is {text!r}; "
            + (
                weeks_of(text)
                or "allowed are a date (2025-03-14), an ISO week (2025-W11) and a month (2025-03)"
            )
        ) from error


def _count(text: str, where: str) -> int:
    try:
        value = int(text)
    except ValueError as error:
        raise CountsError(f"{where}: field 'count' is {text!r}; {_ALLOWED_COUNTS}") from error
    if not 0 <= value <= _LARGEST_COUNT:
        raise CountsError(f"{where}: field 'count' is {value}; {_ALLOWED_COUNTS}")
    return value


def _table(rows: list[_Row], path: Path, *, labelled: bool) -> CountTable:
    regions = tuple(dict.fromkeys(row.region for row in rows))
    _same_kind(rows, path)
    periods = _consecutive({row.period.start: row.period for row in rows})
    column = {period.start: index for index, period in enumerate(periods)}
    line = {region: index for index, region in enumerate(regions)}
    counts = np.full((len(regions), len(periods)), np.nan)
    labels = np.zeros(counts.shape, dtype=bool)
    for row in rows:
        at = line[row.region], column[row.period.start]
        if not np.isnan(counts[at]):
            raise CountsError(
                f"{path}: line {row.line}: period {row.period} of region {row.region!r} "
                "is there twice; allowed is one line for each region and period"
            )
        counts[at], labels[at] = row.count, row.label
    gaps = np.argwhere(np.isnan(counts))
    if len(gaps):
        region, period = gaps[0]
        raise CountsError(
            f"{path}: region {regions[region]!r} has no count for period {periods[period]} "
            f"({len(gaps)} gap{'s' if len(gaps) > 1 else ''} in all); allowed is one line "
            f"for every period from {periods[0]} to {periods[-1]}: write 0 where nothing was counted"
            + _suggestion(rows)
        )
    return CountTable(regions, periods, counts, labels if labelled else None)


def _suggestion(rows: list[_Row]) -> str:
    """Dates that lie a week apart most likely stand for their weeks."""
    days = sorted({row.period.start for row in rows})
    apart = {later - earlier for earlier, later in pairwise(days)}
    if rows[0].period.kind == "day" and apart == {_WEEK_DAYS}:
        return "; the dates lie seven days apart: --period week takes each for its week"
    return ""


def _same_kind(rows: list[_Row], path: Path) -> None:
    first = rows[0]
    for row in rows:
        if row.period.kind != first.period.kind:
            raise CountsError(
                f"{path}: line {row.line}: field 'period' is the {row.period.kind} {row.period}, "
                f"line {first.line} has the {first.period.kind} {first.period}; "
                "allowed is one length for all"
            )


def _consecutive(present: dict[int, Period]) -> tuple[Period, ...]:
    """Return all periods from the first to the last.

    Registers of notifiable diseases often give every year 52 weeks: a week 53 that no region has
    is not a gap.
    """
    period, last = present[min(present)], present[max(present)]
    periods = [period]
    while period < last:
        period = period.following()
        if period.start in present or not str(period).endswith("W53"):
            periods.append(period)
    return tuple(periods)
