"""Provinces side by side, ranked and laid out like a map of equal tiles."""

from collections.abc import Iterable
from typing import NamedTuple

from detectors.country import Country
from streams.report.adjusted_retail import RetailSums
from streams.report.alerts import AlertTally
from streams.report.colours import tile
from streams.report.names import count, percent, province_name
from streams.report.vehicles import VehicleTally


class Province(NamedTuple):
    """One line of the ranking."""

    code: str | None
    name: str
    exports: int
    spikes: int
    alerts: int
    retail: RetailSums


class Tile(NamedTuple):
    """One tile of the map under one measure."""

    code: str
    name: str
    row: int
    column: int
    text: str
    background: str
    ink: str


class Measure(NamedTuple):
    """Something that the tiles can show."""

    value: str
    label: str
    tiles: list[Tile]


def provinces(vehicles: VehicleTally, alerts: AlertTally, country: Country) -> list[Province]:
    """Rank provinces by exports, then alerts; what names no province comes last."""
    exports: dict[str | None, int] = {}
    for (code, _), number in vehicles.exports.items():
        exports[code] = exports.get(code, 0) + number
    spikes: dict[str | None, int] = {}
    for alert in alerts.spikes:
        spikes[alert.subject] = spikes.get(alert.subject, 0) + 1
    retail = vehicles.retail.by_province()
    codes = {*exports, *spikes, *retail, *alerts.by_province}
    rows = [
        Province(
            code, province_name(country, code), exports.get(code, 0), spikes.get(code, 0),
            alerts.by_province[code], retail.get(code, RetailSums()),
        )
        for code in codes
    ]  # fmt: skip
    return sorted(rows, key=lambda p: (p.code is None, -p.exports, -p.alerts, p.name))


def measures(ranking: Iterable[Province], country: Country) -> list[Measure]:
    """Lay the provinces out as tiles, once for every measure."""
    places = country.places
    rows = {row.code: row for row in ranking if row.code in places}
    codes = [code for code in places if code in rows or code not in country.without_register]
    shown = {code: rows.get(code) for code in codes}
    return [
        _measure(
            "exports", "Used exports", {c: r.exports if r else 0 for c, r in shown.items()}, country
        ),
        _measure(
            "alerts", "Alerts on vehicles", {c: r.alerts if r else 0 for c, r in shown.items()}, country
        ),
        _measure(
            "share",
            "Registrations exported within 180 days",
            {c: r.retail.exported_share if r else 0.0 for c, r in shown.items()},
            country,
        ),
    ]


def _measure(
    value: str, label: str, numbers: dict[str, int] | dict[str, float], country: Country
) -> Measure:
    top = max(numbers.values(), default=0) or 1
    places = country.places
    write = percent if value == "share" else _short
    tiles = [
        Tile(code, province_name(country, code), *places[code], write(number), *tile(number / top))
        for code, number in numbers.items()
    ]
    return Measure(value, label, tiles)


def _short(number: float) -> str:
    """Write a count that fits a tile.

    >>> _short(812), _short(12_345), _short(123_456)
    ('812', '12.3k', '123k')
    """
    if number < 10_000:  # noqa: PLR2004 - five characters with the comma
        return count(number)
    return f"{number / 1000:,.1f}k" if number < 100_000 else f"{number / 1000:,.0f}k"  # noqa: PLR2004 - three digits
