"""How many alerts stand now, told to Prometheus; labels from closed sets only."""

from __future__ import annotations

import time

import sqlalchemy as sa

from detectors.country import CHINA, Country
from streams.store.metrics import SinkMetrics

RECENT_DAYS = 28

_FIRING = sa.text(
    "SELECT detector, severity, subject_type, COUNT(*) FROM firing_alerts "
    "GROUP BY detector, severity, subject_type"
)
_BY_PROVINCE = sa.text(
    "SELECT province, subject_type, COUNT(*) FROM firing_alerts GROUP BY province, subject_type"
)
_RECENT = sa.text(
    "SELECT province, COUNT(*) FROM firing_alerts WHERE subject_type = 'province' "
    "AND civil_day > (SELECT MAX(civil_day) FROM alerts WHERE civil_day <= :today) - :days "
    "GROUP BY province"
)
_NEWEST = sa.text(
    "SELECT event_type, MAX(civil_day) FROM documents WHERE status = 'valid' AND civil_day <= :today "
    "GROUP BY event_type"
)
_DAY_SECONDS = 86_400
_UNIX_EPOCH_DAY = 719_163


def report_standing(engine: sa.Engine, metrics: SinkMetrics, country: Country = CHINA) -> None:
    """Set the gauges of standing alerts from the store, by a country's provinces and civil days."""
    places = (*country.regions, country.code)
    with engine.connect() as connection:
        firing = connection.execute(_FIRING).all()
        provinces = connection.execute(_BY_PROVINCE).all()
        # A date beyond the wall clock is a mistake, and hides no other.
        bounds = {"days": RECENT_DAYS, "today": country.day_of_instant(int(time.time() * 1000))}
        recent: dict[str, int] = dict(connection.execute(_RECENT, bounds).all())
        newest = connection.execute(_NEWEST, bounds).all()
    for event_type, civil_day in newest:
        seconds = (civil_day - _UNIX_EPOCH_DAY) * _DAY_SECONDS
        metrics.newest_document.labels(event_type).set(seconds)
    metrics.firing.clear()
    for detector, severity, subject_type, count in firing:
        metrics.firing.labels(detector, severity, subject_type).set(count)
    metrics.province_firing.clear()
    for province, subject_type, count in provinces:
        place = province if province in places else "none"
        metrics.province_firing.labels(place, subject_type).inc(count)
    for province in places:
        metrics.recent_province_alerts.labels(province).set(recent.get(province, 0))
