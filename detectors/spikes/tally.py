"""Counts of one province, week by week, exactly: what is added can be taken away again.

Counts are sums of contributions, one a vehicle export. A duplicate contributes nothing, an
amendment takes the old contribution away and adds the new one, a void takes it away; the order in
which that happens cannot matter.
"""

from typing import Literal

import msgspec
import numpy as np

from detectors.spikes.delay import LAGS
from detectors.spikes.special import Array

Dimension = Literal["exporter", "brand", "destination", "exit_customs"]
DIMENSIONS: tuple[Dimension, ...] = ("exporter", "brand", "destination", "exit_customs")

UNKNOWN = "unknown"


class Export(msgspec.Struct, frozen=True, array_like=True):
    """What one exported vehicle contributes to the counts of its province.

    Attributes
    ----------
    province : str
        ISO 3166-2 code of the registering or exporter's province.
    day : int
        Civil day of the declaration (proleptic ordinal).
    recorded_day : int
        Civil day on which the source wrote the document.
    exporter, brand, destination, exit_customs : str
        Empty where the document does not say.
    zero_mileage : bool
        Whether the vehicle left hardly used.
    source : str
        Who published the declaration: every source has a delay of its own.
    """

    province: str
    day: int
    recorded_day: int
    exporter: str = ""
    brand: str = ""
    destination: str = ""
    exit_customs: str = ""
    zero_mileage: bool = False
    source: str = ""


def week_of(day: int) -> int:
    """Return the Monday of a civil day's ISO week."""
    return day - (day + 6) % 7


def moves(before: Export | None, after: Export | None) -> list[tuple[Export, int]]:
    """Return what a vehicle's changed contribution does to the counts: at most a -1 and a +1."""
    if before == after:
        return []
    taken = [] if before is None else [(before, -1)]
    return taken + ([] if after is None else [(after, +1)])


class WeekTally(msgspec.Struct, array_like=True):
    """Counts of one week: in all, hardly used, by source and lag of recording, by dimension."""

    total: int = 0
    zero_mileage: int = 0
    lags: dict[str, list[int]] = msgspec.field(default_factory=dict)
    by: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)

    def add(self, export: Export, sign: int) -> None:
        """Add (+1) or take away (-1) one export."""
        self.total += sign
        self.zero_mileage += sign * export.zero_mileage
        lag = (week_of(export.recorded_day) - week_of(export.day)) // 7
        lags = self.lags.setdefault(export.source, [0] * LAGS)
        lags[min(max(lag, 0), LAGS - 1)] += sign
        if not any(lags):
            del self.lags[export.source]
        for dimension in DIMENSIONS:
            counts = self.by.setdefault(dimension, {})
            value = getattr(export, dimension) or UNKNOWN
            counts[value] = counts.get(value, 0) + sign
            if not counts[value]:
                del counts[value]
            if not counts:
                del self.by[dimension]

    def is_empty(self) -> bool:
        """Whether everything that was added has been taken away."""
        return not (self.total or self.zero_mileage or self.lags or self.by)


class ProvinceState(msgspec.Struct, eq=False):
    """All weeks of one province.

    No week is ever forgotten, nor who exported what whereto in it: a document may come late, and
    what is said of a week must not depend on when it was judged.

    Attributes
    ----------
    weeks : dict
        Tally by Monday of the week; weeks without exports are left out.
    moves : dict
        How often the tally of a week was moved, by its Monday.
    """

    weeks: dict[int, WeekTally] = msgspec.field(default_factory=dict)
    moves: dict[int, int] = msgspec.field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        """Whether the counts are the same, however often they were moved to become so."""
        if not isinstance(other, ProvinceState):
            return NotImplemented
        return self.weeks == other.weeks

    __hash__ = None  # type: ignore[assignment] # it changes

    def add(self, export: Export, sign: int) -> None:
        """Add (+1) or take away (-1) one export."""
        week = week_of(export.day)
        tally = self.weeks.setdefault(week, WeekTally())
        tally.add(export, sign)
        self.moves[week] = self.moves.get(week, 0) + 1
        if tally.is_empty():
            del self.weeks[week]

    def totals(self, mondays: list[int]) -> Array:
        """Return the counts of the given weeks."""
        return np.array([self._week(monday).total for monday in mondays], dtype=float)

    def reports(self, mondays: list[int]) -> dict[str, Array]:
        """Return each source's counts of the given weeks by lag of recording, weeks x lags."""
        weeks = [self._week(monday).lags for monday in mondays]
        nothing = [0] * LAGS
        return {
            source: np.array([lags.get(source, nothing) for lags in weeks], dtype=float)
            for source in sorted({source for lags in weeks for source in lags})
        }

    def published(self, mondays: list[int]) -> dict[str, int]:
        """Return each source's count of the given weeks."""
        counts: dict[str, int] = {}
        for monday in mondays:
            for source, lags in self._week(monday).lags.items():
                counts[source] = counts.get(source, 0) + sum(lags)
        return dict(sorted(counts.items()))

    def zero_mileage(self, mondays: list[int]) -> int:
        """Return how many of the given weeks' exports were hardly used."""
        return sum(self._week(monday).zero_mileage for monday in mondays)

    def split(self, mondays: list[int], dimension: Dimension) -> dict[str, int]:
        """Return the given weeks' counts by the values of a dimension."""
        result: dict[str, int] = {}
        for monday in mondays:
            for value, count in self._week(monday).by.get(dimension, {}).items():
                result[value] = result.get(value, 0) + count
        return result

    def _week(self, monday: int) -> WeekTally:
        return self.weeks.get(monday) or WeekTally()


def merged(tallies: list[ProvinceState]) -> ProvinceState:
    """Return the sum of several provinces' counts: the nation."""
    result = ProvinceState()
    for tally in tallies:
        for monday, week in tally.weeks.items():
            _accumulate(result.weeks.setdefault(monday, WeekTally()), week)
    return result


def _accumulate(into: WeekTally, week: WeekTally) -> None:
    into.total += week.total
    into.zero_mileage += week.zero_mileage
    for source, lags in week.lags.items():
        known = into.lags.get(source, [0] * LAGS)
        into.lags[source] = [one + other for one, other in zip(known, lags, strict=True)]
    for dimension, counts in week.by.items():
        sums = into.by.setdefault(dimension, {})
        for value, count in counts.items():
            sums[value] = sums.get(value, 0) + count
