"""A page with every region's counts, what was expected and the alarms: one file, no network."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from detectors.spikes.scores import Scores
from streams.report.charts import LINES, Chart, Choice, Series, Values
from streams.report.embedding import pack_json, pack_libraries
from streams.report.page import environment
from streams.spikes.counts import CountTable

_COUNT: Final = "#33689e"
_EXPECTED: Final = "#5b6770"
_ALARM: Final = "#d9480f"
_OUTBREAK: Final = "#f2a541"
_HEIGHT: Final = 240


def write_spike_page(path: Path, table: CountTable, scores: Scores, title: str) -> None:
    """Draw one chart a region, below each other, and write them as one HTML file."""
    charts = {f"region-{row}": _chart(table, scores, row) for row in range(len(table.regions))}
    page = environment().get_template("spikes.html.j2")
    titled = {
        identity: {"title": region, "chart": chart}
        for (identity, chart), region in zip(charts.items(), table.regions, strict=True)
    }
    text = page.render(title=title, charts=titled, data=pack_json(charts), libraries=pack_libraries())
    path.write_text(text, encoding="utf-8")


def _chart(table: CountTable, scores: Scores, row: int) -> Chart:
    counts, alarm = table.counts[row], scores.alarm[row]
    series = [
        Series("count", _COUNT, "line"),
        Series("expected", _EXPECTED, "thin"),
        Series("largest count that is no alarm", _EXPECTED, "dotted"),
        Series("alarm", _ALARM, "mark"),
    ]
    values: list[Values] = [
        counts.tolist(),
        _finite(scores.expected[row]),
        _finite(scores.upper[row]),
        [count if on else None for count, on in zip(counts.tolist(), alarm, strict=True)],
    ]
    if table.labels is not None:
        series.append(Series("labelled outbreak", _OUTBREAK))
        values.append(
            [
                count if on else None
                for count, on in zip(counts.tolist(), table.labels[row], strict=True)
            ]
        )
    notes: Values = [
        f"{count:,.0f} (p {p:.2g})" if on else None
        for count, p, on in zip(counts, scores.p[row], alarm, strict=True)
    ]
    return Chart(
        identity=f"region-{row}",
        kind=LINES,
        labels=[str(period) for period in table.periods],
        series=series,
        choices=(Choice("all", table.regions[row], values, notes),),
        description=(f"{table.regions[row]}: {len(table.periods)} counts, {int(alarm.sum())} alarms."),
        height=_HEIGHT,
    )


def _finite(values: Iterable[float]) -> Values:
    """Numbers, ``None`` where nothing was judged."""
    return [float(value) if np.isfinite(value) else None for value in values]
