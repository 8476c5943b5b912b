"""The watch: findings of all provinces and of the nation as a pure function of their counts.

A week is settled when nearly all of its documents have arrived; open weeks are judged with the
share that is there by now. The present week is judged as it grows, day by day, against what a
whole week allows: it may alarm on a Tuesday, and a void may take the alarm back.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detectors.spikes.attribution import BASELINE_WEEKS, attribute
from detectors.spikes.calendar import chinese_regressors
from detectors.spikes.causes import known_causes
from detectors.spikes.common import MINIMUM_PEERS
from detectors.spikes.delay import LAGS, WINDOW, DelayDrift, completeness, delay_drift
from detectors.spikes.detector import Judgement
from detectors.spikes.discovery import DEFAULT_RATE, benjamini_hochberg
from detectors.spikes.episodes import Episode, episodes
from detectors.spikes.findings import SpikeFinding
from detectors.spikes.monitor import Calibration, calibration
from detectors.spikes.panel import WARM_UP, recent_sum
from detectors.spikes.scores import Scores
from detectors.spikes.settled import PanelJudge
from detectors.spikes.special import Array
from detectors.spikes.tally import ProvinceTally, merged, week_of

NATION = "CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """Thresholds of the watch.

    Attributes
    ----------
    false_discovery_rate : float
        Share of false ones expected among the provinces that alarm in a week.
    alpha : float
        Largest tail probability of an alarm, which is also that of the upper bound that is shown.
    minimum_count : int
        Exports needed within the latest four weeks.
    """

    false_discovery_rate: float = DEFAULT_RATE
    alpha: float = 0.005
    minimum_count: int = 10


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What the watch says now.

    Attributes
    ----------
    mondays : tuple of int
        Monday of every week, as a proleptic ordinal; the last is the present week.
    regions : tuple of str
        Rows of `counts` and `scores`: the provinces, then the nation.
    counts, scores
        Regions x weeks.
    findings : tuple of SpikeFinding
        Those that begin on or after `open_from`.
    open_from : int
        Civil day before which it is no longer known who exported what: findings that begin before
        it are closed, and what was last said of them stands.
    calibration : Calibration
        Of the provinces' p-values.
    drifts : dict of DelayDrift
        Sources whose delay has changed.
    """

    mondays: tuple[int, ...]
    regions: tuple[str, ...]
    counts: Array
    scores: Scores
    findings: tuple[SpikeFinding, ...]
    open_from: int
    calibration: Calibration
    drifts: dict[str, DelayDrift]


