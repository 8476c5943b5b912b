"""The life of alerts through the engine: causes, late documents, deadlines that move."""

import json
import zlib
from typing import Any

import pytest

from detectors.alerts import Alert
from detectors.filing import Position
from detectors.policy import Policy
from detectors.registry import DECLARED, Catalogue
from detectors.vin import check_digit
from streams.engine.engine import Engine
from streams.engine.results import RawDocument
from streams.setup.policy import load_policy, shipped_policy_text
from streams.state.store import MemoryStore

VIN = "LGXCE6CB0SK100074"


@pytest.fixture
def engine() -> Engine:
    return Engine(Catalogue(load_policy()), MemoryStore())


def raw(event_type: str, at: str, **fields: Any) -> RawDocument:
    document = {
        "event_id": f"{event_type}-{at}",
        "source": "cn-customs" if event_type == "customs_export" else "cn-vehicle-register",
        "event_type": event_type,
        "vin": VIN,
        "occurred_at": at,
    }
    return RawDocument(json.dumps(document | fields).encode())


def sale(at: str, owner: str, **fields: Any) -> RawDocument:
    return raw("registration", at, **({"kind": "transfer", "owner_id": owner} | fields))


def pending(at: str = "2025-03-01", **fields: Any) -> RawDocument:
    return sale(at, "x", kind="pending_export", **fields)


def export(at: str, **fields: Any) -> RawDocument:
    common = {"declaration_no": at, "exporter_id": "x", "destination": "AE", "condition": "used"}
    return raw("customs_export", at, **(common | fields))


def feed(at: str, source: str = "cn-customs") -> RawDocument:
    """Another car's document, which moves a feed on."""
    identity = f"{source}{at}"
    vin = f"LB3CE6CB9SK1{zlib.crc32(identity.encode()) % 100_000:05d}"
    vin = vin[:8] + check_digit(vin) + vin[9:]
    return export(at, vin=vin, condition="new", source=source, event_id=identity)


def told(engine: Engine, *batch: RawDocument) -> list[tuple[str, str, str, int]]:
    return [_short(alert) for alert in engine.process(batch).alerts]


def _short(alert: Alert) -> tuple[str, str, str, int]:
    return alert.detector, alert.state, alert.cause, alert.revision


def test_open_update_resolve_reopen(engine):
    assert told(engine, sale("2025-03-01", "a", price_cny=100)) == []
    second = {"event_id": "s", "price_cny": 90}
    assert told(engine, sale("2025-03-04", "b", **second)) == [
        ("double_sale", "firing", "new_evidence", 0)
    ]
    assert told(engine, sale("2025-03-04", "b", **second)) == []
    assert told(engine, sale("2025-03-04", "b", event_id="s", price_cny=95, revision=1)) == [
        ("double_sale", "firing", "amended", 1)
    ]
    assert told(engine, sale("2025-03-04", "b", event_id="s", revision=2, status="void")) == [
        ("double_sale", "resolved", "voided", 2)
    ]
    assert told(engine, sale("2025-03-04", "b", event_id="s", price_cny=95, revision=3)) == [
        ("double_sale", "firing", "amended", 3)
    ]


def test_a_late_document_is_the_cause(engine):
    assert told(engine, sale("2025-03-04", "b")) == []
    told(engine, sale("2025-06-01", "z", vin="LB3CE6CB9SK100111"))
    assert told(engine, sale("2025-03-01", "a")) == [("double_sale", "firing", "late_document", 0)]


def test_an_alert_says_all_that_the_contract_promises(engine):
    alert = engine.process([sale("2025-03-01", "a"), sale("2025-03-04", "b")]).alerts[0]
    assert (alert.subject_type, alert.subject, alert.occurred_at) == ("vehicle", VIN, "2025-03-04")
    assert (alert.severity, alert.shadow, alert.model_id) == ("low", False, None)
    assert alert.policy_id == engine.policy.digest
    assert [e.event_id for e in alert.evidence] == [
        "registration-2025-03-01",
        "registration-2025-03-04",
    ]
    assert "3 days" in alert.explanation
    assert alert.facts["days_between"] == 3
    assert alert.detected_at.endswith("+00:00")


