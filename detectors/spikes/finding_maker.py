"""From episodes to findings: who is behind an old one is not worked out again every day."""

from typing import NamedTuple

from detectors.spikes.attribution import BASELINE_WEEKS, attribute
from detectors.spikes.causes import known_causes
from detectors.spikes.episodes import Episode
from detectors.spikes.findings import SpikeFinding
from detectors.spikes.tally import ProvinceTally


class _Made(NamedTuple):
    tally: ProvinceTally
    made_from: tuple[object, ...]
    finding: SpikeFinding


class FindingMaker:
    """Makes findings and gives the same again where nothing of what they say has changed.

    In three years a country has dozens of episodes behind it. To attribute all of them again took two
    thirds of a day's judgement, and more the more exporters there were.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[object, ...], _Made] = {}
        self._now: dict[tuple[object, ...], _Made] = {}

    def start(self) -> None:
        """Begin a report; what the last one did not need is forgotten."""
        self._last, self._now = self._now, {}

    def make(
        self,
        region: str,
        tally: ProvinceTally,
        mondays: list[int],
        episode: Episode,
        *,
        expected: float,
        upper: float,
        p: float,
    ) -> SpikeFinding:
        """Make the finding of an episode.

        Parameters
        ----------
        region
            Province, or the nation.
        tally
            Its counts.
        mondays
            Monday of every week that was judged.
        episode
            Which of them it is about.
        expected, upper
            Exports expected and the upper bound, of its weeks together.
        p
            Its smallest tail probability.
        """
        weeks = mondays[episode.first : episode.last + 1]
        concerned = range(weeks[0] - 7 * BASELINE_WEEKS, weeks[-1] + 1, 7)
        made_from = (expected, upper, p, [tally.moves.get(week, 0) for week in concerned])
        key = (region, episode.kind, weeks[0], weeks[-1])
        known = self._last.get(key)
        if known is None or known.tally is not tally or known.made_from != made_from:
            finding = _finding(region, tally, weeks, episode, expected=expected, upper=upper, p=p)
            known = _Made(tally, made_from, finding)
        self._now[key] = known
        return known.finding


def _finding(
    region: str,
    tally: ProvinceTally,
    weeks: list[int],
    episode: Episode,
    *,
    expected: float,
    upper: float,
    p: float,
) -> SpikeFinding:
    first, last = weeks[0], weeks[-1] + 6
    return SpikeFinding(
        kind=episode.kind,
        province=region,
        first_day=first,
        last_day=last,
        observed=float(tally.totals(weeks).sum()),
        expected=expected,
        upper=upper,
        p=p,
        attribution=attribute(tally, weeks, expected),
        causes=known_causes(first, last),
    )
