"""A page with every region's counts, what was expected and the alarms: one file, no network."""

from datetime import date
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from detectors.spikes.scores import Scores
from streams.spikes.counts import CountTable

_ROW_HEIGHT = 190
_BAND = "rgba(70, 120, 180, 0.18)"
_COUNT = "#33415c"
_EXPECTED = "#4678b4"
_ALARM = "#c1121f"
_OUTBREAK = "rgba(244, 162, 97, 0.35)"


def write_plot(path: Path, table: CountTable, scores: Scores, title: str) -> None:
    """Draw one chart a region, below each other, and write them as one HTML file."""
    figure = make_subplots(
        rows=len(table.regions),
        cols=1,
        shared_xaxes=True,
        subplot_titles=table.regions,
        vertical_spacing=0.25 / max(2, len(table.regions)),
    )
    days = [date.fromordinal(period.start) for period in table.periods]
    for row in range(len(table.regions)):
        for trace in _traces(table, scores, row, days):
            figure.add_trace(trace, row=row + 1, col=1)
    figure.update_layout(
        title=title,
        template="plotly_white",
        height=140 + _ROW_HEIGHT * len(table.regions),
        margin={"l": 60, "r": 20, "t": 80, "b": 40},
    )
    figure.write_html(path, include_plotlyjs=True, full_html=True)


def _traces(table: CountTable, scores: Scores, row: int, days: list[date]) -> list[go.Scatter | go.Bar]:
    counts, upper = table.counts[row], scores.upper[row]
    alarmed = np.flatnonzero(scores.alarm[row])
    first = row == 0
    traces: list[go.Scatter | go.Bar] = []
    if table.labels is not None:
        marked = np.where(table.labels[row], max(counts.max(), 1.0), 0.0)
        traces.append(
            go.Bar(x=days, y=marked, name="labelled outbreak", marker_color=_OUTBREAK, showlegend=first)
        )
    band = {"x": days, "mode": "lines", "line": {"width": 0}}
    traces += [
        go.Scatter(**band, y=np.zeros(len(days)), showlegend=False, hoverinfo="skip"),
        go.Scatter(**band, y=upper, name="no alarm", fill="tonexty", fillcolor=_BAND, showlegend=first),
        go.Scatter(
            x=days,
            y=scores.expected[row],
            name="expected",
            line={"color": _EXPECTED, "width": 1.5},
            showlegend=first,
        ),
        go.Scatter(
            x=days, y=counts, name="count", line={"color": _COUNT, "width": 1}, showlegend=first
        ),
        go.Scatter(
            x=[days[index] for index in alarmed],
            y=counts[alarmed],
            name="alarm",
            mode="markers",
            marker={"color": _ALARM, "size": 7},
            customdata=scores.p[row][alarmed],
            hovertemplate="%{x|%Y-%m-%d}: %{y} (p %{customdata:.2g})",
            showlegend=first,
        ),
    ]
    return traces
