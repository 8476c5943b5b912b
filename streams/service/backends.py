"""Which store a worker keeps its vehicles in."""

from __future__ import annotations

from streams.service.partition_store import Backend, MemoryBackend
from streams.service.rocksdb_backend import RocksDBBackend
from streams.service.settings import Settings


def open_backend(settings: Settings, partition: int) -> Backend:
    """Open the store that the settings ask for."""
    if settings.state_store == "rocksdb":
        directory = settings.state_directory / settings.group / f"partition-{partition}"
        return RocksDBBackend(directory)
    return MemoryBackend()
