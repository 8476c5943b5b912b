"""A dry run of a feed: what would become of every row, column and code, before anything is written."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from detectors import vin as vins
from streams.feeds.columns import full_column, is_known, known_headers
from streams.feeds.compiling import CompiledFeed
from streams.feeds.containers.opening import open_tables
from streams.feeds.containers.table import Row, Table
from streams.feeds.converting import Account, Conversion, Made, Refused
from streams.feeds.definition import FeedFile
from streams.feeds.errors import RefusalReason

_AT_ONCE: Final = 500
"""Rows whose columns are counted together, while they are in the processor's cache: of 5,000 a row
takes half as long again."""
_SHOWN: Final = 10
"""Documents that are shown beside their rows."""
_IDENTITIES_JUDGED: Final = 20_000
"""Documents whose identity is looked at."""


@dataclass(slots=True)
class Coverage:
    """How much a column of the data states."""

    filled: int = 0
    rows: int = 0
    known: bool = False
    """Whether the feed reads it."""


@dataclass(slots=True)
class TrialReport:
    """What a dry run found."""

    account: Account
    columns: dict[str, Coverage] = field(default_factory=dict)
    """By name in the data, in its order."""
    absent: list[str] = field(default_factory=list)
    """Optional columns of the feed that a file lacks."""
    first_refused: dict[RefusalReason, Refused] = field(default_factory=dict)
    """The first row of each reason."""
    identities: Counter[str] = field(default_factory=Counter)
    """Identities of the first documents by what they look like."""
    shown: list[Made] = field(default_factory=list)
    """The first rows with their documents."""


class Trial:
    """A dry run of a feed over files.

    Parameters
    ----------
    feed
        What the files are.
    """

    def __init__(self, feed: CompiledFeed) -> None:
        self._feed = feed
        self._conversion = Conversion(feed, self._refuse)
        self.report = TrialReport(self._conversion.account)

    def run(self, paths: Iterable[Path]) -> TrialReport:
        """Read the files to their end.

        Raises
        ------
        FeedError
            If a file cannot be what the feed says it is.
        """
        for path in paths:
            for table in open_tables(path, self._feed.feed):
                converted = self._conversion.converted(table._replace(rows=self._watched(table)))
                for row, documents in converted:
                    self._note(Made(table.name, row, documents))
                    if self.report.account.converted >= _IDENTITIES_JUDGED:
                        break
                deque(converted, maxlen=0)  # the others are counted, and not looked at
        return self.report

    def _watched(self, table: Table) -> Iterator[Row]:
        known = known_headers(self._feed.feed)
        for name in table.header:
            self.report.columns.setdefault(name, Coverage()).known = is_known(name, known)
        self.report.absent += _absent(self._feed.feed, table)
        columns = [self.report.columns[name] for name in table.header]
        padded = self._feed.feed.container.kind == "fixed"
        missing = frozenset({"", *self._feed.feed.missing})
        rows = iter(table.rows)
        while some := list(islice(rows, _AT_ONCE)):
            _count([row for row in some if row.fault is None], columns, missing, padded=padded)
            yield from some

    def _refuse(self, refused: Refused) -> None:
        self.report.first_refused.setdefault(refused.error.reason, refused)

    def _note(self, made: Made) -> None:
        if len(self.report.shown) < _SHOWN:
            self.report.shown.append(made)
        if "vin" in made.documents[0]:
            self.report.identities[_looks(str(made.documents[0]["vin"]))] += 1


def _absent(feed: FeedFile, table: Table) -> list[str]:
    there = frozenset(" ".join(name.casefold().split()) for name in table.header)
    return [
        key
        for key, spec in feed.columns.items()
        if (names := full_column(spec).names) and not any(is_known(name, there) for name in names)
    ]


def _count(rows: list[Row], columns: list[Coverage], missing: frozenset[str], *, padded: bool) -> None:
    for coverage, values in zip(columns, zip(*(row.values for row in rows), strict=True), strict=False):
        texts: Sequence[str] = [*map(str.strip, values)] if padded else values
        coverage.rows += len(texts)
        coverage.filled += len(texts) - sum(map(texts.count, missing))


def _looks(identity: str) -> str:
    """What an identity looks like, in a few words."""
    if ":" in identity:
        return "a register's own number"
    if "*" in identity or len(set(identity)) == 1:
        return "masked: joins nothing"
    if not vins.is_well_formed(identity):
        return f"not {vins.LENGTH} letters and digits of a VIN"
    if identity[vins.CHECK_POSITION] == vins.check_digit(identity):
        return "VIN whose check digit fits"
    return "VIN without a fitting check digit (compulsory only where [vin_quality] says)"
