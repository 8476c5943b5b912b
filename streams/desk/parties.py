"""What the desk shows of an owner, seller or exporter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from detectors.findings import SEVERITIES, Severity
from streams.desk.errors import NotThereError
from streams.desk.reading import MOST_ROWS
from streams.desk.suppressions import Suppression, standing


class PartyVehicle(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle that a party had to do with."""

    vin: str
    roles: str
    first_on: str
    last_on: str
    alerts: int
    worst: Severity | None


class PartyDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An owner, seller or exporter: its vehicles, those with alerts first. An indicator, no verdict."""

    party_id: str
    vehicles: int
    vehicles_with_alerts: int
    shown: tuple[PartyVehicle, ...]
    suppressed_by: tuple[Suppression, ...]


_PARTY_VEHICLES = """
SELECT p.vin, p.as_owner, p.as_seller, p.as_exporter, p.first_on, p.last_on,
       (SELECT COUNT(*) FROM firing_alerts f
        WHERE f.subject = p.vin AND f.subject_type = 'vehicle') AS alerts,
       (SELECT MAX(f.severity_rank) FROM firing_alerts f
        WHERE f.subject = p.vin AND f.subject_type = 'vehicle') AS worst
FROM (SELECT vin, SUM(CASE role WHEN 'owner' THEN 1 ELSE 0 END) AS as_owner,
             SUM(CASE role WHEN 'seller' THEN 1 ELSE 0 END) AS as_seller,
             SUM(CASE role WHEN 'exporter' THEN 1 ELSE 0 END) AS as_exporter,
             MIN(occurred_on) AS first_on, MAX(occurred_on) AS last_on
      FROM party_documents WHERE party_id = :party GROUP BY vin) AS p
ORDER BY alerts DESC, worst DESC, p.vin LIMIT :most
"""
_PARTY_COUNTS = """
SELECT COUNT(*) AS vehicles,
       COUNT(*) FILTER (WHERE EXISTS (
           SELECT 1 FROM firing_alerts f WHERE f.subject = p.vin AND f.subject_type = 'vehicle'
       )) AS with_alerts
FROM (SELECT DISTINCT vin FROM party_documents WHERE party_id = :party) AS p
"""


def party_detail(connection: sa.Connection, party_id: str, now: datetime) -> PartyDetail:
    """An owner, seller or exporter.

    Raises
    ------
    NotThereError
        If no document names it.
    """
    counts = connection.execute(sa.text(_PARTY_COUNTS), {"party": party_id}).one()
    if not counts.vehicles:
        raise NotThereError(f"no document in the store names the party {party_id[:80]!r}")
    rows = connection.execute(sa.text(_PARTY_VEHICLES), {"party": party_id, "most": MOST_ROWS})
    return PartyDetail(
        party_id=party_id,
        vehicles=counts.vehicles,
        vehicles_with_alerts=counts.with_alerts,
        shown=tuple(map(_party_vehicle, rows)),
        suppressed_by=tuple(one for one in standing(connection, now) if one.party_id == party_id),
    )


def _party_vehicle(row: Any) -> PartyVehicle:
    roles = {"owner": row.as_owner, "seller": row.as_seller, "exporter": row.as_exporter}
    return PartyVehicle(
        vin=row.vin,
        roles=", ".join(role for role, times in roles.items() if times),
        first_on=str(row.first_on),
        last_on=str(row.last_on),
        alerts=row.alerts,
        worst=SEVERITIES[row.worst - 1] if row.worst else None,
    )
