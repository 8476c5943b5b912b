"""Used exports per province and week, with the spikes marked."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from detectors import civil_time
from detectors.spikes.watch import WatchReport
from streams.report.charts import Chart, Choice, chart
from streams.report.colours import BLUE, MUTED, ORANGE, SCALE
from streams.report.names import province_name
from streams.report.spikes import NATION, ReportedSpike

_PALEST_TOP = 5
"""A busiest week below this does not get the darkest shade: one export a year is no pattern."""

Counts = Counter[tuple[str, int]]
"""Exports by province and Monday."""


Bands = dict[tuple[str, int], tuple[float, float]]
"""Expected exports and the largest count that is still usual, by region and Monday."""


def bands_of(watch: WatchReport | None) -> Bands:
    """Read what the watch expected of every week; empty where nothing was judged."""
    if watch is None:
        return {}
    scores = watch.scores
    return {
        (region, monday): (float(scores.expected[row, week]), float(scores.upper[row, week]))
        for row, region in enumerate(watch.regions)
        for week, monday in enumerate(watch.mondays)
        if math.isfinite(scores.expected[row, week]) and math.isfinite(scores.upper[row, week])
    }


def provinces_by_size(exports: Counts) -> list[str]:
    """Provinces that export, the largest first."""
    sizes: Counter[str] = Counter()
    for (province, _), count in exports.items():
        sizes[province] += count
    return sorted(sizes, key=lambda province: (-sizes[province], province))


def heatmap(exports: Counts, spikes: Sequence[ReportedSpike], weeks: Sequence[int]) -> Chart:
    """One row a province, one column a week, shaded by the province's own busiest week."""
    provinces = provinces_by_size(exports)[::-1]
    names = [province_name(province) for province in provinces]
    counts = [[exports[province, week] for week in weeks] for province in provinces]
    figure = go.Figure(
        go.Heatmap(
            x=[civil_time.day_text(week) for week in weeks],
            y=names,
            z=[[count / max(*row, _PALEST_TOP) for count in row] for row in counts],
            zmin=0,
            zmax=1,
            customdata=counts,
            colorscale=SCALE,
            showscale=False,
            hovertemplate="%{y}, week of %{x|%Y-%m-%d}: %{customdata:,} exports<extra></extra>",
        )
    )
    shown = [s for s in spikes if s.province in set(provinces) and s.weeks[0] in set(weeks)]
    if shown:
        figure.add_scatter(
            x=[civil_time.day_text(spike.weeks[0]) for spike in shown],
            y=[province_name(spike.province) for spike in shown],
            mode="markers",
            name="rise",
            marker={
                "symbol": "diamond",
                "size": 9,
                "color": ORANGE,
                "line": {"color": "#fff", "width": 1},
            },
            text=[spike.told for spike in shown],
            hovertemplate="%{y}, %{x|%Y-%m-%d}: %{text}<extra></extra>",
        )
    description = (
        f"Used exports of {len(provinces)} provinces in {len(weeks)} weeks, {len(shown)} spikes."
    )
    made = chart("heatmap", figure, description=description, height=60 + 19 * len(provinces))
    made.figure["layout"] |= {"hovermode": "closest", "showlegend": False}
    made.figure["layout"]["margin"] |= {"t": 4}
    made.figure["layout"]["yaxis"] |= {"range": [-0.5, len(names) - 0.5], "ticks": ""}
    return made


def weekly_exports(
    exports: Counts, spikes: Sequence[ReportedSpike], weeks: Sequence[int], bands: Bands
) -> Chart:
    """A line per week; the menu chooses the nation or a province."""
    provinces = provinces_by_size(exports)
    totals: Counter[int] = Counter()
    for (_, week), count in exports.items():
        totals[week] += count
    national = [spike for spike in spikes if spike.province == NATION]
    nation = _update([totals[week] for week in weeks], national, weeks, _band(bands, NATION, weeks))
    choices = [Choice("all", "All provinces", nation)]
    for province in provinces:
        own = [spike for spike in spikes if spike.province == province]
        counts = [exports[province, week] for week in weeks]
        mark = f", {len(own)} rise{'s' * (len(own) != 1)}" if own else ""
        label = f"{province_name(province)} ({sum(counts):,}{mark})"
        choices.append(
            Choice(province, label, _update(counts, own, weeks, _band(bands, province, weeks)))
        )
    figure = _line(choices[0].update, [civil_time.day_text(week) for week in weeks])
    description = f"Used exports per week, {sum(totals[week] for week in weeks):,} in all."
    return chart("exports", figure, description=description, choices=tuple(choices))


def _line(update: dict[str, list[Any]], x: list[str]) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(
        x=x, y=update["y"][0], mode="lines", name="exports declared",
        line={"color": BLUE, "width": 2}, hovertemplate="%{y:,} exports<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=update["y"][1], mode="lines", name="expected",
        line={"color": MUTED, "width": 1.5}, hovertemplate="%{y:,.0f} expected<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=update["y"][2], mode="lines", name="largest usual count",
        line={"color": MUTED, "width": 1, "dash": "dot"},
        hovertemplate="up to %{y:,.0f} is usual<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=update["y"][3], mode="markers", name="rise", text=update["text"][3],
        marker={"symbol": "diamond", "size": 10, "color": ORANGE},
        hovertemplate="rise: %{text}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(hoverformat="week of %Y-%m-%d", range=[x[0], x[-1]] if x else None)
    figure.update_yaxes(rangemode="tozero", tickformat=",d")
    return figure


def _band(bands: Bands, region: str, weeks: Sequence[int]) -> tuple[list[Any], list[Any]]:
    """Expected and largest usual counts of a region, ``None`` for weeks that were not judged."""
    known = [bands.get((region, week), (None, None)) for week in weeks]
    return [expected for expected, _ in known], [upper for _, upper in known]


def _update(
    counts: list[int],
    spikes: Sequence[ReportedSpike],
    weeks: Sequence[int],
    band: tuple[list[Any], list[Any]],
) -> dict[str, list[Any]]:
    by_week = {week: spike for spike in spikes for week in spike.weeks}
    marked = [by_week.get(week) for week in weeks]
    observed = [None if spike is None else count for spike, count in zip(marked, counts, strict=True)]
    text = [None if spike is None else spike.told for spike in marked]
    return {"y": [counts, *band, observed], "text": [None, None, None, text]}
