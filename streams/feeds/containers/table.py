"""What every kind of file gives: tables with a header and numbered rows of texts."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from streams.feeds.definition import Container
from streams.feeds.errors import RowRefused

BLANK: Final = "blank line"
_BANNER: Final = "banner"
_COMMENT: Final = "comment"


class Row(NamedTuple):
    """A row of a file."""

    number: int
    """Its line, from 1; in containers without lines its place below the header, from 1."""
    values: Sequence[str]
    raw: str | bytes
    """As it stood in the file; where a file has no lines, its values as JSON."""
    fault: RowRefused | str | None = None
    """Why it cannot be read, or a text that says why it is none: a blank line, a banner."""


class Table(NamedTuple):
    """One table of a file: the file itself, a member of a zip, a sheet."""

    name: str
    header: Sequence[str]
    rows: Iterator[Row]


def why_aside(line: str, container: Container) -> str | None:
    """Why a line is no row, ``None`` for a row."""
    if container.comment and line.startswith(container.comment):
        return _COMMENT
    if container.banner and line.startswith(tuple(container.banner)):
        return _BANNER
    return None if line.strip() else BLANK
