"""Records on disk for the length of one run, for more of them than fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from detectors.errors import ZeromileError
from streams.state.rocksdb import batch_of, keys_from, open_database, unlogged

_AT_ONCE: Final = 5_000
"""Records that are written together; the newest are in memory until then."""


class DiskStoreError(ZeromileError):
    """Records cannot be kept or read, for want of space for example."""


class DiskStore:
    """Records in RocksDB. They are of no use after the run: nothing is logged, a crash loses them.

    Parameters
    ----------
    directory
        A directory that is not there yet.

    Raises
    ------
    DiskStoreError
        From every method, if the disk refuses.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._changed: dict[str, bytes | None] = {}
        self._database = self._ask(open_database, directory)
        self._database.set_write_options(unlogged())

    def get(self, vin: str) -> bytes | None:
        """Record of a vehicle, ``None`` if there is none."""
        if vin in self._changed:
            return self._changed[vin]
        record: bytes | None = self._ask(self._database.get, vin.encode())
        return record

    def put(self, vin: str, record: bytes) -> None:
        """Keep a record in place of the last one."""
        self._change(vin, record)

    def delete(self, vin: str) -> None:
        """Forget a vehicle; nothing happens if it is not known."""
        self._change(vin, None)

    def vins(self) -> Iterator[str]:
        """All vehicles, in the order of their VINs."""
        self._write()
        return (key.decode() for key in keys_from(self._database, b""))

    def __len__(self) -> int:
        """How many there are; they are counted one by one."""
        return sum(1 for _ in self.vins())

    def close(self) -> None:
        """Let go of the files; what is not written yet is lost."""
        # RocksDB still tries to write, though nobody will read it, and the disk may be full.
        with suppress(Exception):
            self._database.close()

    def _change(self, vin: str, record: bytes | None) -> None:
        self._changed[vin] = record
        if len(self._changed) >= _AT_ONCE:
            self._write()

    def _write(self) -> None:
        changes = ((vin.encode(), record) for vin, record in self._changed.items())
        self._ask(self._database.write, batch_of(changes))
        self._changed.clear()

    def _ask(self, question: Callable[..., Any], *about: object) -> Any:
        try:
            return question(*about)
        except Exception as error:  # noqa: BLE001 - RocksDB's errors have no class of their own here
            raise DiskStoreError(f"records cannot be kept in {self._directory}: {error}") from None