def test_evidence_says_where_it_was_read(engine):
    first, second = sale("2025-03-01", "a"), sale("2025-03-04", "b")
    batch = [first._replace(position=Position("registrations", 1, 7)), second]
    evidence = engine.process(batch).alerts[0].evidence
    assert [(e.topic, e.partition, e.offset) for e in evidence] == [
        ("registrations", 1, 7),
        (None, None, None),
    ]


def test_a_deadline_passes_by_event_time_and_is_withdrawn_by_the_missing_document(engine):
    """60 days after 1 March is 30 April; the feed is complete 15 days behind its newest event."""
    assert told(engine, pending(), feed("2025-05-14")) == []
    assert told(engine, feed("2025-05-15")) == [("export_not_declared", "firing", "deadline_passed", 0)]
    assert told(engine, export("2025-04-20", odometer_km=9000)) == [
        ("export_not_declared", "resolved", "late_document", 1)
    ]


def test_a_source_that_shows_up_late_takes_a_deadline_back(engine):
    told(engine, pending(), feed("2025-05-15"))
    assert told(engine, feed("2025-05-01", source="cn-port-office")) == [
        ("export_not_declared", "resolved", "deadline_passed", 1)
    ]
    assert told(engine, feed("2025-05-15", source="cn-port-office")) == [
        ("export_not_declared", "firing", "deadline_passed", 2)
    ]


def test_nothing_passes_while_a_feed_was_never_seen(engine):
    assert told(engine, pending("2015-03-01"), sale("2025-03-01", "b", vin="LB3CE6CB9SK100111")) == []


def test_somebody_may_declare_the_feeds_complete(engine):
    told(engine, pending())
    day = 739371  # 2025-04-30
    assert engine.declare_complete(day - 1).alerts == []
    assert [_short(alert) for alert in engine.declare_complete(day).alerts] == [
        ("export_not_declared", "firing", "deadline_passed", 0)
    ]


def test_all_documents_are_accounted_for(engine):
    entry = sale("2025-03-01", "a", revision=1)
    batch = [entry, entry, sale("2025-03-01", "a"), RawDocument(b"{"), sale("2025-03-02", "b")]
    [letter] = engine.process(batch).dead_letters
    assert (letter.error.__traceback__, letter.error.__context__) == (None, None), "they hold the batch"
    counters = engine.counters
    assert (counters.read, counters.accepted, counters.duplicate, counters.stale) == (5, 2, 1, 1)
    assert counters.dead_lettered == {"not_json": 1}


def test_a_forgotten_alert_that_opens_again_has_a_greater_revision():
    override = "[history]\nmaximum_resolved_alerts = 1"
    engine = Engine(Catalogue(Policy.parse(shipped_policy_text(), override, DECLARED)), MemoryStore())
    last: dict[str, int] = {}
    for step, day in enumerate(("2025-03-03", "2025-04-03", "2025-05-03", "2025-03-03")):
        again = sale(day, "b", event_id="again", revision=2 * step)
        withdrawn = sale(day, "b", event_id="again", revision=2 * step + 1, status="void")
        first = sale(day[:8] + "01", f"owner of {day}", event_id=f"first-{day}")
        for batch in ([first, again], [withdrawn]):
            for alert in engine.process(batch).alerts:
                assert alert.revision > last.get(alert.alert_id, -1)
                last[alert.alert_id] = alert.revision
    assert len(last) == 3


def test_an_export_counts_for_its_province_though_no_rule_looks_at_it():
    off = {name: {"enabled": False} for name in Catalogue(load_policy()).known}
    engine = Engine(Catalogue(load_policy(off)), MemoryStore())
    [change] = engine.process([export("2025-03-01", exporter_province="CN-GD")]).exports
    assert change.before is None
    assert change.after is not None
    assert change.after.province == "CN-GD"
