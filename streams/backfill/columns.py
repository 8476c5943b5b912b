"""Validated documents as columns: what screens and sums need, and each document as it was decoded."""

from collections.abc import Iterator, Sequence
from itertools import compress
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detectors.civil_time import CLOCK
from detectors.documents import (
    CustomsExport,
    Deregistration,
    Document,
    Registration,
    read_odometer,
)
from detectors.history import Content, content_of
from detectors.identities import Decode
from streams.backfill.arrays import (
    Mask,
    Spelled,
    Texts,
    Words,
    binaries,
    equal,
    flags,
    numbers,
    spell,
    word,
)
from streams.backfill.vin_columns import EPOCH, VinColumns

_WORD: Final = pa.dictionary(pa.int32(), pa.string())
SCHEMA: Final = pa.schema(
    [
        pa.field("vin", pa.string()),
        pa.field("source", _WORD),
        pa.field("event_id", pa.string()),
        pa.field("event_type", _WORD),
        pa.field("revision", pa.int32()),
        pa.field("void", pa.bool_()),
        pa.field("day", pa.date32()),
        pa.field("time", pa.int64()),
        pa.field("content", pa.int32()),
        pa.field("kilometres", pa.float64()),
        pa.field("initial_province", pa.string()),
        pa.field("price_fen", pa.int64()),
        pa.field("owner", pa.string()),
        pa.field("vin_fault", pa.uint8()),
        pa.field("year_gap", pa.int16()),
        pa.field("file", pa.int32()),
        pa.field("line", pa.int64()),
        pa.field("original", pa.binary()),
    ]
)
"""The columns of a ledger: ``time`` in microseconds of the civil day, ``original`` for `Originals`."""

_BUT_ORIGINAL: Final = pa.schema(list(SCHEMA)[:-1])
"""Filtered by itself: most bytes of a row are the original."""
_FEN: Final = 100
_encode = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Document).decode
_unpack_all = msgspec.msgpack.Decoder(list[Document]).decode
_ARRAY: Final = b"\xdd"
"""Begins an array in msgpack, of as many elements as the next four bytes say."""
_COMMON: Final = attrgetter("vin", "source", "event_id", "revision", "status", "day", "time")
_TEXT: Final = 0x80
"""Bytes below it begin a JSON object in UTF-8, those from it on an array in msgpack."""


class Originals:
    """Reads documents as a ledger keeps them: in msgpack, or the line that was published.

    Parameters
    ----------
    decode
        Reads a line.
    """

    def __init__(self, decode: Decode) -> None:
        self._decode = decode

    def read(self, original: bytes) -> Document:
        """The document."""
        return self._decode(original) if original[0] < _TEXT else _unpack(original)

    def read_all(self, originals: pa.ChunkedArray) -> list[Document]:
        """The documents of a column."""
        column = originals.combine_chunks()
        _, offsets, data = column.buffers()
        places = np.frombuffer(offsets, np.int32, len(column) + 1, 4 * column.offset)
        if (np.frombuffer(data, np.uint8)[places[:-1]] < _TEXT).any():
            return list(map(self.read, column.to_pylist()))
        # They lie one behind the other: an array but for its head, which is read at once.
        return _unpack_all(_ARRAY + len(column).to_bytes(4) + data[places[0] : places[-1]].to_pybytes())


class LedgerRows(NamedTuple):
    """Documents of one type, field by field, as the columns of a ledger need them."""

    event_type: str
    vin: Spelled
    source: Words
    event_id: Texts
    revision: NDArray[np.int32]
    void: Mask
    days: NDArray[np.int32]
    """Proleptic ordinals."""
    clocks: NDArray[np.int64]
    timed: Mask
    content: NDArray[np.int32]
    kilometres: NDArray[np.float64] | None
    """As :func:`detectors.documents.read_odometer`, not a number where there is none."""
    province: Words | None
    price: NDArray[np.float64] | None
    owner: Texts | None


def columns_of(
    documents: Sequence[Document], lines: Sequence[int], file: int
) -> Iterator[pa.RecordBatch]:
    """Put documents into columns, type by type: a column is read at once.

    Parameters
    ----------
    documents, lines
        The documents and their line numbers.
    file
        Number of the file that they come from.
    """
    piles: dict[type, tuple[list[Any], list[int]]] = {}
    for document, line in zip(documents, lines, strict=True):
        pile = piles.setdefault(type(document), ([], []))
        pile[0].append(document)
        pile[1].append(line)
    for alike, places in piles.values():
        yield batch_of(_rows(alike), list(map(_encode, alike)), file, np.array(places, np.int64))


