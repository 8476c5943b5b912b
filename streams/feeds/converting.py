"""Data of a register into documents, with an account of every row."""

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from streams.feeds.compiling import CompiledFeed
from streams.feeds.containers.opening import open_tables
from streams.feeds.containers.table import Row, Table
from streams.feeds.containers.texts import ESCAPED
from streams.feeds.errors import RefusalReason, RowIgnored, RowRefused
from streams.feeds.rows import Fields, Losses

_encode_lines = msgspec.json.Encoder().encode_lines
_AT_ONCE: Final = 500
"""Documents that are written together."""


class Made(NamedTuple):
    """A row that became documents."""

    table: str
    row: Row
    documents: list[Fields]


class Refused(NamedTuple):
    """A row that became none, although nothing says to ignore it."""

    table: str
    row: Row
    error: RowRefused

    def described(self) -> dict[str, object]:
        """As one JSON object: where, why, and the row's bytes unchanged."""
        described: dict[str, object] = {
            "file": self.table,
            "line": self.row.number,
            "reason": self.error.reason,
            "column": self.error.column,
            "value": self.error.value,
            "allowed": self.error.allowed,
        }
        raw = self.row.raw
        if isinstance(raw, str):
            try:
                raw.encode()
            except UnicodeEncodeError:
                described["row_base64"] = base64.b64encode(raw.encode("utf-8", ESCAPED)).decode()
                return described
            described["row"] = raw.rstrip("\r\n")
        else:
            described["row"] = raw.decode()
        return described


@dataclass(slots=True)
class Account:
    """What became of the rows: all = converted + ignored + refused."""

    rows: int = 0
    converted: int = 0
    documents: Counter[str] = field(default_factory=Counter)
    """By type."""
    ignored: Counter[str] = field(default_factory=Counter)
    """Rows by the feed's word for them."""
    refused: Counter[RefusalReason] = field(default_factory=Counter)
    """Rows by reason."""
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Refused rows by column and value."""
    first_unmapped: dict[tuple[str, str], int] = field(default_factory=dict)
    """The first row of each."""
    losses: Losses = field(default_factory=Losses)

    @property
    def balanced(self) -> bool:
        """Whether every row is accounted for."""
        return self.rows == self.converted + self.ignored.total() + self.refused.total()


Take = Callable[[Refused], None]


class Conversion:
    """Makes documents of files, one after the other, and keeps the account.

    Parameters
    ----------
    feed
        What the files are.
    refuse
        Takes the rows that become no document.
    """

    def __init__(self, feed: CompiledFeed, refuse: Take | None = None) -> None:
        self._feed = feed
        self._refuse = refuse
        self.account = Account()

    def lines(self, paths: Iterable[Path]) -> Iterator[bytes]:
        """Documents of files as JSON Lines, in the order of their rows.

        Raises
        ------
        FeedError
            If a file cannot be what the feed says it is.
        """
        for block in self.blocks(paths, 1):
            yield from block.splitlines(keepends=True)

    def blocks(self, paths: Iterable[Path], size: int = _AT_ONCE) -> Iterator[bytes]:
        """The same, many lines at once: it takes less time.

        Raises
        ------
        FeedError
            If a file cannot be what the feed says it is.
        """
        waiting: list[Fields] = []
        for path in paths:
            for table in open_tables(path, self._feed.feed):
                for _, documents in self.converted(table):
                    waiting += documents
                    if len(waiting) >= size:
                        yield _encode_lines(waiting)
                        waiting.clear()
        if waiting:
            yield _encode_lines(waiting)

    def made(self, paths: Iterable[Path]) -> Iterator[Made]:
        """Rows of files that became documents.

        Raises
        ------
        FeedError
            If a file cannot be what the feed says it is.
        """
        for path in paths:
            for table in open_tables(path, self._feed.feed):
                for row, documents in self.converted(table):
                    yield Made(table.name, row, documents)

    def converted(self, table: Table) -> Iterator[tuple[Row, list[Fields]]]:
        """Rows of a table with the documents that they became.

        Raises
        ------
        FeedError
            If the table lacks a column.
        """
        account, losses = self.account, self.account.losses
        convert = self._feed.bind(table.header, table.name, losses).convert
        stated: Counter[Any] = account.documents
        for row in table.rows:
            account.rows += 1
            losses.row = row.number
            try:
                if row.fault is not None:
                    _raise(row.fault)
                documents = convert(row.values)
            except RowIgnored as ignored:
                account.ignored[ignored.why] += 1
            except RowRefused as error:
                self._note(Refused(table.name, row, error))
            else:
                account.converted += 1
                for fields in documents:
                    stated[fields["event_type"]] += 1
                yield row, documents

    def _note(self, refused: Refused) -> None:
        error = refused.error.with_traceback(None)  # it may be kept, and the row's frames need not be
        self.account.refused[error.reason] += 1
        if error.reason in ("unmapped_code", "no_document"):
            key = error.column or "", error.value
            self.account.unmapped[key] += 1
            self.account.first_unmapped.setdefault(key, refused.row.number)
        if self._refuse is not None:
            self._refuse(refused)


def _raise(fault: RowRefused | str) -> None:
    if isinstance(fault, str):
        raise RowIgnored(fault)
    raise fault
