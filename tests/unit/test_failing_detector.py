"""A detector that raises stops nothing else and is not silent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from detectors.registry import DETECTORS, Catalogue
from detectors.rules.double_sale import DoubleSale
from streams.engine.engine import Engine
from streams.engine.results import RawDocument
from streams.setup.policy import load_policy
from streams.state.store import MemoryStore

VIN = "LGXCE6CB0SK100074"


class Fault:
    """Makes the double-sale rule of a catalogue raise while it is switched on."""

    def __init__(self, catalogue: Catalogue, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.on = True
        detector = catalogue.detectors["double_sale"]
        works = getattr(detector, method)

        def faulty(argument: Any) -> Any:
            if self.on:
                raise ZeroDivisionError("a fault for the test")
            return works(argument)

        monkeypatch.setattr(detector, method, faulty)


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(load_policy())


@pytest.fixture
def engine(catalogue: Catalogue) -> Engine:
    return Engine(catalogue, MemoryStore())


def entries(vin: str = VIN) -> Iterator[RawDocument]:
    """A double sale that is a flash registration too."""
    for number, (kind, at, owner) in enumerate(
        [("initial", "2025-03-01", "a"), ("pending_export", "2025-03-03", "x")]
    ):
        document = {
            "event_id": f"{number}",
            "source": "cn-vehicle-register",
            "event_type": "registration",
            "vin": vin,
            "kind": kind,
            "occurred_at": at,
            "owner_id": owner,
        }
        yield RawDocument(json.dumps(document).encode())


def amended(**fields: Any) -> RawDocument:
    first = json.loads(next(entries()).value)
    return RawDocument(json.dumps(first | {"revision": 1} | fields).encode())


def test_the_others_go_on_and_the_failure_names_the_documents(catalogue, engine, monkeypatch):
    Fault(catalogue, "findings", monkeypatch)
    result = engine.process(entries())
    assert {alert.detector for alert in result.alerts} == {"flash_registration"}
    (failure,) = result.failures
    assert failure.detector == "double_sale"
    assert failure.documents == ("cn-vehicle-register/0", "cn-vehicle-register/1")
    assert isinstance(failure.error, ZeroDivisionError)
    assert engine.counters.detector_errors == {"double_sale": 1}
    assert engine.counters.accepted == 2


def test_other_vehicles_go_on(catalogue, engine, monkeypatch):
    works = DoubleSale.findings

    def faulty(self: DoubleSale, history: Any) -> Any:
        if history.vin == VIN:
            raise KeyError("a fault for the test")
        return works(self, history)

    monkeypatch.setattr(DoubleSale, "findings", faulty)
    result = engine.process([*entries(), *entries("LB3CE6CB9SK100111")])
    assert [a.subject for a in result.alerts if a.detector == "double_sale"] == ["LB3CE6CB9SK100111"]
    assert len(result.failures) == 1


def test_a_detector_that_raises_half_way_says_nothing_this_time(catalogue, engine, monkeypatch):
    works = DoubleSale.findings

    def faulty(self: DoubleSale, history: Any) -> Any:
        yield from works(self, history)
        raise RuntimeError("after the first finding")

    monkeypatch.setattr(DoubleSale, "findings", faulty)
    result = engine.process(entries())
    assert {alert.detector for alert in result.alerts} == {"flash_registration"}
    assert len(result.failures) == 1


def test_its_standing_alerts_are_kept_until_it_speaks_again(catalogue, engine, monkeypatch):
    fault = Fault(catalogue, "findings", monkeypatch)
    fault.on = False
    assert {a.detector for a in engine.process(entries()).alerts} == {
        "double_sale",
        "flash_registration",
    }
    fault.on = True
    result = engine.process([amended(occurred_at="2025-02-01")])
    assert [(a.detector, a.state) for a in result.alerts] == [("flash_registration", "resolved")]
    assert len(result.failures) == 1
    fault.on = False
    result = engine.rejudge([VIN])
    assert [(a.detector, a.state, a.cause) for a in result.alerts] == [
        ("double_sale", "resolved", "reconfigured")
    ]


def test_a_fault_in_the_explanation_does_not_hold_back_the_alert(catalogue, engine, monkeypatch):
    Fault(catalogue, "explain", monkeypatch)
    result = engine.process(entries())
    alerts = {alert.detector: alert for alert in result.alerts}
    assert alerts.keys() == {"double_sale", "flash_registration"}
    assert alerts["double_sale"].explanation == DoubleSale.spec.description
    assert [failure.detector for failure in result.failures] == ["double_sale"]
    assert engine.counters.detector_errors == {"double_sale": 1}


def test_alerts_of_a_detector_that_is_switched_off_are_resolved(engine, tmp_path):
    engine.process(entries())
    override = tmp_path / "policy.toml"
    override.write_text("[double_sale]\nenabled = false")
    later = Engine(Catalogue(load_policy(override)), engine.store)
    result = later.rejudge([VIN])
    assert [(a.detector, a.state, a.revision) for a in result.alerts] == [
        ("double_sale", "resolved", 1)
    ]
    assert result.alerts[0].title == DETECTORS["double_sale"].spec.title
    assert "2 days later" in result.alerts[0].explanation
