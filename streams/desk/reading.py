"""What the desk shows of one alert, vehicle, party or province, in plain data."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from detectors.findings import SEVERITIES, Severity
from streams.desk.asking import AlertRow, alerts_where
from streams.desk.cases import case_of_alert, events_of
from streams.desk.country import desk_country
from streams.desk.errors import NotThereError
from streams.desk.life_cycle import Case, CaseEvent, awake
from streams.desk.suppressions import Suppression, standing
from streams.desk.tables import alerts, evidence
from streams.report.names import province_name

MOST_ALERTS: Final = 200
MOST_ROWS: Final = 200
LONGEST_VALUE: Final = 100_000


class CitedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that an alert rests on."""

    source: str
    event_id: str
    event_revision: int
    event_type: str
    occurred_at: str
    document_vin: str | None
    """`null` where the store has not got the document."""
    kafka_topic: str | None
    kafka_partition: int | None
    kafka_offset: int | None


class AlertDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about an alert: what it says, what it rests on, what people made of it."""

    alert: AlertRow
    cause: str
    model_id: str | None
    policy_id: str | None
    facts: dict[str, Any]
    labels: dict[str, str]
    evidence: tuple[CitedDocument, ...]
    case: Case
    events: tuple[CaseEvent, ...]
    suppressed_by: tuple[Suppression, ...]

    @property
    def etag(self) -> str:
        """What somebody has seen: the versions of case and alert."""
        return f"{self.case.version}.{self.alert.revision}"


class TimelineLine(msgspec.Struct, frozen=True):
    """A line of a vehicle's timeline."""

    occurred_on: str
    entry: str
    """`document` or `alert`."""
    sentence: str
    reference: str
    state: str


class ReceivedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it was received, one of perhaps several times."""

    source: str
    event_id: str
    revision: int
    counts: bool
    received_at: str
    leaf_index: int
    sha256: str
    value: str
    """Its text, shortened beyond 100,000 characters."""


class VehicleDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one vehicle."""

    vin: str
    timeline: tuple[TimelineLine, ...]
    alerts: tuple[AlertRow, ...]
    received: tuple[ReceivedDocument, ...]
    parties: tuple[tuple[str, str], ...]
    """Id and role of who is named on its documents."""


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


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """A party behind a province's alerts of one detector."""

    party_id: str
    role: str
    vehicles: int


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """Used exports of a week in a province."""

    week: str
    """Its Monday."""
    exports: int


class ProvinceDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A province: its exports by week, alerts on them, and who is behind the alerts on its cars."""

    province: str
    name: str
    detector: str | None
    weeks: tuple[Week, ...]
    alerts: tuple[AlertRow, ...]
    """On the province itself; their facts name what was expected."""
    behind: tuple[Behind, ...]
    by_detector: tuple[tuple[str, int], ...]


def alert_detail(connection: sa.Connection, alert_id: str, now: datetime) -> AlertDetail:
    """Everything about an alert.

    Raises
    ------
    NotThereError
        If there is none.
    """
    shown = alerts_where(connection, now, alerts.c.alert_id == alert_id, limit=1)
    if not shown:
        raise NotThereError(f"there is no alert {alert_id[:80]!r} in the store")
    row = connection.execute(sa.select(alerts).where(alerts.c.alert_id == alert_id)).one()
    cited = connection.execute(
        sa.select(evidence)
        .where(evidence.c.alert_id == alert_id, evidence.c.revision == row.revision)
        .order_by(evidence.c.position)
    )
    return AlertDetail(
        alert=shown[0],
        cause=row.cause,
        model_id=row.model_id,
        policy_id=row.policy_id,
        facts=row.facts,
        labels=row.labels,
        evidence=tuple(_struct(CitedDocument, document) for document in cited),
        case=awake(case_of_alert(connection, alert_id), now),
        events=tuple(events_of(connection, alert_id)),
        suppressed_by=_suppressing(connection, shown[0], now) if shown[0].suppressed else (),
    )


def _suppressing(connection: sa.Connection, alert: AlertRow, now: datetime) -> tuple[Suppression, ...]:
    parties = (
        set(_ids(_named_on(connection, alert.subject))) if alert.subject_type == "vehicle" else set()
    )
    values: dict[str, Any] = {
        "detector": alert.detector, "vin": alert.subject, "province": alert.province,
        "brand": alert.brand, "destination": alert.destination,
    }  # fmt: skip
    return tuple(
        one
        for one in standing(connection, now)
        if all(
            value in parties if name == "party_id" else value == values[name]
            for name, value in one.scope.items()
        )
    )


def vehicle_detail(connection: sa.Connection, vin: str, now: datetime) -> VehicleDetail:
    """Everything about a vehicle.

    Raises
    ------
    NotThereError
        If the store knows neither documents nor alerts of it.
    """
    vin = vin.strip().upper()
    timeline = connection.execute(
        sa.text(
            "SELECT occurred_on, entry, sentence, reference, state FROM vehicle_timeline "
            "WHERE vin = :vin ORDER BY civil_day, place, reference"
        ),
        {"vin": vin},
    ).all()
    if not timeline:
        raise NotThereError(f"the store knows no vehicle {vin[:40]!r}")
    received = connection.execute(
        sa.text("SELECT * FROM document_revisions WHERE vin = :vin ORDER BY leaf_index LIMIT :most"),
        {"vin": vin, "most": MOST_ROWS},
    )
    here = (alerts.c.subject_type == "vehicle") & (alerts.c.subject == vin)
    return VehicleDetail(
        vin=vin,
        timeline=tuple(TimelineLine(str(row[0]), *row[1:]) for row in timeline),
        alerts=alerts_where(connection, now, here, limit=MOST_ALERTS),
        received=tuple(map(_received, received)),
        parties=_named_on(connection, vin),
    )


def _received(row: Any) -> ReceivedDocument:
    return ReceivedDocument(
        source=row.source,
        event_id=row.event_id,
        revision=row.revision,
        counts=bool(row.counts),
        received_at=str(row.received_at),
        leaf_index=row.leaf_index,
        sha256=bytes(row.value_sha256).hex(),
        value=bytes(row.value).decode("utf-8", "replace")[:LONGEST_VALUE],
    )


def _named_on(connection: sa.Connection, vin: str) -> tuple[tuple[str, str], ...]:
    query = sa.text(
        "SELECT DISTINCT party_id, role FROM party_documents WHERE vin = :vin ORDER BY 1, 2"
    )
    return tuple((row.party_id, row.role) for row in connection.execute(query, {"vin": vin}))


def _ids(named: tuple[tuple[str, str], ...]) -> list[str]:
    return [party for party, _ in named]


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


_WEEKS = """
SELECT d.occurred_week AS week, COUNT(DISTINCT d.vin) AS exports
FROM documents d
WHERE d.status = 'valid' AND d.event_type = 'customs_export' AND d.kind = 'used'
  AND d.province = :province
GROUP BY d.occurred_week ORDER BY d.occurred_week DESC LIMIT 156
"""
_BEHIND = """
SELECT p.party_id, p.role, COUNT(DISTINCT p.vin) AS vehicles
FROM (SELECT DISTINCT a.subject FROM firing_alerts a
      WHERE a.subject_type = 'vehicle' AND a.province = :province
        AND (a.detector = :detector OR :detector IS NULL)) AS s
JOIN party_documents p ON p.vin = s.subject
GROUP BY p.party_id, p.role ORDER BY COUNT(DISTINCT p.vin) DESC, p.party_id, p.role LIMIT 20
"""
_BY_DETECTOR = """
SELECT detector, COUNT(*) AS alerts FROM firing_alerts
WHERE subject_type = 'vehicle' AND province = :province GROUP BY detector ORDER BY 2 DESC, 1
"""


def province_detail(
    connection: sa.Connection, province: str, now: datetime, detector: str | None = None
) -> ProvinceDetail:
    """A province; with a detector, who is behind its alerts there.

    Raises
    ------
    NotThereError
        If no document and no alert names it.
    """
    code = province.strip().upper()
    asked = {"province": code}
    weeks = connection.execute(sa.text(_WEEKS), asked).all()
    who = sa.text(_BEHIND).bindparams(sa.bindparam("detector", detector, sa.Text))
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
        weeks=_every_week({str(row.week): row.exports for row in weeks}),
        alerts=on_it,
        behind=tuple(_struct(Behind, row) for row in connection.execute(who, asked)),
        by_detector=tuple((row.detector, row.alerts) for row in counted),
    )


def _every_week(counted: dict[str, int]) -> tuple[Week, ...]:
    """All weeks from the first to the last one counted, those without an export too."""
    if not counted:
        return ()
    first, last = (date.fromisoformat(pick(counted)).toordinal() for pick in (min, max))
    mondays = (date.fromordinal(day).isoformat() for day in range(first, last + 1, 7))
    return tuple(Week(week=monday, exports=counted.get(monday, 0)) for monday in mondays)


def _struct(kind: type[Any], row: Any) -> Any:
    return kind(**{name: getattr(row, name) for name in kind.__struct_fields__})
