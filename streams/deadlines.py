"""Which vehicles to look at again when a feed's watermark moves."""

from collections import defaultdict

from detectors.documents import EventType
from detectors.findings import Deadline


class DeadlineBook:
    """Vehicles by the deadlines that hang over them.

    A watermark may also move back, when a source shows up late; vehicles whose deadline lies between
    its old and its new place are looked at again either way.
    """

    def __init__(self) -> None:
        self._vehicles: dict[EventType, dict[int, set[str]]] = {}

    def add(self, deadline: Deadline, vin: str) -> None:
        """Note a vehicle under a deadline; noting it again changes nothing."""
        days = self._vehicles.setdefault(deadline.feed, defaultdict(set))
        days[deadline.last_day].add(vin)

    def between(self, feed: EventType, one: int | None, other: int | None) -> list[str]:
        """Take out the vehicles whose deadline a watermark has crossed, in a fixed order."""
        days = self._vehicles.get(feed)
        if not days or one == other:
            return []
        low = min(-1 if one is None else one, -1 if other is None else other)
        high = max(one or -1, other or -1)
        crossed = [day for day in days if low < day <= high]
        return sorted({vin for day in crossed for vin in days.pop(day)})

    def __len__(self) -> int:
        return sum(len(vins) for days in self._vehicles.values() for vins in days.values())
