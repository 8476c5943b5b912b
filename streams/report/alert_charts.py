"""Alerts per week, for all detectors or one."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from detectors import civil_time
from detectors.findings import SEVERITIES
from streams.report.alerts import AlertTally
from streams.report.charts import Chart, Choice, chart
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
    choices = [
        Choice("all", "All detectors", {"y": _by_severity(tally, weeks, tuple(tally.by_detector))})
    ]
    for detector, count in tally.by_detector.most_common():
        label = f"{titles.get(detector, detector)} ({count:,})"
        choices.append(Choice(detector, label, {"y": _by_severity(tally, weeks, (detector,))}))
    figure = go.Figure()
    x = [civil_time.day_text(week) for week in weeks]
    for severity, counts in zip(_WORST_FIRST, choices[0].update["y"], strict=True):
        figure.add_bar(
            x=x,
            y=counts,
            name=severity,
            marker={"color": SEVERITY[severity], "line": {"width": 0}},
            hovertemplate="%{y:,} " + severity + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"})
    figure.update_xaxes(hoverformat="week of %Y-%m-%d")
    figure.update_yaxes(rangemode="tozero", tickformat=",d")
    description = f"Alerts per week by severity, {len(weeks)} weeks. The table below gives the totals."
    return chart("alerts", figure, description=description, choices=tuple(choices))


def detector_weeks(tally: AlertTally, weeks: Sequence[int], detector: str) -> list[int]:
    """Alerts of one detector, week by week."""
    return [sum(column) for column in zip(*_by_severity(tally, weeks, (detector,)), strict=True)]


def _by_severity(tally: AlertTally, weeks: Sequence[int], detectors: Sequence[str]) -> list[list[int]]:
    return [
        [sum(tally.by_week[detector, severity, week] for detector in detectors) for week in weeks]
        for severity in _WORST_FIRST
    ]
