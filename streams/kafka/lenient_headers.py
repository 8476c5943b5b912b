r"""Records whose header names are no UTF-8, read all the same.

Kafka lets any bytes be the name of a header. Both clients decode them strictly and raise, so that one
such record ends every worker, and again after every restart. Here bytes that are no UTF-8 become
`\xff` and so on; all else of the record is as it was. What can be read strictly never gets here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final, SupportsIndex, overload

import kafka.record.memory_records as kafka_python
from aiokafka.consumer import fetcher as aiokafka_fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords
from kafka.record.default_records import DefaultRecordBatch

PRIVATE_HOOKS: Final = {
    "aiokafka.record.default_records._DefaultRecordBatchPy": ("_maybe_uncompress(self)",)
}
"""What is overridden of aiokafka, guarded by `tests/service/test_faust_hooks.py`; all of it, and what
is overridden of kafka-python, by `tests/service/test_header_names.py`."""

_LENGTH_AT: Final = struct.calcsize(">q")
_LOG_OVERHEAD: Final = struct.calcsize(">qi")


class _LenientBytes(bytearray):
    """Bytes that can always be decoded."""

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> _LenientBytes: ...
    def __getitem__(self, index: SupportsIndex | slice) -> int | _LenientBytes:
        found = super().__getitem__(index)
        return found if isinstance(found, int) else _LenientBytes(found)

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:  # noqa: ARG002 - always this
        """Text, with escapes for what is none."""
        return super().decode(encoding, "backslashreplace")


class _LenientBatch(_DefaultRecordBatchPy):  # type: ignore[misc] # final for type checkers only
    """aiokafka's batch in Python, over bytes that can always be decoded."""

    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _LenientBytes(self._buffer)


class _Batch:
    """A batch of aiokafka's; read anew, leniently, where a header's name cannot be read."""

    def __init__(self, batch: Any, records: LenientRecords, number: int) -> None:
        self._batch = batch
        self._records = records
        self._number = number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._batch
        except UnicodeDecodeError:
            # From the start: aiokafka passes over what lies before the offset that it has come to.
            yield from _LenientBatch(self._records.raw_batch(self._number))


class LenientRecords:
    """In place of aiokafka's `MemoryRecords`: the batches of one fetch.

    Parameters
    ----------
    data
        As the broker sent it.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._records = MemoryRecords(data)
        self._taken = 0

    def has_next(self) -> bool:
        """Whether there is another whole batch."""
        found: bool = self._records.has_next()
        return found

    def size_in_bytes(self) -> int:
        """Bytes of all that was sent, a last part of a batch included."""
        return len(self._data)

    def next_batch(self) -> Any:
        """Take the next batch."""
        batch = self._records.next_batch()
        self._taken += 1
        return None if batch is None else _Batch(batch, self, self._taken - 1)

    def raw_batch(self, number: int) -> bytes:
        """Bytes of one of the batches."""
        start = 0
        for _ in range(number):
            start = self._end_of_batch(start)
        return self._data[start : self._end_of_batch(start)]

    def _end_of_batch(self, start: int) -> int:
        (length,) = struct.unpack_from(">i", self._data, start + _LENGTH_AT)
        return start + _LOG_OVERHEAD + int(length)


class _LenientKafkaPythonBatch(DefaultRecordBatch):  # type: ignore[misc] # kafka-python is not typed
    """kafka-python's batch; goes on over bytes that can always be decoded."""

    _buffer: bytearray

    def _read_msg(self, **options: Any) -> Any:
        try:
            return super()._read_msg(**options)
        except UnicodeDecodeError:
            self._buffer = _LenientBytes(self._buffer)
            return super()._read_msg(**options)


def read_any_header_name() -> None:
    """Let both clients read them, in this process; safe to repeat."""
    aiokafka_fetcher.MemoryRecords = LenientRecords
    kafka_python.DefaultRecordBatch = _LenientKafkaPythonBatch
