"""Who is behind the excess: exporters, brands, destinations, exit customs."""

from dataclasses import dataclass
from math import fsum

from detectors.spikes.tally import DIMENSIONS, Dimension, ProvinceState

BASELINE_WEEKS = 12
FEW = 3
FEW_SHARE = 0.6
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Contributor:
    """One value of a dimension and its part of the excess.

    Attributes
    ----------
    value : str
    observed : int
    expected : float
        Its usual share of the expected count.
    share : float
        Of the excess of all values that are above their expectation.
    """

    value: str
    observed: int
    expected: float
    share: float


@dataclass(frozen=True, slots=True)
class ExcessAttribution:
    """Excess of some weeks by every dimension.

    Attributes
    ----------
    contributors : dict
        Up to five values a dimension, the largest share first.
    breadth : str
        ``few exporters`` when three exporters or fewer make up 60 % of the excess, else ``broad``;
        ``unknown`` where no exporter exported more than is usual for it.
    zero_mileage_share : float
        Share of the weeks' exports that left hardly used.
    """

    contributors: dict[Dimension, tuple[Contributor, ...]]
    breadth: str
    zero_mileage_share: float


def attribute(tally: ProvinceState, weeks: list[int], expected: float) -> ExcessAttribution:
    """Split the excess of the given weeks (Mondays) over `expected` among those behind it.

    Every value is expected to keep the share it had in the twelve weeks before; values are
    ordered by their excess, then by name, so that the result does not depend on the order of
    arrival.
    """
    before = [weeks[0] - 7 * back for back in range(BASELINE_WEEKS, 0, -1)]
    contributors = {
        dimension: _contributors(
            tally.split(weeks, dimension), tally.split(before, dimension), expected
        )
        for dimension in DIMENSIONS
    }
    total = float(tally.totals(weeks).sum())
    return ExcessAttribution(
        {dimension: found[:_SHOWN] for dimension, found in contributors.items()},
        _breadth(contributors["exporter"]),
        tally.zero_mileage(weeks) / total if total else 0.0,
    )


class Attributions:
    """Attributes episodes, an old one again only when counts that it rests on have moved.

    In three years a country has dozens of episodes behind it. To attribute all of them again took two
    thirds of a day's judgement, and more the more exporters there were.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[ProvinceState, object, ExcessAttribution]] = {}
        """By region and first week: whose counts, what was attributed, and to whom."""

    def of(
        self, region: str, tally: ProvinceState, weeks: list[int], expected: float
    ) -> ExcessAttribution:
        """Attribute an episode of a region as `attribute` does."""
        concerned = range(weeks[0] - 7 * BASELINE_WEEKS, weeks[-1] + 1, 7)
        rests_on = (expected, [tally.moves.get(week, 0) for week in concerned])
        known = self._known.get((region, weeks[0]))
        if known is None or known[0] is not tally or known[1] != rests_on:
            known = (tally, rests_on, attribute(tally, weeks, expected))
            self._known[region, weeks[0]] = known
        return known[2]


def _contributors(
    observed: dict[str, int], usual: dict[str, int], expected: float
) -> tuple[Contributor, ...]:
    base = sum(usual.values())
    excess = {
        value: count - (expected * usual.get(value, 0) / base if base else 0.0)
        for value, count in observed.items()
    }
    positive = fsum(value for value in excess.values() if value > 0)  # the same in any order
    found = [
        Contributor(value, observed[value], observed[value] - over, over / positive)
        for value, over in excess.items()
        if over > 0
    ]
    return tuple(sorted(found, key=lambda one: (-one.share, one.value)))


def _breadth(exporters: tuple[Contributor, ...]) -> str:
    if not exporters:
        return "unknown"
    largest = sum(exporter.share for exporter in exporters[:FEW])
    return "few exporters" if largest >= FEW_SHARE else "broad"
