"""Writing what a method says of every region and period."""

import csv
import math
from pathlib import Path

from detectors.spikes.scores import Scores
from streams.spikes.counts import CountTable

COLUMNS = ("region", "period", "observed", "expected", "upper", "p", "alarm")


def write_alarms(path: Path, table: CountTable, scores: Scores) -> None:
    """Write one line a region and period; those not judged have empty fields and alarm 0."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for line, region in enumerate(table.regions):
            for column, period in enumerate(table.periods):
                writer.writerow(
                    (
                        region,
                        period,
                        int(table.counts[line, column]),
                        _number(scores.expected[line, column]),
                        _number(scores.upper[line, column]),
                        _number(scores.p[line, column]),
                        int(scores.alarm[line, column]),
                    )
                )


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"
