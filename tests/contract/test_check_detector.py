"""Every detector keeps the contract, and the contract suite sees who does not."""

import sys

import pytest

from detectors.base import Detector, Parameters
from detectors.checks import CHECKS, check_detector
from detectors.checks.findings import check_bounded
from detectors.decoding import decode
from detectors.errors import DetectorContractError
from detectors.history import VehicleHistory
from detectors.registry import RULES
from streams.setup.policy import load_policy
from tests.contract.bad_detectors import BROKEN, EndlessFindings, Good
from tests.fixtures.loading import histories, holds, stream

FIRING = (
    b'{"event_id":"1","source":"r","event_type":"registration","vin":"LGXCE6CB0SK100074",'
    b'"kind":"initial","occurred_at":"2024-03-01","owner_id":"a","price_cny":120000,"brand":"BYD"}',
    b'{"event_id":"2","source":"r","event_type":"registration","vin":"LGXCE6CB0SK100074",'
    b'"kind":"pending_export","occurred_at":"2025-03-01","owner_id":"b","odometer_km":15000}',
    b'{"event_id":"3","source":"c","event_type":"customs_export","vin":"LGXCE6CB0SK100074",'
    b'"occurred_at":"2025-03-20","declaration_no":"51","exporter_id":"b","destination":"AE",'
    b'"condition":"used","value_cny":90000}',
)
QUIET = FIRING[:2]


def example(lines: tuple[bytes, ...]) -> VehicleHistory:
    return VehicleHistory.of("LGXCE6CB0SK100074", [decode(line) for line in lines])


def check(rule: type[Good]) -> None:
    check_detector(rule(Parameters(source="test")), firing=[example(FIRING)], quiet=[example(QUIET)])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.spec.id)
def test_a_registered_rule_keeps_the_contract(rule: type[Detector[Parameters]]):
    identity = rule.spec.id
    loud, silent = stream(identity, "firing"), stream(identity, "quiet")
    firing = {label.vin for label in loud.expected if label.detector == identity}
    detector = rule(load_policy().parameters[identity])
    check_detector(
        detector,
        firing=[history for vin, history in histories(loud).items() if vin in firing],
        quiet=[h for h in histories(silent).values() if h.documents],
        holds=lambda finding: holds(loud, finding) and holds(silent, finding),
    )


def test_a_detector_that_keeps_the_contract_passes():
    check(Good)


@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.__name__)
def test_a_detector_that_breaks_a_promise_is_seen(rule: type[Good]):
    with pytest.raises(DetectorContractError, match=BROKEN[rule]) as broken:
        check(rule)
    assert broken.value.detector == "good"


def test_a_detector_breaks_no_more_than_it_is_told():
    """The checks are apart: one broken promise does not set off the others."""
    for name in ("NoEvidence", "ScoreOutOfBand", "UnstableId", "DependsOnOrder", "ExplainsNothing"):
        rule = next(rule for rule in BROKEN if rule.__name__ == name)
        with pytest.raises(DetectorContractError) as broken:
            check(rule)
        assert len(broken.value.broken) == 1, broken.value.broken


def test_every_check_is_shown_to_fail():
    assert {check.__name__ for check in CHECKS} <= set(BROKEN.values())


@pytest.mark.timeout(20)
def test_endless_output_is_cut_off():
    with pytest.raises(DetectorContractError, match="more than"):
        check_bounded(EndlessFindings(Parameters(source="test")), example(FIRING))


def test_examples_are_asked_for():
    with pytest.raises(DetectorContractError, match="no firing history") as broken:
        check_detector(Good(Parameters(source="test")), firing=[], quiet=[])
    assert len(broken.value.broken) == 2


def test_a_profiler_that_was_there_stays():
    def profiler(*_: object) -> None:
        return None

    before = sys.getprofile()
    sys.setprofile(profiler)
    try:
        check(Good)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(before)
