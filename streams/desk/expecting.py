"""What the watch expects of every province and week, judged from the documents in the store.

The same watch as the worker's, over the same counts: one used export a vehicle, its first one.
"""

from __future__ import annotations

from datetime import date, datetime
from math import isfinite
from threading import Lock
from typing import Any, Final, cast

import msgspec
import sqlalchemy as sa

from detectors.country import Country
from detectors.spikes.declared import SpikeParameters
from detectors.spikes.delay import LAGS
from detectors.spikes.tally import DIMENSIONS, UNKNOWN, ProvinceState, WeekTally, week_of
from detectors.spikes.watch import SpikeWatch, WatchReport
from streams.desk.country import desk_policy
from streams.desk.keeping import ASKED_LATELY

MOST_WEEKS: Final = 156
_FIRST_EXPORTS = sa.text("""
SELECT e.province, d.civil_day, SUBSTR(d.recorded_at, 1, 10) AS recorded_on, d.source,
       COUNT(*) AS exports
FROM counted_exports e
JOIN documents d ON d.vin = e.vin AND d.source = e.source AND d.event_id = e.event_id
WHERE COALESCE(d.date_precision, 'day') = 'day' AND d.civil_day <= :today
GROUP BY e.province, d.civil_day, SUBSTR(d.recorded_at, 1, 10), d.source
""")
"""By the view that all figures of exports are from, as fresh as that is: PostgreSQL keeps it."""
_STANDING = sa.text(
    "SELECT size, (SELECT MAX(refreshed_at) FROM view_refreshes) AS refreshed FROM log_head"
)


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """Used exports of a week in a province."""

    week: str
    """Its Monday."""
    exports: int
    """Vehicles that left used for the first time."""
    expected: float | None
    """What the watch expects of it; `null` where there is too little before it to say so."""


class Expectations:
    """Judges all weeks once, and again when more has been stored.

    Parameters
    ----------
    engine
        The store.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._standing: tuple[Any, ...] | None = None
        """Size of the log and age of the views when it was judged last."""
        self._asked_at: datetime | None = None
        self._report: WatchReport | None = None

    def weeks(self, province: str, now: datetime) -> tuple[Week, ...]:
        """The latest weeks of a province or of the nation, the first first; none without exports."""
        with self._lock:
            self._asked_at = now
            if self._standing is None:
                self._judge(now)
            report = self._report
        if report is None or province not in report.regions:
            return ()
        row = report.regions.index(province)
        counts, expected = report.counts[row], report.judged.expected[row]
        if not counts.any():
            return ()
        first = max(len(counts) - MOST_WEEKS, int(counts.nonzero()[0][0]))
        return tuple(
            Week(
                week=date.fromordinal(report.mondays[week]).isoformat(),
                exports=int(counts[week]),
                expected=round(float(expected[week]), 1) if isfinite(expected[week]) else None,
            )
            for week in range(first, len(counts))
        )

    def refresh(self, now: datetime) -> None:
        """Judge for the first time, or again if they were asked for lately and more has been stored."""
        with self._lock:
            lately = self._asked_at is not None and now - self._asked_at <= ASKED_LATELY
            if self._standing is None or lately:
                self._judge(now)

    def _judge(self, now: datetime) -> None:
        policy = desk_policy()
        country = policy.country
        with self._engine.connect() as connection:
            standing = tuple(connection.execute(_STANDING).one())
            if standing == self._standing:
                return
            today = now.astimezone(country.zone).date().toordinal()
            rows = connection.execute(_FIRST_EXPORTS, {"today": today}).all()
        spikes = cast("SpikeParameters", policy.parameters["province_export_spike"])
        newest = max((row.civil_day for row in rows), default=None)
        self._report = None if newest is None else _report(rows, newest, spikes, country)
        self._standing = standing


def _report(rows: Any, today: int, spikes: SpikeParameters, country: Country) -> WatchReport | None:
    tallies: dict[str, ProvinceState] = {}
    for row in rows:
        weeks = tallies.setdefault(row.province, ProvinceState()).weeks
        _count(weeks.setdefault(week_of(row.civil_day), WeekTally()), row)
    return SpikeWatch(tuple(country.regions), spikes.settings(), country).report(tallies, today)


def _count(tally: WeekTally, row: Any) -> None:
    """Count exports of one day, source and day of recording; of which kind they are is not asked."""
    recorded = date.fromisoformat(row.recorded_on).toordinal() if row.recorded_on else row.civil_day
    lag = (week_of(recorded) - week_of(row.civil_day)) // 7
    tally.total += row.exports
    tally.lags.setdefault(row.source, [0] * LAGS)[min(max(lag, 0), LAGS - 1)] += row.exports
    for dimension in DIMENSIONS:
        tally.by[dimension] = {UNKNOWN: tally.total}
