"""Where vehicle records lie: a small interface, and the one that keeps them in memory."""

from collections.abc import Iterator
from typing import Protocol


class Vehicles(Protocol):
    """Records by VIN, to read."""

    def get(self, vin: str) -> bytes | None:
        """Record of a vehicle, ``None`` if there is none."""

    def vins(self) -> Iterator[str]:
        """All vehicles, in no particular order."""

    def __len__(self) -> int:
        """How many vehicles there are."""


class StateStore(Vehicles, Protocol):
    """Records by VIN, as bytes."""

    def put(self, vin: str, record: bytes) -> None:
        """Keep a record in place of the last one."""

    def delete(self, vin: str) -> None:
        """Forget a vehicle; nothing happens if it is not known."""


class MemoryStore:
    """Records in a dictionary."""

    def __init__(self) -> None:
        self._records: dict[str, bytes] = {}

    def get(self, vin: str) -> bytes | None:
        """Record of a vehicle, ``None`` if there is none."""
        return self._records.get(vin)

    def put(self, vin: str, record: bytes) -> None:
        """Keep a record in place of the last one."""
        self._records[vin] = record

    def delete(self, vin: str) -> None:
        """Forget a vehicle; nothing happens if it is not known."""
        self._records.pop(vin, None)

    def vins(self) -> Iterator[str]:
        """All vehicles, in no particular order."""
        return iter(list(self._records))

    def __len__(self) -> int:
        return len(self._records)
