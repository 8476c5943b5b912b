"""Counts of a register as the table that `zeromile spikes` reads."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from streams.feeds.converting import Made

_MONTHS = 12
_MONTH_TEXT = len("2025-03")


def write_counts(path: Path, rows: Iterable[Made]) -> int:
    """Write counts by region and period, sorted, as CSV.

    Where periods are months, one that a region's rows leave out gets 0: registers write no row where
    nothing happened.

    Returns
    -------
    int
        How many periods were left out.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for made in rows:
        for fields in made.documents:
            counts[str(fields["region"]), str(fields["period"])] += int(str(fields["count"]))
    left_out = [key for key in _all_months(counts) if key not in counts]
    counts.update(dict.fromkeys(left_out, 0))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("region", "period", "count"))
        writer.writerows((region, period, counts[region, period]) for region, period in sorted(counts))
    return len(left_out)


def _all_months(counts: Counter[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    periods = sorted({period for _, period in counts})
    if not periods or any(len(period) != _MONTH_TEXT for period in periods):
        return
    numbers = [int(period[:4]) * _MONTHS + int(period[5:]) - 1 for period in (periods[0], periods[-1])]
    regions = {region for region, _ in counts}
    for first, last in pairwise(numbers):
        for number in range(first, last + 1):
            year, month = divmod(number, _MONTHS)
            yield from ((region, f"{year:04}-{month + 1:02}") for region in regions)
