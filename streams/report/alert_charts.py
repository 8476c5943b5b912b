"""Alerts per week, for all detectors or one."""

from collections.abc import Mapping, Sequence

from detectors import civil_time
from detectors.findings import SEVERITIES
from streams.report.alerts import AlertTally
from streams.report.charts import BARS, WEEK, Chart, Choice, Series
from streams.report.colours import SEVERITY

_WORST_FIRST = tuple(reversed(SEVERITIES))


def weekly_alerts(tally: AlertTally, weeks: Sequence[int], titles: Mapping[str, str]) -> Chart:
    """Stacked bars by severity; the menu chooses a detector.

    Parameters
    ----------
    tally
        The alerts.
    weeks
        Mondays to show.
    titles
        Detector id to what people call it.
    """
    choices = [Choice("all", "All detectors", _by_severity(tally, weeks, tuple(tally.by_detector)))]
    for detector, count in tally.by_detector.most_common():
        label = f"{titles.get(detector, detector)} ({count:,})"
        choices.append(Choice(detector, label, _by_severity(tally, weeks, (detector,))))
    return Chart(
        identity="alerts",
        kind=BARS,
        labels=[civil_time.day_text(week) for week in weeks],
        label_words=WEEK,
        series=[Series(severity, SEVERITY[severity]) for severity in _WORST_FIRST],
        choices=tuple(choices),
        description=(
            f"Alerts per week by severity, {len(weeks)} weeks. The table below gives the totals."
        ),
    )


def detector_weeks(tally: AlertTally, weeks: Sequence[int], detector: str) -> list[int]:
    """Alerts of one detector, week by week."""
    return [sum(column) for column in zip(*_by_severity(tally, weeks, (detector,)), strict=True)]


def _by_severity(tally: AlertTally, weeks: Sequence[int], detectors: Sequence[str]) -> list[list[int]]:
    return [
        [sum(tally.by_week[detector, severity, week] for detector in detectors) for week in weeks]
        for severity in _WORST_FIRST
    ]
