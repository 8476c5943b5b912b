"""From a question to a case: the vehicles it is about, and what the store can prove of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from streams.evidence import tree
from streams.evidence.case import (
    CaseAlert,
    CaseFile,
    CaseVehicle,
    DocumentRequest,
    KeptRecord,
    RankedParty,
    TimelineEntry,
)
from streams.evidence.checkpoint import Checkpoint
from streams.evidence.ssh_signature import SigningKey
from streams.store.checkpoints import consistency_proofs, state_of_log
from streams.store.errors import StoreError
from streams.store.log import entry_of, tiles_of

MOST_VEHICLES = 2000
"""More are a register, not a case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which vehicles a case is about; every condition that is given must hold."""

    vin: str | None = None
    alert_id: str | None = None
    province: str | None = None
    first: date | None = None
    last: date | None = None
    detector: str | None = None
    party: str | None = None

    @property
    def words(self) -> dict[str, str]:
        """The conditions as people read them."""
        told = {
            "vehicle": self.vin, "alert": self.alert_id, "province": self.province, "from": self.first,
            "to": self.last, "detector": self.detector, "party": self.party,
        }  # fmt: skip
        return {name: str(value) for name, value in told.items() if value is not None}


def case_of(
    engine: sa.Engine,
    question: Question,
    key: SigningKey | None,
    now: datetime,
    kept: Sequence[Checkpoint] = (),
) -> CaseFile:
    """Put a case together, in one view of the database.

    Parameters
    ----------
    engine
        The store.
    question
        What it is about.
    key
        Signs the checkpoint that its records are proved against.
    now
        The present.
    kept
        Checkpoints that others have kept: the case proves that the log goes on from them.

    Raises
    ------
    StoreError
        If nothing in the store answers the question, or too much.
    streams.evidence.checkpoint.CheckpointError
        If the log does not go on from a checkpoint that was kept.
    """
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        vins = _vins(connection, question)
        vehicles = tuple(_vehicle(connection, vin) for vin in vins)
        state = state_of_log(connection, now)
        alert_ids = [alert.alert_id for vehicle in vehicles for alert in vehicle.alerts]
        return CaseFile(
            question=question.words,
            made_at=state.made_at,
            origin=state.origin,
            checkpoint=state.signed(key) if key else state.unsigned,
            vehicles=vehicles,
            parties=_parties(connection, vins),
            requests=_requests(connection, vins),
            records=_records(connection, [*vins, *alert_ids, *_quiet(connection, alert_ids)], state),
            consistency=consistency_proofs(connection, state, kept),
        )


def _vins(connection: sa.Connection, question: Question) -> list[str]:
    if question.vin is not None:
        known = sa.text("SELECT DISTINCT vin FROM documents WHERE vin = :vin")
        found = connection.execute(known, {"vin": question.vin}).scalars().all()
    else:
        found = connection.execute(*_alerts_asked(connection, question)).scalars().all()
    if not found:
        told = ", ".join(f"{name} {value}" for name, value in question.words.items())
        raise StoreError(f"no vehicle in the store answers: {told}")
    if len(found) > MOST_VEHICLES:
        raise StoreError(
            f"{len(found):,} vehicles answer; a pack holds at most {MOST_VEHICLES:,}: ask for less"
        )
    return list(found)


def _alerts_asked(
    connection: sa.Connection, question: Question
) -> tuple[sa.TextClause, dict[str, Any]]:
    conditions = {
        "alert_id": "a.alert_id = :alert_id",
        "province": "a.province = :province",
        "first": "a.occurred_on >= :first",
        "last": "a.occurred_on <= :last",
        "detector": "a.detector = :detector",
        "party": "a.subject IN (SELECT p.vin FROM party_documents p WHERE p.party_id = :party)",
    }
    values = {name: getattr(question, name) for name in conditions}
    given = {name: value for name, value in values.items() if value is not None}
    if connection.dialect.name == "sqlite":
        given = {name: str(value) for name, value in given.items()}
    # One alert is asked for whatever its state; else what stands.
    standing = "" if question.alert_id else " AND a.state = 'firing' AND NOT a.shadow"
    where = " AND ".join(conditions[name] for name in given)
    query = (
        "SELECT DISTINCT a.subject FROM alerts a "  # noqa: S608 - our own words only
        f"WHERE a.subject_type = 'vehicle'{standing} AND {where or '1 = 1'} ORDER BY a.subject"
    )
    return sa.text(query), given


def _vehicle(connection: sa.Connection, vin: str) -> CaseVehicle:
    timeline = connection.execute(
        sa.text(
            "SELECT occurred_on, entry, sentence, reference, state FROM vehicle_timeline "
            "WHERE vin = :vin ORDER BY civil_day, place, reference"
        ),
        {"vin": vin},
    )
    alerts = connection.execute(
        sa.text(
            "SELECT * FROM firing_alerts WHERE subject_type = 'vehicle' AND subject = :vin "
            "ORDER BY severity_rank DESC, score DESC, alert_id"
        ),
        {"vin": vin},
    ).all()
    return CaseVehicle(
        vin,
        tuple(
            TimelineEntry(str(row.occurred_on), row.entry, row.sentence, row.reference, row.state)
            for row in timeline
        ),
        tuple(_alert(connection, row) for row in alerts),
    )


def _alert(connection: sa.Connection, row: Any) -> CaseAlert:
    evidence = connection.execute(
        sa.text("SELECT source, event_id FROM current_evidence WHERE alert_id = :id ORDER BY position"),
        {"id": row.alert_id},
    )
    return CaseAlert(
        alert_id=row.alert_id,
        detector=row.detector,
        detector_version=row.detector_version,
        model_id=row.model_id,
        policy_id=row.policy_id,
        severity=row.severity,
        score=row.score,
        title=row.title,
        explanation=row.explanation,
        facts=row.facts if isinstance(row.facts, dict) else json.loads(row.facts),
        evidence=tuple(f"{document.source}/{document.event_id}" for document in evidence),
    )


def _of(vins: Sequence[str], query: str) -> sa.TextClause:
    return sa.text(query).bindparams(sa.bindparam("vins", expanding=True, value=list(vins)))


def _parties(connection: sa.Connection, vins: Sequence[str]) -> tuple[RankedParty, ...]:
    """Parties of the vehicles, those with the most of them first."""
    query = (
        "SELECT party_id, role, MAX(party_type) AS party_type, COUNT(DISTINCT vin) AS vehicles "
        "FROM party_documents WHERE vin IN :vins GROUP BY party_id, role "
        "ORDER BY COUNT(DISTINCT vin) DESC, role, party_id"
    )
    return tuple(
        RankedParty(row.party_id, row.role, row.party_type or "", row.vehicles)
        for row in connection.execute(_of(vins, query))
    )


_NUMBERS = {
    "invoice": ("invoice_no", "the registering office"),
    "declaration": ("declaration_no", "customs"),
    "licence": ("licence_no", "who issues export licences"),
}
"""What documents cite: its column, and who has it."""


def _requests(connection: sa.Connection, vins: Sequence[str]) -> tuple[DocumentRequest, ...]:
    query = (
        "SELECT vin, source, event_id, occurred_on, province, exit_customs, invoice_no, "
        "declaration_no, licence_no FROM live_documents "
        "WHERE vin IN :vins ORDER BY vin, civil_day, source, event_id"
    )
    found = []
    for row in connection.execute(_of(vins, query)):
        for kind, (column, office) in _NUMBERS.items():
            number = getattr(row, column)
            if number:
                gate = row.exit_customs if kind == "declaration" else None
                where = f"{office}, {gate or row.province}" if gate or row.province else office
                reference = f"{row.source}/{row.event_id}"
                found.append(
                    DocumentRequest(kind, number, row.vin, str(row.occurred_on), where, reference)
                )
    return tuple(found)


_COVERING = """
SELECT DISTINCT s.suppression_id FROM suppressions s JOIN alerts a
  ON (s.detector IS NULL OR s.detector = a.detector)
 AND (s.province IS NULL OR s.province = a.province)
 AND (s.brand IS NULL OR s.brand = a.brand)
 AND (s.destination IS NULL OR s.destination = a.destination)
 AND (s.vin IS NULL OR s.vin = a.subject)
 AND (s.party_id IS NULL OR EXISTS (
      SELECT 1 FROM party_documents p WHERE p.vin = a.subject AND p.party_id = s.party_id))
