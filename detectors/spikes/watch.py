"""The watch: findings of all provinces and of the nation as a pure function of their counts.

A week is settled when nearly all of its documents have arrived; open weeks are judged with the
share that is there by now. The present week is judged as it grows, day by day, against what a
whole week allows: it may alarm on a Tuesday, and a void may take the alarm back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from detectors.country import CHINA, Country
from detectors.spikes.attribution import Attributions
from detectors.spikes.calendar import calendar_regressors
from detectors.spikes.causes import known_causes
from detectors.spikes.common import MINIMUM_PEERS
from detectors.spikes.delay import LAGS, WINDOW, DelayDrift, completeness, delay_drift
from detectors.spikes.discovery import DEFAULT_RATE, benjamini_hochberg
from detectors.spikes.episodes import Episode, episodes
from detectors.spikes.findings import SpikeFinding
from detectors.spikes.judged_weeks import JudgedWeeks
from detectors.spikes.monitor import MonitorCalibration, calibration
from detectors.spikes.panel import recent_sum
from detectors.spikes.scores import Mask, Scores
from detectors.spikes.settled import PanelJudge
from detectors.spikes.special import Array
from detectors.spikes.tally import ProvinceState, merged, week_of


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


@dataclass(frozen=True)
class WatchReport:
    """What the watch says now.

    Attributes
    ----------
    mondays : tuple of int
        Monday of every week, as a proleptic ordinal; the last is the present week.
    regions : tuple of str
        Rows of `counts` and `judged`: the provinces, then the nation.
    counts, judged
        Regions x weeks; the judgement without its upper bounds.
    upper : callable
        Works out the upper bounds, regions x weeks.
    findings : tuple of SpikeFinding
    calibration : MonitorCalibration
        Of the provinces' p-values.
    drifts : dict of DelayDrift
        Sources whose delay has changed.
    """

    mondays: tuple[int, ...]
    regions: tuple[str, ...]
    counts: Array
    judged: Scores
    upper: Callable[[], Array]
    findings: tuple[SpikeFinding, ...]
    calibration: MonitorCalibration
    drifts: dict[str, DelayDrift]

    @cached_property
    def scores(self) -> Scores:
        """The judgement with its upper bounds: to find them takes longer than all the rest.

        Most reports are followed by the next day's before anybody looks at them.
        """
        return replace(self.judged, upper=self.upper())


class SpikeWatch:
    """Judges the tallies of a fixed set of provinces.

    Parameters
    ----------
    provinces : tuple of str
        Rows of the panel, always in this order.
    settings : WatchSettings, optional
    country : Country
        Whose provinces they are: its calendar, its dated causes, and the code of the nation.
    """

    def __init__(
        self,
        provinces: tuple[str, ...],
        settings: WatchSettings | None = None,
        country: Country = CHINA,
    ) -> None:
        self.provinces = provinces
        self.country = country
        self.settings = settings or WatchSettings()
        self._provinces = PanelJudge()
        self._nation = PanelJudge()
        self._attributions = Attributions()

    def report(
        self,
        tallies: Mapping[str, ProvinceState],
        today: int,
        nation: ProvinceState | None = None,
    ) -> WatchReport | None:
        """Judge all weeks up to `today`, the civil day up to which the sources are complete.

        Parameters
        ----------
        tallies : mapping of str to ProvinceState
            Counts by province.
        today : int
            Civil day.
        nation : ProvinceState, optional
            The sum of `tallies`, where it is kept: to add it up takes longer than all judging.

        Returns
        -------
        WatchReport or None
            None while no export has been counted.
        """
        known = [tallies.get(province) or ProvinceState() for province in self.provinces]
        started = [week for tally in known for week in tally.weeks if week <= today]
        if not started:
            return None
        mondays = list(range(min(started), week_of(today) + 1, 7))
        known.append(merged(known) if nation is None else nation)
        counts = np.stack([tally.totals(mondays) for tally in known])
        reports = known[-1].reports(mondays)
        published = [tally.published(mondays[-WINDOW:]) for tally in known]
        judged = self._judge(counts, mondays, _shares(reports, published, today - mondays[-1] + 1))
        scores = judged.scores()
        self._raise_alarms(scores, counts)
        found = [
            (row, episode)
            for row in range(len(known))
            for episode in episodes(counts[row], scores.alarm[row], scores.moved[row])
        ]
        upper = iter(judged.upper([(row, week) for row, one in found for week in one.weeks]).tolist())
        regions = (*self.provinces, self.country.code)
        findings = tuple(
            self._finding(
                regions[row],
                known[row],
                mondays,
                episode,
                expected=float(scores.expected[row, episode.first : episode.last + 1].sum()),
                upper=sum(next(upper) for _ in episode.weeks),
                p=float(np.nanmin(scores.p[row, episode.first : episode.last + 1])),
            )
            for row, episode in found
        )
        checked = calibration(scores.p[:-1])
        drifting = {source: delay_drift(lags[:-1]) for source, lags in reports.items()}
        drifts = {source: drift for source, drift in drifting.items() if drift is not None}
        return WatchReport(
            tuple(mondays),
            regions,
            counts,
            scores,
            judged.every_upper,
            findings,
            checked,
            drifts,
        )

    def _finding(
        self,
        region: str,
        tally: ProvinceState,
        mondays: list[int],
        episode: Episode,
        *,
        expected: float,
        upper: float,
        p: float,
    ) -> SpikeFinding:
        weeks = mondays[episode.first : episode.last + 1]
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
            attribution=self._attributions.of(region, tally, weeks, expected),
            causes=known_causes(first, last, self.country),
        )

    def _judge(self, counts: Array, mondays: list[int], shares: Array) -> JudgedWeeks:
        starts = np.array(mondays)
        calendar = calendar_regressors(starts, starts + 7, self.country.calendar)
        rows = len(self.provinces)
        provinces = self._provinces.judge(mondays[0], counts[:rows], calendar, shares[:rows])
        nation = self._nation.judge(mondays[0], counts[rows:], calendar, shares[rows:])
        return JudgedWeeks(provinces, nation, self.settings.alpha)

    def _raise_alarms(self, scores: Scores, counts: Array) -> None:
        likely = (scores.p < self.settings.alpha).any(axis=0)
        for week in np.flatnonzero(likely).tolist():
            enough = recent_sum(counts, week) >= self.settings.minimum_count
            p = np.where(enough, scores.p[:, week], np.nan)
            rows = len(self.provinces)
            scores.alarm[:rows, week] = self._alarms(p[:rows])
            scores.alarm[rows:, week] = self._alarms(p[rows:])

    def _alarms(self, p: Array) -> Mask:
        if len(p) < MINIMUM_PEERS:
            return p < self.settings.alpha
        return benjamini_hochberg(p, self.settings.false_discovery_rate) & (p < self.settings.alpha)


def _shares(reports: dict[str, Array], published: list[dict[str, int]], days: int) -> Array:
    """Return the completeness of every region and week but the present one.

    Parameters
    ----------
    reports : dict of array
        The nation's documents by source, weeks x lags.
    published : list of dict
        Documents of the latest weeks by source, one dict a region, the nation's last.
    days : int
        Days of the present week that are over.
    """
    weeks = len(next(iter(reports.values())))
    curves = {source: completeness(lags) for source, lags in reports.items()}
    arrived = {source: arrived_shares(curve, weeks, days) for source, curve in curves.items()}
    nation = mixed_shares(published[-1], arrived, np.ones(weeks - 1))
    return np.stack([mixed_shares(region, arrived, nation) for region in published])


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


def mixed_shares(published: dict[str, int], arrived: dict[str, Array], default: Array) -> Array:
    """Return one region's completeness: its sources' by what each has published lately.

    Parameters
    ----------
    published : dict
        The region's documents of the latest weeks by source.
    arrived : dict of array
        Completeness of the weeks by source.
    default : array
        For a region without documents.
    """
    total = sum(published.values())
    if not total:
        return default
    return sum(
        (arrived[source] * (count / total) for source, count in published.items()),
        np.zeros(len(default)),
    )