class SpikeWatch:
    """Judges the tallies of a fixed set of provinces.

    Parameters
    ----------
    provinces : tuple of str
        Rows of the panel, always in this order.
    settings : WatchSettings, optional
    """

    def __init__(self, provinces: tuple[str, ...], settings: WatchSettings | None = None) -> None:
        self.provinces = provinces
        self.settings = settings or WatchSettings()
        self._provinces = PanelJudge(self.settings.alpha)
        self._nation = PanelJudge(self.settings.alpha)

    def report(
        self,
        tallies: Mapping[str, ProvinceTally],
        today: int,
        nation: ProvinceTally | None = None,
    ) -> WatchReport | None:
        """Judge all weeks up to `today`, the civil day up to which the sources are complete.

        Parameters
        ----------
        tallies : mapping of str to ProvinceTally
            Counts by province.
        today : int
            Civil day.
        nation : ProvinceTally, optional
            The sum of `tallies`, where it is kept: to add it up takes longer than all judging.

        Returns
        -------
        WatchReport or None
            None while no export has been counted.
        """
        known = [tallies.get(province) or ProvinceTally() for province in self.provinces]
        started = [week for tally in known for week in tally.weeks if week <= today]
        if not started:
            return None
        mondays = list(range(min(started), week_of(today) + 1, 7))
        known.append(merged(known) if nation is None else nation)
        counts = np.stack([tally.totals(mondays) for tally in known])
        reports = [tally.reports(mondays) for tally in known]
        scores = self._judge(counts, mondays, _shares(reports, today - mondays[-1] + 1))
        regions = (*self.provinces, NATION)
        detailed_from = known[-1].detailed_from
        open_from = detailed_from + 7 * BASELINE_WEEKS if detailed_from else mondays[0]
        findings = tuple(
            _finding(region, tally, mondays, episode, scores=scores, row=row)
            for row, (region, tally) in enumerate(zip(regions, known, strict=True))
            for episode in episodes(counts[row], scores.alarm[row], scores.moved[row])
            if mondays[episode.first] >= open_from
        )
        checked = calibration(scores.p[:-1])
        found = {source: delay_drift(lags[:-1]) for source, lags in reports[-1].items()}
        drifts = {source: drift for source, drift in found.items() if drift is not None}
        return WatchReport(
            tuple(mondays), regions, counts, scores, findings, open_from, checked, drifts
        )

    def _judge(self, counts: Array, mondays: list[int], shares: Array) -> Scores:
        starts = np.array(mondays)
        calendar = chinese_regressors(starts, starts + 7)
        rows = len(self.provinces)
        provinces = self._provinces.judge(mondays[0], counts[:rows], calendar, shares[:rows])
        nation = self._nation.judge(mondays[0], counts[rows:], calendar, shares[rows:])
        scores = Scores.empty((counts.shape[0], counts.shape[1]))
        self._fill(scores, counts, slice(0, rows), provinces)
        self._fill(scores, counts, slice(rows, None), nation)
        return scores

    def _fill(self, scores: Scores, counts: Array, rows: slice, judgements: list[Judgement]) -> None:
        for week in range(WARM_UP, len(judgements)):
            seen = judgements[week]
            scores.expected[rows, week], scores.upper[rows, week] = seen.expected, seen.upper
            scores.p[rows, week], scores.moved[rows, week] = seen.p, seen.moved
            enough = recent_sum(counts[rows], week) >= self.settings.minimum_count
            scores.alarm[rows, week] = self._alarms(np.where(enough, seen.p, np.nan))

    def _alarms(self, p: Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        if len(p) < MINIMUM_PEERS:
            return p < self.settings.alpha
        return benjamini_hochberg(p, self.settings.false_discovery_rate) & (p < self.settings.alpha)


def _shares(reports: list[dict[str, Array]], days: int) -> Array:
    """Return the completeness of every region and week but the present one; the nation is last."""
    weeks = len(next(iter(reports[-1].values())))
    curves = {source: completeness(lags) for source, lags in reports[-1].items()}
    arrived = {source: arrived_shares(curve, weeks, days) for source, curve in curves.items()}
    nation = mixed_shares(reports[-1], arrived, np.ones(weeks - 1))
    return np.stack([mixed_shares(region, arrived, nation) for region in reports])


def arrived_shares(curve: Array, weeks: int, days: int) -> Array:
    """Return the completeness of every week but the present one.

    Parameters
    ----------
    curve : array
        Completeness by lag.
    weeks : int
        Number of weeks, the present one included.
    days : int
        Days of the present week that are over, 1 to 7: within it, the next lag fills up evenly.
    """
    lag = np.minimum(weeks - 1 - np.arange(weeks - 1), LAGS - 1)
    result: Array = curve[lag - 1] + (curve[lag] - curve[lag - 1]) * days / 7.0
    return result


def mixed_shares(reports: dict[str, Array], arrived: dict[str, Array], default: Array) -> Array:
    """Return one region's completeness: its sources' by what each has published lately.

    Parameters
    ----------
    reports : dict of array
        The region's documents by source, weeks x lags.
    arrived : dict of array
        Completeness of the weeks by source.
    default : array
        For a region without documents.
    """
    published = {source: float(lags[-WINDOW:].sum()) for source, lags in reports.items()}
    total = sum(published.values())
    if not total:
        return default
    return sum(
        (arrived[source] * (count / total) for source, count in published.items()),
        np.zeros(len(default)),
    )


def _finding(
    region: str,
    tally: ProvinceTally,
    mondays: list[int],
    episode: Episode,
    *,
    scores: Scores,
    row: int,
) -> SpikeFinding:
    span = slice(episode.first, episode.last + 1)
    expected = float(scores.expected[row, span].sum())
    first, last = mondays[episode.first], mondays[episode.last] + 6
    return SpikeFinding(
        kind=episode.kind,
        province=region,
        first_day=first,
        last_day=last,
        observed=float(tally.totals(mondays[span]).sum()),
        expected=expected,
        upper=float(scores.upper[row, span].sum()),
        p=float(np.nanmin(scores.p[row, span])),
        attribution=attribute(tally, mondays[span], expected),
        causes=known_causes(first, last),
    )