WHERE a.alert_id = :alert
"""


def _quiet(connection: sa.Connection, alert_ids: Sequence[str]) -> list[str]:
    """Snoozes and exceptions that cover an alert or did so in a version of theirs."""
    covering = sa.text(_COVERING)
    return sorted(
        {found for one in alert_ids for found in connection.execute(covering, {"alert": one}).scalars()}
    )


def _records(
    connection: sa.Connection, belonging: Iterable[str], state: Checkpoint
) -> tuple[KeptRecord, ...]:
    """Every record of the vehicles, their alerts and what kept those quiet, each with its proof."""
    read = tiles_of(connection)
    query = sa.text("SELECT * FROM received_records WHERE belongs_to = :one AND leaf_index < :size")
    rows = [
        row for one in belonging for row in connection.execute(query, {"one": one, "size": state.size})
    ]
    return tuple(
        KeptRecord(
            leaf_index=row.leaf_index,
            kind=row.kind,
            about=f"{row.source}/{row.event_id}" if row.kind == "document" else row.belongs_to,
            vin=row.belongs_to if row.kind == "document" else "",
            revision=row.revision,
            value=bytes(row.value),
            entry=entry_of(row).canonical(),
            path=tuple(tree.inclusion_proof(read, row.leaf_index, state.size)),
            concealed=bool(row.concealed),
        )
        for row in sorted(rows, key=lambda row: row.leaf_index)
    )
