"""Which vehicles to look at again when a feed's watermark moves."""

from collections import defaultdict
from collections.abc import Iterable

from detectors.documents import EventType
from detectors.findings import Deadline


class DeadlineBook:
    """Vehicles by the deadlines that hang over them.

    A watermark may also move back, when a source shows up late; vehicles whose deadline lies between
    its old and its new place are looked at again either way.
    """

    def __init__(self) -> None:
        self._by_vehicle: dict[str, frozenset[Deadline]] = {}
        self._by_day: dict[EventType, dict[int, set[str]]] = {}

    def replace(self, vin: str, deadlines: Iterable[Deadline]) -> None:
        """Note the deadlines of a vehicle in place of those it had."""
        now = frozenset(deadlines)
        before = self._by_vehicle.get(vin, frozenset())
        if now == before:
            return
        for gone in before - now:
            self._by_day[gone.feed][gone.last_day].discard(vin)
        for new in now - before:
            self._by_day.setdefault(new.feed, defaultdict(set))[new.last_day].add(vin)
        if now:
            self._by_vehicle[vin] = now
        else:
            del self._by_vehicle[vin]

    def between(self, feed: EventType, one: int | None, other: int | None) -> list[str]:
        """Vehicles whose deadline a watermark has crossed, in a fixed order."""
        days = self._by_day.get(feed)
        if not days or one == other:
            return []
        low, high = sorted((-1 if one is None else one, -1 if other is None else other))
        for day in [day for day, vins in days.items() if not vins]:
            del days[day]
        return sorted({vin for day, vins in days.items() if low < day <= high for vin in vins})

    def __contains__(self, vin: str) -> bool:
        return vin in self._by_vehicle

    def __len__(self) -> int:
        return len(self._by_vehicle)
