"""Validated documents as columns: what screens and sums need, and each document as it was decoded."""

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detectors import vin as vins
from detectors.civil_time import CLOCK
from detectors.documents import (
    CustomsExport,
    Deregistration,
    Document,
    Registration,
    read_odometer,
)
from detectors.history import Content, content_of
from detectors.summaries import MALFORMED, NO_YEAR, WRONG_CHECK_DIGIT

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
"""The columns of a ledger. ``time`` is in microseconds of the civil day, ``original`` is msgpack."""

EPOCH: Final = 719_163
"""Ordinal of 1970-01-01."""
_FEN: Final = 100
_encoder = msgspec.msgpack.Encoder()
_EVERY: Final = ("vin", "source", "event_id", "revision", "status", "day", "time")
_registration = attrgetter(*_EVERY, "kind", "owner_id", "province", "price_cny")
_deregistration = attrgetter(*_EVERY, "owner_id")
_customs_export = attrgetter(*_EVERY)

Columns = dict[str, Any]


def columns_of(
    documents: Sequence[Document], file: int, lines: Sequence[int]
) -> Iterator[pa.RecordBatch]:
    """Put documents into columns, type by type: a column is read at once.

    Parameters
    ----------
    documents
        The documents.
    file
        Number of the file that they come from.
    lines
        Their line numbers.
    """
    piles: dict[type, tuple[list[Any], list[int]]] = {}
    for document, line in zip(documents, lines, strict=True):
        pile = piles.get(type(document))
        if pile is None:
            pile = piles[type(document)] = ([], [])
        pile[0].append(document)
        pile[1].append(line)
    for kind, (alike, numbers) in piles.items():
        yield _batch(_READERS[kind](alike), alike, file, numbers)


def _registrations(documents: Sequence[Document]) -> Columns:
    *every, kind, owner, province, price = zip(*map(_registration, documents), strict=True)
    content = np.array(list(map(content_of, documents)), dtype=np.int32)
    initial = (content & Content.INITIAL) > 0
    return _common(every, initial) | {
        "event_type": "registration",
        "content": content,
        "kilometres": [read_odometer(document) for document in documents],
        "initial_province": [
            one if which == "initial" else None for one, which in zip(province, kind, strict=True)
        ],
        "price_fen": [
            None if one is None or which != "initial" else round(one * _FEN)
            for one, which in zip(price, kind, strict=True)
        ],
        "owner": owner,
    }


def _deregistrations(documents: Sequence[Document]) -> Columns:
    *every, owner = zip(*map(_deregistration, documents), strict=True)
    number = len(documents)
    return _common(every, np.zeros(number, np.bool_)) | {
        "event_type": "deregistration",
        "content": np.array(list(map(content_of, documents)), np.int32),
        "owner": owner,
    }


def _customs_exports(documents: Sequence[Document]) -> Columns:
    every = list(zip(*map(_customs_export, documents), strict=True))
    return _common(every, np.zeros(len(documents), np.bool_)) | {
        "event_type": "customs_export",
        "content": np.array(list(map(content_of, documents)), np.int32),
        "kilometres": [read_odometer(document) for document in documents],
    }


_READERS: Final[dict[type, Callable[[Sequence[Document]], Columns]]] = {
    Registration: _registrations,
    Deregistration: _deregistrations,
    CustomsExport: _customs_exports,
}


def _common(every: Sequence[Any], initial: NDArray[np.bool_]) -> Columns:
    """Columns that all types have, of `_EVERY`; `initial` says which are initial registrations."""
    vin, source, event_id, revision, status, day, time = every
    days = np.array(day, dtype=np.int32)
    characters, well_formed = _characters(vin)
    judged = initial & well_formed
    return {
        "vin": vin,
        "source": _words(source),
        "event_id": event_id,
        "revision": np.array(revision, np.int32),
        "void": np.array([one != "valid" for one in status], np.bool_),
        "day": pa.array(days - EPOCH).cast(pa.date32()),
        "time": [None if each is None else each & CLOCK for each in time],
        "vin_fault": _faults(characters, well_formed),
        "year_gap": pa.array(_year_gaps(characters, days), mask=~judged) if judged.any() else None,
    }


def _batch(
    columns: Columns, documents: Sequence[Document], file: int, lines: list[int]
) -> pa.RecordBatch:
    number = len(documents)
    columns |= {
        "file": np.full(number, file, np.int32),
        "line": np.array(lines, np.int64),
        "original": _originals(documents),
        "event_type": _words([columns["event_type"]] * number),
    }
    arrays = []
    for field in SCHEMA:
        column = columns.get(field.name)
        if column is None:
            column = pa.nulls(number, field.type)
        elif not isinstance(column, pa.Array):
            column = pa.array(column, field.type)
        arrays.append(column)
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def _originals(documents: Sequence[Document]) -> pa.Array:
    """The documents as msgpack, written into one buffer."""
    buffer = bytearray()
    ends = [0]
    write, note = _encoder.encode_into, ends.append
    for document in documents:
        write(document, buffer, -1)
        note(len(buffer))
    places = pa.py_buffer(np.array(ends, np.int32))
    return pa.Array.from_buffers(
        pa.binary(), len(documents), [None, places, pa.py_buffer(bytes(buffer))]
    )


def _words(words: Sequence[str]) -> pa.Array:
    """A column of few different words."""
    known = {word: place for place, word in enumerate(dict.fromkeys(words))}
    codes = np.fromiter(map(known.__getitem__, words), np.int32, len(words))
    return pa.DictionaryArray.from_arrays(codes, pa.array(list(known), pa.string()))


def _characters(numbers: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The first 17 characters of VINs, and whether they are all, and of the right alphabet."""
    right_length = np.fromiter(map(len, numbers), np.int64, len(numbers)) == vins.LENGTH
    text = np.array(numbers, dtype=f"S{vins.LENGTH}")
    characters = text.view(np.uint8).reshape(len(numbers), vins.LENGTH)
    return characters, right_length & _IN_ALPHABET[characters].all(axis=1)


_IN_ALPHABET: Final = np.zeros(256, dtype=np.bool_)
_IN_ALPHABET[list(vins.ALPHABET.encode())] = True
_VALUES: Final = np.frombuffer(bytes(range(256)).translate(vins.VALUES), np.uint8).astype(np.int64)
_WEIGHTS: Final = np.array(vins.WEIGHTS, dtype=np.int64)
_DIGITS: Final = np.frombuffer(vins.CHECK_DIGITS.encode(), np.uint8)
_YEARS: Final = np.full(256, -1, dtype=np.int64)
_YEARS[list("".join(vins.YEARS).encode())] = list(vins.YEARS.values())


def _faults(characters: NDArray[np.uint8], well_formed: NDArray[np.bool_]) -> NDArray[np.uint8]:
    expected = _DIGITS[(_VALUES[characters] @ _WEIGHTS) % len(_DIGITS)]
    wrong = np.where(characters[:, vins.CHECK_POSITION] != expected, WRONG_CHECK_DIGIT, 0)
    return np.where(well_formed, wrong, MALFORMED).astype(np.uint8)


def _year_gaps(characters: NDArray[np.uint8], days: NDArray[np.int32]) -> NDArray[np.int16]:
    registered = (days - EPOCH).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    years = _YEARS[characters[:, vins.YEAR_POSITION]]
    latest = years + vins.CYCLE * ((registered - years) // vins.CYCLE)
    gaps = np.minimum(registered - latest, latest + vins.CYCLE - registered)
    return np.where(years < 0, NO_YEAR, gaps).astype(np.int16)
