"""What the desk shows of a province."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
import sqlalchemy as sa

from streams.desk.asking import AlertRow, alerts_where
from streams.desk.country import desk_country
from streams.desk.errors import NotThereError
from streams.desk.expecting import Week
from streams.desk.reading import MOST_ALERTS, struct_of
from streams.desk.tables import alerts
from streams.report.names import province_name

MOST_VEHICLES: Final = 1000
"""Of more vehicles than these the latest are looked at: enough to say who is behind them."""


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """A party behind a province's alerts of one detector."""

    party_id: str
    role: str
    vehicles: int


class Crowd(msgspec.Struct, frozen=True):
    """Who is behind a province's alerts, and how many there are."""

    behind: tuple[Behind, ...]
    by_detector: tuple[tuple[str, int], ...]


class ProvinceDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A province: its exports by week, alerts on them, and who is behind the alerts on its cars."""

    province: str
    name: str
    detector: str | None
    weeks: tuple[Week, ...]
    alerts: tuple[AlertRow, ...]
    """On the province itself."""
    behind: tuple[Behind, ...]
    """Of the latest vehicles with such alerts, 1,000 at most."""
    by_detector: tuple[tuple[str, int], ...]


_LATEST = """
SELECT a.subject FROM firing_alerts a
WHERE a.subject_type = 'vehicle' AND a.province = :province{detector}
GROUP BY a.subject ORDER BY MAX(a.civil_day) DESC, a.subject LIMIT :most
"""
_BEHIND = sa.text("""
SELECT p.party_id, p.role, COUNT(DISTINCT p.vin) AS vehicles
FROM party_documents p WHERE p.vin IN :vins
GROUP BY p.party_id, p.role ORDER BY COUNT(DISTINCT p.vin) DESC, p.party_id, p.role LIMIT 20
""").bindparams(sa.bindparam("vins", expanding=True))
_BY_DETECTOR = sa.text("""
SELECT detector, COUNT(*) AS alerts FROM firing_alerts
WHERE subject_type = 'vehicle' AND province = :province GROUP BY detector ORDER BY 2 DESC, 1
""")


def province_detail(
    connection: sa.Connection,
    province: str,
    *,
    weeks: tuple[Week, ...],
    crowd: Crowd,
    now: datetime,
    detector: str | None = None,
) -> ProvinceDetail:
    """A province with its weeks and who is behind its alerts, those of a detector if one is given.

    Raises
    ------
    NotThereError
        If no document and no alert names it.
    """
    code = province.strip().upper()
    here = (alerts.c.subject_type == "province") & (alerts.c.subject == code)
    on_it = alerts_where(connection, now, here, limit=MOST_ALERTS)
    if not weeks and not on_it and not crowd.by_detector:
        raise NotThereError(
            f"neither documents nor alerts in the store name the province {code[:20]!r}"
        )
    return ProvinceDetail(
        province=code,
        name=province_name(desk_country(), code),
        detector=detector,
        weeks=weeks,
        alerts=on_it,
        behind=crowd.behind,
        by_detector=crowd.by_detector,
    )


def crowd_of(engine: sa.Engine, province: str, detector: str | None) -> Crowd:
    """Who is named most on documents of the latest vehicles with alerts of a detector, or with any.

    In two steps: with the vehicles at hand both databases look documents up by them.
    """
    given = {"province": province, "most": MOST_VEHICLES}
    of_one = "" if detector is None else " AND a.detector = :detector"
    with engine.connect() as connection:
        counted = connection.execute(_BY_DETECTOR, {"province": province}).all()
        latest = sa.text(_LATEST.format(detector=of_one))
        asked = given if detector is None else given | {"detector": detector}
        vins = connection.execute(latest, asked).scalars().all()
        rows = connection.execute(_BEHIND, {"vins": list(vins)}).all()
    return Crowd(
        tuple(struct_of(Behind, row) for row in rows),
        tuple((row.detector, row.alerts) for row in counted),
    )
