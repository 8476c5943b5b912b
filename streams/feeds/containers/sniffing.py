"""What kind of file unknown data are: container, encoding, delimiter, header."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from charset_normalizer import from_bytes

from streams.feeds.containers.opening import tables_of
from streams.feeds.containers.unpacking import unpacked
from streams.feeds.definition import Container
from streams.feeds.errors import FeedError
from streams.feeds.guessing import guess_columns

_SAMPLE: Final = 1 << 20
_ROWS: Final = 20_000
_ENCODINGS: Final = ("cp1251", "cp1252", "gb18030", "cp1250")
"""Looked for in texts that are neither UTF-8 nor marked as UTF-16."""
_DELIMITERS: Final = ",;\t|"
_LINES: Final = 200
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Form:
    """How data lie in their file."""

    container: Container
    note: str = ""

    def lines(self) -> Iterator[str]:
        """The table of the feed file."""
        container = self.container
        yield "[container]"
        yield f'kind = "{container.kind}"'
        if container.kind in ("csv", "jsonl"):
            note = f"  # {self.note}" if self.note else ""
            yield f"encoding = {json.dumps(container.encoding)}{note}"
        if container.kind == "csv":
            yield f"delimiter = {json.dumps(container.delimiter)}"
        if not container.header:
            yield "header = false  # the first line looks like data"
            yield f"names = {json.dumps(container.names)}"


def look(path: Path) -> tuple[Form, Sequence[str], list[Sequence[str]]]:
    """The form, the columns and the first rows of unknown data.

    Raises
    ------
    FeedError
        If the file cannot be read, or only a person can say how its rows lie.
    """
    form = _form(path)
    with closing(tables_of(path, form.container)) as tables:
        table = next(tables)
        rows = [row.values for row in islice(table.rows, _ROWS) if row.fault is None]
    if not rows and form.container.header:
        raise FeedError(f"{path}: holds no row below its header")
    if form.container.header and form.container.kind in ("csv", "sheet") and _is_data(table.header):
        names = [f"column_{n}" for n in range(1, len(table.header) + 1)]
        rows.insert(0, table.header)
        container = Container(
            kind=form.container.kind,
            encoding=form.container.encoding,
            delimiter=form.container.delimiter,
            header=False,
            names=names,
        )
        return Form(container, form.note), names, rows
    return form, table.header, rows


def _form(path: Path) -> Form:
    with closing(unpacked(path, "*", office=True)) as files:
        beginning = next(files).stream.read(_SAMPLE)
    if beginning.startswith((b"PK\x03\x04", _OLD_EXCEL)):
        return Form(Container(kind="sheet"))
    if beginning.startswith(b"PAR1"):
        return Form(Container(kind="parquet"))
    encoding, note = _encoding(beginning, path)
    text = beginning.decode(encoding, "replace").lstrip("\ufeff")
    if text.lstrip().startswith("{"):
        return Form(Container(kind="jsonl", encoding=encoding), note)
    return Form(Container(kind="csv", encoding=encoding, delimiter=_delimiter(text, path)), note)


def _encoding(beginning: bytes, path: Path) -> tuple[str, str]:
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", "marked so"
    cut = beginning.rfind(b"\n") + 1 or len(beginning)
    try:
        beginning[:cut].decode()
    except UnicodeDecodeError:
        found = from_bytes(beginning[:cut], cp_isolation=list(_ENCODINGS)).best()
        if found is None:
            raise FeedError(
                f"{path}: is no text in an encoding that can be told; is it a table?"
            ) from None
        word = next((w for w in str(found).split() if not w.isascii()), "")
        return found.encoding, f"not UTF-8; looks so, as in {json.dumps(word, ensure_ascii=False)}"
    return "utf-8", ""


def _delimiter(text: str, path: Path) -> str:
    lines = [line for line in text.split("\n")[:_LINES] if line.strip()]
    if not lines:
        raise FeedError(f"{path}: holds no line")
    complete = lines[:-1] if len(lines) > 1 and len(text) >= _SAMPLE else lines
    scores = {sign: _evenness(complete, sign) for sign in _DELIMITERS}
    sign = max(scores, key=lambda one: scores[one])
    if scores[sign] > 0:
        return sign
    lengths = {len(line.rstrip("\r")) for line in complete}
    if len(lengths) == 1 and len(complete) > 1:
        raise FeedError(
            f"{path}: every line has {lengths.pop()} characters and no delimiter; write "
            "container.fields with the name and width of every column, as the feed es-dgt does"
        )
    raise FeedError(
        f"{path}: no delimiter can be told; allowed: one of {' '.join(map(repr, _DELIMITERS))}"
    )


def _evenness(lines: Sequence[str], sign: str) -> float:
    """How many columns a delimiter makes, times the share of lines that have as many."""
    counts = [line.count(sign) for line in lines]
    usual = max(set(counts), key=counts.count)
    return usual * counts.count(usual) / len(counts)


def _is_data(header: Sequence[str]) -> bool:
    """Whether what should be names are values."""
    return any(guess.is_identity or guess.formats for guess in guess_columns(header, [header]))