def _rows(documents: Sequence[Document]) -> LedgerRows:
    """Read documents of one type."""
    kind = type(documents[0])
    vin, source, event_id, revision, status, day, time = zip(*map(_COMMON, documents), strict=True)
    read = None if kind is Deregistration else np.array(list(map(read_odometer, documents)), np.float64)
    return LedgerRows(
        event_type=documents[0].event_type,
        vin=spell(vin),
        source=Words.of(source),
        event_id=Texts.of(event_id),
        revision=np.array(revision, np.int32),
        void=~equal(status, "valid"),
        days=np.array(day, np.int32),
        clocks=np.array([(one or 0) & CLOCK for one in time], np.int64),
        timed=np.array([one is not None for one in time], np.bool_),
        content=np.array(list(map(content_of, documents)), np.int32),
        kilometres=read,
        province=Words.of(_every(documents, "province")) if kind is Registration else None,
        price=np.array(_every(documents, "price_cny"), np.float64) if kind is Registration else None,
        owner=None if kind is CustomsExport else Texts.of(_every(documents, "owner_id")),
    )


def _every(documents: Sequence[Document], field: str) -> list[Any]:
    return list(map(attrgetter(field), documents))


def batch_of(
    rows: LedgerRows,
    originals: Sequence[bytes],
    file: int,
    lines: NDArray[np.int64],
    wanted: Mask | None = None,
) -> pa.RecordBatch:
    """Put documents of one type into the columns of a ledger.

    Parameters
    ----------
    rows
        The documents.
    originals
        What `Originals` reads of them.
    file, lines
        Where they come from.
    wanted
        Which of them to put there, unless it is all.
    """
    initial = (rows.content & Content.INITIAL) > 0
    vins = VinColumns(rows.vin)
    columns: dict[str, pa.Array | None] = {
        "vin": Texts(rows.vin).array(),
        "source": rows.source.array(),
        "event_id": rows.event_id.array(),
        "event_type": word(rows.event_type, len(lines)),
        "revision": numbers(rows.revision, pa.int32()),
        "void": flags(rows.void),
        "day": numbers(rows.days - np.int32(EPOCH), pa.date32()),
        "time": numbers(rows.clocks, pa.int64(), rows.timed),
        "content": numbers(rows.content, pa.int32()),
        "kilometres": _where_given(rows.kilometres),
        "initial_province": None
        if rows.province is None
        else rows.province.array(initial).cast(pa.string()),
        "price_fen": _fen(rows.price, initial),
        "owner": None if rows.owner is None else rows.owner.array(),
        "vin_fault": numbers(vins.faults(), pa.uint8()),
        "year_gap": _year_gaps(vins, rows.days, initial & vins.well_formed),
        "file": numbers(np.full(len(lines), file, np.int32), pa.int32()),
        "line": numbers(lines, pa.int64()),
    }
    arrays = [
        pa.nulls(len(lines), field.type) if (column := columns[field.name]) is None else column
        for field in _BUT_ORIGINAL
    ]
    batch = pa.RecordBatch.from_arrays(arrays, schema=_BUT_ORIGINAL)
    if wanted is not None and not wanted.all():
        batch, originals = batch.filter(flags(wanted)), list(compress(originals, wanted.tolist()))
    return pa.RecordBatch.from_arrays([*batch.columns, binaries(originals)], schema=SCHEMA)


def _where_given(values: NDArray[np.float64] | None) -> pa.Array | None:
    return None if values is None else numbers(values, pa.float64(), ~np.isnan(values))


def _fen(prices: NDArray[np.float64] | None, initial: Mask) -> pa.Array | None:
    if prices is None:
        return None
    there = initial & ~np.isnan(prices)
    fen = np.rint(np.where(there, prices, 0) * _FEN)
    return numbers(fen.astype(np.int64), pa.int64(), there)


def _year_gaps(vins: VinColumns, days: NDArray[np.int32], judged: Mask) -> pa.Array | None:
    return numbers(vins.year_gaps(days), pa.int16(), judged) if judged.any() else None
