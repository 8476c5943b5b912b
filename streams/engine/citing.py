"""What a document cites and whom it names, in full; and a dossier as a case and as plain data."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec

from detectors import civil_time
from detectors.alerts import Alert
from detectors.documents import Document
from streams.engine.dossier import Dossier, describe
from streams.evidence.case import (
    CaseAlert,
    CaseFile,
    CaseVehicle,
    DocumentRequest,
    RankedParty,
    TimelineEntry,
)

_CITED: Final = {
    "owner_id": "owner", "seller_id": "seller", "exporter_id": "exporter", "invoice_no": "invoice",
    "declaration_no": "declaration", "licence_no": "licence", "plate": "plate",
}  # fmt: skip
_PARTIES: Final = ("owner", "seller", "exporter")
_OFFICES: Final = {
    "invoice": "the registering office",
    "declaration": "customs",
    "licence": "who issues export licences",
}
"""What can be asked for, and who has it."""


def citations(document: Document) -> dict[str, str]:
    """Parties and numbers that a document names, by what they are."""
    found = {word: getattr(document, field, None) for field, word in _CITED.items()}
    return {word: value for word, value in found.items() if value}


def reference(document: Document) -> str:
    """Source and event id."""
    return f"{document.source}/{document.event_id}"


def as_data(found: Dossier) -> dict[str, Any]:
    """A dossier for programs; the alerts' evidence names documents by source and event id."""
    return {
        "vin": found.history.vin,
        "documents": [
            {
                "event_type": document.event_type,
                "occurred_at": document.occurred_at,
                "says": describe(document, found.country),
            }
            | {
                name: value
                for name, value in msgspec.structs.asdict(document).items()
                if name not in {"day", "time", "recorded_day", "recorded_time"} and value is not None
            }
            for document in found.history.documents
        ],
        "sales": [
            msgspec.structs.asdict(sale)
            | {"day": civil_time.day_text(sale.day), "document": reference(sale.document)}
            for sale in found.sales
        ],
        "alerts": [msgspec.to_builtins(alert) for alert in found.firing],
        "near_misses": [
            {"detector": miss.finding.detector, "occurred_at": miss.finding.occurred_at,
             "observed": miss.observed, "unit": miss.unit, "parameter": miss.parameter,
             "threshold": miss.threshold}
            for miss in found.near
        ],
        "waiting": [
            {"detector": detector, "feed": feed, "last_day": civil_time.day_text(last_day)}
            for detector, feed, last_day in found.waiting
        ],
    }  # fmt: skip


def as_case(dossiers: list[Dossier], made_at: str) -> CaseFile:
    """Dossiers as the case that a pack shows, here of files and without a log."""
    documents = [document for found in dossiers for document in found.history.documents]
    return CaseFile(
        question={"vehicles": ", ".join(found.history.vin for found in dossiers)},
        made_at=made_at,
        origin="",
        checkpoint="",
        vehicles=tuple(_vehicle(found) for found in dossiers),
        parties=_ranked(documents),
        requests=tuple(request for document in documents for request in _requests(document)),
        records=(),
    )


def _vehicle(found: Dossier) -> CaseVehicle:
    timeline = tuple(
        TimelineEntry(
            document.occurred_at, "document",
            ", ".join(
                [
                    describe(document, found.country),
                    *(f"{word} {value}" for word, value in citations(document).items()),
                ]
            ),
            reference(document), document.status,
        )
        for document in found.history.documents
    )  # fmt: skip
    alerts = sorted(found.firing, key=lambda alert: -alert.score)
    return CaseVehicle(found.history.vin, timeline, tuple(map(_alert, alerts)))


def _alert(alert: Alert) -> CaseAlert:
    return CaseAlert(
        alert_id=alert.alert_id,
        detector=alert.detector,
        detector_version=alert.detector_version,
        model_id=alert.model_id,
        policy_id=alert.policy_id,
        severity=alert.severity,
        score=alert.score,
        title=alert.title,
        explanation=alert.explanation,
        facts=alert.facts,
        evidence=tuple(f"{each.source}/{each.event_id}" for each in alert.evidence),
    )


def _ranked(documents: list[Document]) -> tuple[RankedParty, ...]:
    """Parties by the number of vehicles whose documents name them."""
    named = {
        (party, role, document.vin)
        for document in documents
        for role, party in citations(document).items()
        if role in _PARTIES
    }
    counted = Counter((party, role) for party, role, _ in named)
    kinds = {
        getattr(document, "owner_id", None): getattr(document, "owner_type", None) or ""
        for document in documents
    }
    order = sorted(counted.items(), key=lambda item: (-item[1], item[0][1], item[0][0]))
    return tuple(
        RankedParty(party, role, kinds.get(party, "exporter" if role == "exporter" else ""), vehicles)
        for (party, role), vehicles in order
    )


def _requests(document: Document) -> list[DocumentRequest]:
    province = getattr(document, "province", None) or getattr(document, "exporter_province", None)
    found = []
    for kind, number in citations(document).items():
        if kind in _OFFICES:
            gate = getattr(document, "exit_customs", None) if kind == "declaration" else None
            where = ", ".join(filter(None, (_OFFICES[kind], gate or province)))
            day = civil_time.day_text(document.day)
            found.append(DocumentRequest(kind, number, document.vin, day, where, reference(document)))
    return found
