"""Arrow arrays straight from buffers: as fast as it gets, and pyarrow asks pandas nothing."""

from collections.abc import Container, Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_LINE_END: Final = ord("\n")


class Spelled(NamedTuple):
    """Texts in UTF-8, one after the other."""

    data: NDArray[np.uint8]
    ends: NDArray[np.int32]
    """One more than there are texts: where each begins, and the last ends."""

    @property
    def lengths(self) -> NDArray[np.int32]:
        """Of each text, in bytes."""
        return np.diff(self.ends)

    def where(self, length: int) -> tuple[Mask, NDArray[np.uint8]]:
        """Which texts have so many bytes, and those bytes, a row each."""
        there = self.lengths == length
        data = self.data if there.all() else self.data[np.repeat(there, self.lengths)]
        return there, data.reshape(-1, length)


def spell(values: Sequence[str | None]) -> Spelled:
    """Write texts one after the other, missing ones as empty."""
    present = [value or "" for value in values] if None in values else values
    lines = "\n".join(present)  # type: ignore[arg-type] # no None is left
    if lines.count("\n") < len(values):  # as a rule: a length for each text takes thrice as long
        return spelled_lines(lines.encode())
    encoded = [value.encode() for value in present]  # type: ignore[union-attr] # as above
    ends = np.zeros(len(values) + 1, np.int32)
    np.cumsum([len(value) for value in encoded], out=ends[1:])
    return Spelled(np.frombuffer(b"".join(encoded), np.uint8), ends)


def spelled_lines(lines: bytes) -> Spelled:
    """Texts that are lines, of which the last has no end."""
    characters = np.frombuffer(lines, np.uint8)
    is_end = characters == _LINE_END
    found = np.flatnonzero(is_end)
    ends = np.zeros(len(found) + 2, np.int32)
    ends[1:-1] = found - np.arange(len(found))
    ends[-1] = len(characters) - len(found)
    return Spelled(characters[~is_end], ends)


class Texts(NamedTuple):
    """A column of texts."""

    spelled: Spelled
    there: Mask | None = None
    """Where there is one, unless there is everywhere."""

    @classmethod
    def of(cls, values: Sequence[str | None]) -> "Texts":
        """Spell a column."""
        there = np.array([value is not None for value in values]) if None in values else None
        return cls(spell(values), there)

    def array(self) -> pa.Array:
        """The column."""
        bits = None if self.there is None else _bits(self.there)
        buffers = [bits, pa.py_buffer(self.spelled.ends), pa.py_buffer(self.spelled.data)]
        return pa.Array.from_buffers(pa.string(), len(self.spelled.ends) - 1, buffers)


def texts(values: Sequence[str | None]) -> pa.Array:
    """A column of texts."""
    return Texts.of(values).array()


def binaries(values: Sequence[bytes]) -> pa.Array:
    """A column of bytes."""
    ends = np.zeros(len(values) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, values), np.int32, len(values)), out=ends[1:])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(values))]
    return pa.Array.from_buffers(pa.binary(), len(values), buffers)


def word(value: str, count: int) -> pa.Array:
    """A column of one word, so many times."""
    codes = numbers(np.zeros(count, np.int32), pa.int32())
    return pa.DictionaryArray.from_arrays(codes, texts([value]))


class Words(NamedTuple):
    """A column of few different words."""

    known: list[str | None]
    codes: NDArray[np.int32]
    """Which of them each is."""

    @classmethod
    def of(cls, values: Sequence[str | None]) -> "Words":
        """Number the words of a column."""
        known = {one: place for place, one in enumerate(dict.fromkeys(values))}
        if len(known) == 1:
            return cls(list(known), np.zeros(len(values), np.int32))
        return cls(list(known), np.fromiter(map(known.__getitem__, values), np.int32, len(values)))

    def array(self, there: Mask | None = None) -> pa.Array:
        """The column, null where it is not there."""
        codes = numbers(self.codes, pa.int32(), there)
        return pa.DictionaryArray.from_arrays(codes, texts(self.known))

    def have(self, words: Container[str | None]) -> Mask:
        """Which documents have one of some words."""
        return np.array([word in words for word in self.known])[self.codes]


def numbers(values: NDArray[np.generic], kind: pa.DataType, there: Mask | None = None) -> pa.Array:
    """A column of numbers of a width that Arrow has too, null where they are not there."""
    bits = None if there is None or there.all() else _bits(there)
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(np.ascontiguousarray(values))])


def equal(values: Sequence[str | None], value: str) -> Mask:
    """Which values are the one."""
    number = values.count(value)
    if number in {0, len(values)}:
        return np.full(len(values), number > 0)
    return np.array([one == value for one in values])


def flags(values: Mask) -> pa.Array:
    """A column of yes and no."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, _bits(values)])


def _bits(there: Mask) -> pa.Buffer:
    return pa.py_buffer(np.packbits(there, bitorder="little"))
