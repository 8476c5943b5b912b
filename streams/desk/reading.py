"""What the desk shows of one alert and of one vehicle, in plain data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from streams.desk.asking import AlertRow, alerts_where, one_alert, row_of
from streams.desk.before import SeenBefore, seen_before
from streams.desk.cases import case_of_alert, events_of
from streams.desk.errors import NotThereError
from streams.desk.life_cycle import Case, CaseEvent, awake
from streams.desk.suppressions import Suppression, standing
from streams.desk.tables import alerts, evidence, in_utc

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
    before: SeenBefore

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
    received_at: datetime
    leaf_index: int
    sha256: str
    value: str
    """Its text, shortened beyond 100,000 characters."""


class VehicleDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one vehicle."""

    vin: str
    timeline: tuple[TimelineLine, ...]
    alerts: tuple[AlertRow, ...]
    facts: dict[str, dict[str, Any]]
    """Observed values and thresholds of each alert, by its id."""
    received: tuple[ReceivedDocument, ...]
    parties: tuple[tuple[str, str], ...]
    """Id and role of who is named on its documents."""


def alert_detail(connection: sa.Connection, alert_id: str, now: datetime) -> AlertDetail:
    """Everything about an alert.

    Raises
    ------
    NotThereError
        If there is none.
    """
    row = one_alert(connection, now, alert_id)
    if row is None:
        raise NotThereError(f"there is no alert {alert_id[:80]!r} in the store")
    shown = row_of(row)
    named = _named_on(connection, shown.subject) if shown.subject_type == "vehicle" else ()
    parties = sorted(set(_ids(named)))
    cited = connection.execute(
        sa.select(evidence)
        .where(evidence.c.alert_id == alert_id, evidence.c.revision == row.revision)
        .order_by(evidence.c.position)
    )
    return AlertDetail(
        alert=shown,
        cause=row.cause,
        model_id=row.model_id,
        policy_id=row.policy_id,
        facts=row.facts,
        labels=row.labels,
        evidence=tuple(struct_of(CitedDocument, document) for document in cited),
        case=awake(case_of_alert(connection, alert_id), now),
        events=tuple(events_of(connection, alert_id)),
        suppressed_by=_suppressing(connection, shown, parties, now) if shown.suppressed else (),
        before=seen_before(connection, shown, parties, now),
    )


def _suppressing(
    connection: sa.Connection, alert: AlertRow, parties: Sequence[str], now: datetime
) -> tuple[Suppression, ...]:
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
    facts = connection.execute(sa.select(alerts.c.alert_id, alerts.c.facts).where(here))
    return VehicleDetail(
        vin=vin,
        facts={row.alert_id: row.facts for row in facts},
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
        received_at=in_utc(row.received_at),
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


def struct_of(kind: type[Any], row: Any) -> Any:
    """A struct from a row that has its fields."""
    return kind(**{name: getattr(row, name) for name in kind.__struct_fields__})
