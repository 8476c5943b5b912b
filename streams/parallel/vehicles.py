"""The vehicles of all workers, as if they lay in one store."""

from collections.abc import Iterator

from streams.parallel.messages import ReadVehicle, ReadVehicles, Vehicles
from streams.parallel.pool import Pool
from streams.parallel.routing import owner_of


class RemoteVehicles:
    """Reads the records of vehicles from the workers, page by page.

    Parameters
    ----------
    pool
        The workers.
    count
        How many vehicles there are.
    """

    def __init__(self, pool: Pool, count: int) -> None:
        self._pool = pool
        self._count = count
        self._page: dict[str, bytes] = {}

    def get(self, vin: str) -> bytes | None:
        """Record of a vehicle, ``None`` if there is none; at once while `vins` comes by it."""
        record = self._page.get(vin)
        if record is not None:
            return record
        owner = owner_of(vin, len(self._pool))
        return next(iter(self._pool.ask(owner, ReadVehicle(vin), Vehicles).records), None)

    def vins(self) -> Iterator[str]:
        """All vehicles, worker by worker."""
        for worker in range(len(self._pool)):
            from_start = True
            while page := self._next_page(worker, from_start=from_start):
                from_start = False
                self._page = page
                yield from page
        self._page = {}

    def _next_page(self, worker: int, *, from_start: bool) -> dict[str, bytes]:
        page = self._pool.ask(worker, ReadVehicles(from_start), Vehicles)
        return dict(zip(page.vins, page.records, strict=True))

    def __len__(self) -> int:
        return self._count
