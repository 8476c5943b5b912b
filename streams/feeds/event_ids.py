"""Ids of documents that a register does not number: made of what the row says."""

import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from operator import itemgetter
from typing import Final

from streams.feeds.columns import Cell
from streams.feeds.definition import DocumentSpec
from streams.feeds.errors import RowRefused
from streams.feeds.rows import Values

_DIGEST_SIZE: Final = 12
"""Bytes."""
_LONGEST_ID: Final = 200
_CONSTANT_ID: Final = re.compile(r"[!-~]+")


def event_id_of(number: int, spec: DocumentSpec, cells: Mapping[str, Cell]) -> Callable[[Values], str]:
    """Make what gives a row's document its id: the columns that the feed names, or a digest of the row.

    The second document of a row and those after it have their number behind it.
    """
    suffix = f"-{number + 1}" if number else ""
    if spec.event_id:
        return _own_id(spec.event_id, cells, suffix)
    places = sorted({place for cell in cells.values() for place in cell.places})
    pick = itemgetter(*places, places[0])  # one more, so that a single column comes as a tuple too

    def digest(values: Values) -> str:
        text = "\x1f".join(pick(values))
        return blake2b(text.encode(), digest_size=_DIGEST_SIZE).hexdigest() + suffix

    return digest


def _own_id(keys: list[str], cells: Mapping[str, Cell], suffix: str) -> Callable[[Values], str]:
    reads = [cells[key].read for key in keys]

    def join(values: Values) -> str:
        parts = [read(values) for read in reads]
        if not any(parts):
            raise RowRefused("missing_value", keys[0], "empty", "what tells documents apart")
        text = "/".join(parts)
        if len(text) + len(suffix) > _LONGEST_ID or _CONSTANT_ID.fullmatch(text) is None:
            text = blake2b(text.encode(), digest_size=_DIGEST_SIZE).hexdigest()
        return text + suffix

    return join
