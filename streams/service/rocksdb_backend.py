"""Confirmed records on the worker's disk, for states larger than its memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from rocksdict import BlockBasedOptions, Options, Rdict, WriteBatch

from streams.service.partition_store import Changes

POSITION_KEY = b"\x00position"
COUNT_KEY = b"\x00count"
NUMBER_BYTES = 8
FIRST_VIN = b"\x01"
"""Keys that begin with a zero byte are the backend's own."""
PAGE = 1000
WRITE_BUFFER_BYTES = 16 * 1024 * 1024
FILTER_BITS = 10
"""Bits of a Bloom filter per vehicle: of a hundred look-ups of new vehicles one reads a block."""
FILTER_SHARE = 0.1
"""Most of the write buffer that goes to the filter of what is in it."""


class RocksDBBackend:
    """Records in RocksDB; records and position are written in one atomic batch.

    RocksDB's own log makes a kill harmless. What a power failure can take is read again from
    the changelog, because the position is lost together with the records.

    Parameters
    ----------
    directory
        Directory of this partition, made when it is missing.
    """

    def __init__(self, directory: Path) -> None:
        directory.parent.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._options = _options()
        self._db = Rdict(str(directory), self._options)

    def _number(self, key: bytes) -> int:
        data = self._db.get(key)
        return int.from_bytes(data, "big") if data is not None else 0

    @property
    def position(self) -> int:
        """Changelog offset up to which everything is contained."""
        return self._number(POSITION_KEY)

    def get(self, vin: str) -> bytes | None:
        """Record of a vehicle, None if there is none."""
        record: bytes | None = self._db.get(vin.encode())
        return record

    def write(self, changes: Changes, position: int) -> None:
        """Take over confirmed changes and the position after them, in one step."""
        batch, count = WriteBatch(raw_mode=True), len(self)
        # The stub wants a list of all that a key may be, and does not say that a list comes back.
        keys: list[Any] = [vin.encode() for vin in changes]
        known: Any = self._db.get(keys)
        for key, record, before in zip(keys, changes.values(), known, strict=True):
            if record is None:
                count -= before is not None
                batch.delete(key)
            else:
                count += before is None
                batch.put(key, record)
        batch.put(POSITION_KEY, position.to_bytes(NUMBER_BYTES, "big"))
        batch.put(COUNT_KEY, count.to_bytes(NUMBER_BYTES, "big"))
        self._db.write(batch)

    def vins(self) -> Iterator[str]:
        """All vehicles by VIN; read a page at a time, so that no iterator outlives the database."""
        start = FIRST_VIN
        while True:
            keys: Iterator[bytes] = iter(self._db.keys(from_key=start))  # type: ignore[arg-type] # bytes: raw mode
            page = list(islice(keys, PAGE))
            del keys
            yield from (key.decode() for key in page)
            if len(page) < PAGE:
                return
            start = page[-1] + b"\x00"

    def __len__(self) -> int:
        return self._number(COUNT_KEY)

    def clear(self) -> None:
        """Forget everything."""
        self.close()
        Rdict.destroy(str(self._directory), self._options)
        self._db = Rdict(str(self._directory), self._options)

    def close(self) -> None:
        """Flush and release the directory's lock."""
        self._db.close()


def _options() -> Options:
    """Settings of the database, with filters that answer for vehicles that are not in it."""
    table = BlockBasedOptions()
    table.set_bloom_filter(FILTER_BITS, block_based=False)
    options = Options(raw_mode=True)
    options.create_if_missing(create_if_missing=True)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_block_based_table_factory(table)
    options.set_memtable_prefix_bloom_ratio(FILTER_SHARE)
    options.set_memtable_whole_key_filtering(whole_key_filter=True)
    return options
