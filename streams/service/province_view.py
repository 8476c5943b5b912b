"""One province's exports as people may ask for them."""

from __future__ import annotations

from math import isfinite

from detectors import civil_time
from detectors.country import Country
from detectors.spikes.watch import WatchReport
from streams.engine.province_aggregator import ProvinceAggregator
from streams.service.vehicle_view import finding_view


def names_of(country: Country) -> dict[str, str]:
    """What can be asked for, by code."""
    return country.regions | {country.code: "the nation"}


def province_view(book: ProvinceAggregator, code: str, weeks: int) -> dict[str, object]:
    """Latest weeks, oldest first, with what was expected of them, and the alerts that fire.

    Parameters
    ----------
    book
        The provinces' counts.
    code
        One of `names_of` its country.
    weeks
        How many weeks at most.
    """
    return {
        "province": code,
        "name": names_of(book.country)[code],
        "weeks": [] if book.latest is None else _weeks(book.latest, code, weeks),
        "alerts": [
            {
                "alert_id": alert.alert_id,
                "revision": alert.revision,
                "explanation": explanation,
                "finding": finding_view(finding),
            }
            for alert, finding, explanation in book.firing(code)
        ],
    }


def _weeks(report: WatchReport, code: str, weeks: int) -> list[dict[str, object]]:
    row, scores = report.regions.index(code), report.scores
    first = max(0, len(report.mondays) - weeks)
    return [
        {
            "monday": civil_time.day_text(report.mondays[week]),
            "observed": int(report.counts[row, week]),
            "expected": _number(scores.expected[row, week]),
            "upper": _number(scores.upper[row, week]),
            "p_value": _number(scores.p[row, week]),
            "alarm": bool(scores.alarm[row, week]),
        }
        for week in range(first, len(report.mondays))
    ]


def _number(value: float) -> float | None:
    """None where a week was not judged."""
    return float(value) if isfinite(value) else None
