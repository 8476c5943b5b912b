"""RocksDB with settings for records of vehicles; keys and values are bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from rocksdict import BlockBasedOptions, Options, Rdict, WriteBatch, WriteOptions

PAGE = 1000
WRITE_BUFFER_BYTES = 16 * 1024 * 1024
FILTER_BITS = 10
"""Bits of a Bloom filter per vehicle: of a hundred look-ups of new vehicles one reads a block."""
FILTER_SHARE = 0.1
"""Most of the write buffer that goes to the filter of what is in it."""


def open_database(directory: Path) -> Rdict:
    """Open a database, made with the directories above it where it is missing."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    return Rdict(str(directory), _options())


def destroy_database(directory: Path) -> None:
    """Remove a database that is closed."""
    Rdict.destroy(str(directory), _options())


def unlogged() -> WriteOptions:
    """How to write what RocksDB need not log: a crash may lose the latest of it, and nothing before."""
    options = WriteOptions()
    options.disable_wal = True  # type: ignore[method-assign, assignment] # a property; the stub errs
    return options


def batch_of(changes: Iterable[tuple[bytes, bytes | None]]) -> WriteBatch:
    """Put all changes into one batch; ``None`` removes a key."""
    batch = WriteBatch(raw_mode=True)
    key: Any  # the stub does not know raw mode
    for key, value in changes:
        if value is None:
            batch.delete(key)
        else:
            batch.put(key, value)
    return batch


def keys_from(database: Rdict, first: bytes) -> Iterator[bytes]:
    """Keys in their order."""
    return chain.from_iterable(pages_from(database, first))


def pages_from(database: Rdict, first: bytes) -> Iterator[list[bytes]]:
    """Keys in their order, a page at a time; no iterator of RocksDB's outlives the database.

    Raises
    ------
    Exception
        Of RocksDB's own, where a block is damaged: an iterator ends there without a word otherwise.
    """
    while True:
        found = database.iter()
        found.seek(first)
        page: list[bytes] = []
        while len(page) < PAGE and found.valid():
            page.append(found.key())
            found.next()
        found.status()
        del found
        yield page
        if len(page) < PAGE:
            return
        first = page[-1] + b"\x00"


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
