"""Used exports per province and week, with the spikes marked."""

import math
from collections import Counter
from collections.abc import Sequence

from detectors import civil_time
from detectors.country import Country
from detectors.spikes.panel import WARM_UP
from detectors.spikes.watch import WatchReport
from streams.report.charts import LINES, MATRIX, WEEK, Chart, Choice, Series, Values
from streams.report.colours import BLUE, MUTED, ORANGE
from streams.report.names import province_name
from streams.report.spikes import ReportedSpike

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


def why_no_band(bands: Bands, watch: WatchReport | None) -> str | None:
    """Say what the expected band needs, ``None`` where there is one."""
    if bands:
        return None
    weeks = 0 if watch is None else len(watch.mondays)
    return (
        f"What was to be expected is left out: it needs {WARM_UP + 1} whole weeks whose documents are "
        f"all in, and there {'is' if weeks == 1 else 'are'} {weeks}."
    )


def provinces_by_size(exports: Counts) -> list[str]:
    """Provinces that export, the largest first."""
    sizes: Counter[str] = Counter()
    for (province, _), count in exports.items():
        sizes[province] += count
    return sorted(sizes, key=lambda province: (-sizes[province], province))


def heatmap(
    exports: Counts, spikes: Sequence[ReportedSpike], weeks: Sequence[int], country: Country
) -> Chart:
    """One row a province, one column a week, shaded by the province's own busiest week."""
    provinces = provinces_by_size(exports)
    counts: list[Values] = [[exports[province, week] for week in weeks] for province in provinces]
    shown = [s for s in spikes if s.province in set(provinces) and s.weeks[0] in set(weeks)]
    return Chart(
        identity="heatmap",
        kind=MATRIX,
        labels=[civil_time.day_text(week) for week in weeks],
        label_words=WEEK,
        series=[Series("exports", BLUE)],
        choices=(Choice("all", "All provinces", counts),),
        description=(
            f"Used exports of {len(provinces)} provinces in {len(weeks)} weeks, {len(shown)} spikes."
        ),
        height=60 + 19 * len(provinces),
        rows=[province_name(country, province) for province in provinces],
        row_tops=[max(*row, _PALEST_TOP) for row in counts],
        marks=[
            (civil_time.day_text(spike.weeks[0]), province_name(country, spike.province), spike.told)
            for spike in shown
        ],
    )


def weekly_exports(
    exports: Counts,
    spikes: Sequence[ReportedSpike],
    weeks: Sequence[int],
    bands: Bands,
    country: Country,
) -> Chart:
    """A line per week; the menu chooses the nation or a province."""
    totals: Counter[int] = Counter()
    for (_, week), count in exports.items():
        totals[week] += count
    national = [spike for spike in spikes if spike.province == country.code]
    in_all = [totals[week] for week in weeks]
    choices = [
        Choice(
            "all", "All provinces", *_drawn(in_all, national, weeks, _band(bands, country.code, weeks))
        )
    ]
    for province in provinces_by_size(exports):
        own = [spike for spike in spikes if spike.province == province]
        counts = [exports[province, week] for week in weeks]
        mark = f", {len(own)} rise{'s' * (len(own) != 1)}" if own else ""
        label = f"{province_name(country, province)} ({sum(counts):,}{mark})"
        choices.append(
            Choice(province, label, *_drawn(counts, own, weeks, _band(bands, province, weeks)))
        )
    return Chart(
        identity="exports",
        kind=LINES,
        labels=[civil_time.day_text(week) for week in weeks],
        label_words=WEEK,
        series=[
            Series("exports declared", BLUE, "line"),
            Series("expected", MUTED, "thin"),
            Series("largest usual count", MUTED, "dotted"),
            Series("rise", ORANGE, "mark"),
        ],
        choices=tuple(choices),
        description=f"Used exports per week, {sum(in_all):,} in all.",
    )


def _band(bands: Bands, region: str, weeks: Sequence[int]) -> list[Values]:
    """Expected and largest usual counts of a region, ``None`` for weeks that were not judged."""
    known = [bands.get((region, week), (None, None)) for week in weeks]
    return [[expected for expected, _ in known], [upper for _, upper in known]]


def _drawn(
    counts: list[int], spikes: Sequence[ReportedSpike], weeks: Sequence[int], band: list[Values]
) -> tuple[list[Values], Values]:
    """What is drawn for every series, and what the marks say."""
    by_week = {week: spike for spike in spikes for week in spike.weeks}
    marked = [by_week.get(week) for week in weeks]
    observed = [None if spike is None else count for spike, count in zip(marked, counts, strict=True)]
    told = [None if spike is None else spike.told for spike in marked]
    return [counts, *band, observed], told
