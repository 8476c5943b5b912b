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

MOST_VEHICLES: Final = 2000
"""Of more vehicles than these the latest are looked at: enough to say who is behind them."""


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """A party behind a province's alerts of one detector."""

    party_id: str
    role: str
    vehicles: int


class ProvinceDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A province: its exports by week, alerts on them, and who is behind the alerts on its cars."""

    province: str
    name: str
    detector: str | None
    weeks: tuple[Week, ...]
    alerts: tuple[AlertRow, ...]
    """On the province itself."""
    behind: tuple[Behind, ...]
    """Of the latest vehicles with such alerts, 2,000 at most."""
    by_detector: tuple[tuple[str, int], ...]


_BEHIND = """
SELECT p.party_id, p.role, COUNT(DISTINCT p.vin) AS vehicles
FROM (SELECT a.subject FROM firing_alerts a
      WHERE a.subject_type = 'vehicle' AND a.province = :province{detector}
      GROUP BY a.subject ORDER BY MAX(a.civil_day) DESC, a.subject LIMIT :most) AS s
JOIN party_documents p ON p.vin = s.subject
GROUP BY p.party_id, p.role ORDER BY COUNT(DISTINCT p.vin) DESC, p.party_id, p.role LIMIT 20
"""
_BY_DETECTOR = """
SELECT detector, COUNT(*) AS alerts FROM firing_alerts
WHERE subject_type = 'vehicle' AND province = :province GROUP BY detector ORDER BY 2 DESC, 1
"""


def province_detail(
    connection: sa.Connection,
    province: str,
    weeks: tuple[Week, ...],
    now: datetime,
    detector: str | None = None,
) -> ProvinceDetail:
    """A province with its weeks; with a detector, who is behind its alerts there.

    Raises
    ------
    NotThereError
        If no document and no alert names it.
    """
    code = province.strip().upper()
    asked = {"province": code}
    of_detector = "" if detector is None else " AND a.detector = :detector"
    who = sa.text(_BEHIND.format(detector=of_detector))
    given = asked | {"most": MOST_VEHICLES} | ({} if detector is None else {"detector": detector})
    here = (alerts.c.subject_type == "province") & (alerts.c.subject == code)
    on_it = alerts_where(connection, now, here, limit=MOST_ALERTS)
    counted = connection.execute(sa.text(_BY_DETECTOR), asked).all()
    if not weeks and not on_it and not counted:
        raise NotThereError(
            f"neither documents nor alerts in the store name the province {code[:20]!r}"
        )
    return ProvinceDetail(
        province=code,
        name=province_name(desk_country(), code),
        detector=detector,
        weeks=weeks,
        alerts=on_it,
        behind=tuple(struct_of(Behind, row) for row in connection.execute(who, given)),
        by_detector=tuple((row.detector, row.alerts) for row in counted),
    )
