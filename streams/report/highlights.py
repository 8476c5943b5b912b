"""What stands out, in a few sentences made from the counts."""

from collections.abc import Iterator, Sequence
from typing import Final

from detectors.country import Country
from detectors.findings import SEVERITIES
from streams.report.alerts import AlertTally
from streams.report.names import percent, province_name
from streams.report.provinces import Province
from streams.report.spikes import ReportedSpike

_ENOUGH: Final = 200
"""Registrations below which a province's share is not called high."""


def highlights(
    alerts: AlertTally,
    ranking: Sequence[Province],
    spikes: Sequence[ReportedSpike],
    country: Country,
) -> Iterator[tuple[str, str]]:
    """Give pairs of a name and a sentence."""
    if alerts.ranked:
        detector, number = alerts.by_detector.most_common(1)[0]
        title = next(alert.title for alert in alerts.ranked if alert.detector == detector)
        share = percent(number / len(alerts.ranked))
        yield "Most frequent alert", f"{title}: {number:,}, {share} of all."
    exports = sum(province.exports for province in ranking)
    if exports:
        first = ranking[0]
        share = percent(first.exports / exports)
        yield "Largest exporter", f"{first.name}: {first.exports:,} used cars, {share} of all."
    yield from _early(ranking)
    if spikes:
        worst = max(spikes, key=lambda s: (SEVERITIES.index(s.severity), s.observed or 0, s.weeks))
        where = province_name(country, worst.province)
        yield "Strongest rise", f"{where}, {worst.span}: {worst.told}."


def _early(ranking: Sequence[Province]) -> Iterator[tuple[str, str]]:
    large = [p for p in ranking if p.retail.registered >= _ENOUGH and p.retail.exported]
    if large:
        top = max(large, key=lambda p: (p.retail.exported_share, p.name))
        share = percent(top.retail.exported_share)
        yield "Most registrations that left", f"{top.name}: {share} of {top.retail.registered:,}."
