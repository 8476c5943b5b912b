"""Every fixture ends in exactly the alerts that it is labelled with, in any order of arrival."""

import pytest

from detectors.registry import DETECTORS
from streams.setup.policy import load_policy
from tests.fixtures.loading import (
    KINDS,
    NAMES,
    Expected,
    Stream,
    describe,
    fired,
    histories,
    holds,
    stream,
)
from tests.fixtures.weave import woven

STREAMS = [stream(name, which) for name in NAMES for which in KINDS]
ORDERS = {
    "as recorded": lambda lines: lines,
    "reversed": lambda lines: lines[::-1],
    "twice": lambda lines: lines + lines,
    "each twice, the second half first": lambda lines: (
        lines[len(lines) // 2 :] + lines[: len(lines) // 2] + lines
    ),
}
DEADLINE_RULES = {"export_not_declared", "deregistration_overdue"}

each_stream = pytest.mark.parametrize("source", STREAMS, ids=lambda s: f"{s.detector}-{s.which}")


@each_stream
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("batch", [1, 1000])
def test_a_fixture_fires_exactly_what_it_is_labelled_with(source: Stream, order: str, batch: int):
    lines = ORDERS[order](source.lines)
    found = fired(lines, complete_through=source.complete_through, batch=batch)
    assert describe(found - source.expected, source) == [], "not expected"
    assert describe(source.expected - found, source) == [], "missing"


@each_stream
def test_a_fixture_is_about_its_own_detector(source: Stream):
    own = {label.vin for label in source.expected if label.detector == source.detector}
    if source.which == "quiet":
        assert not own
    else:
        silent = source.cases.keys() - own - _feeds(source)
        assert not silent, [source.cases[vin] for vin in silent]


def _feeds(source: Stream) -> set[str]:
    """Vehicles that are there to move a watermark."""
    return {vin for vin, case in source.cases.items() if "feed moves on" in case}


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_has_the_words_and_the_evidence_that_were_agreed(name: str):
    source = stream(name, "firing")
    detector = DETECTORS[name](load_policy().parameters[name])
    told = {
        Expected(vin, name, finding.severity, finding.anchor): (
            detector.explain(finding.facts),
            [f"{document.source}/{document.event_id}" for document in finding.evidence],
        )
        for vin, history in histories(source).items()
        for finding in detector.judge(history)
        if holds(source, finding)
    }
    assert told == source.told
    assert told.keys() == {label for label in source.expected if label.detector == name}


def test_no_vehicle_is_in_two_fixtures():
    seen: dict[str, str] = {}
    for source in STREAMS:
        for vin in source.cases:
            assert vin not in seen, (vin, seen[vin], source.detector)
            seen[vin] = source.detector
    assert len(seen) > 200


def test_the_woven_stream_fires_the_sum_of_its_fixtures():
    """Only deadlines, whose feeds the other fixtures move on, may fire besides."""
    expected = frozenset().union(*(source.expected for source in STREAMS))
    through = max(source.complete_through or 0 for source in STREAMS)
    found = fired(woven(), complete_through=through, batch=50)
    assert expected <= found
    assert {extra.detector for extra in found - expected} <= DEADLINE_RULES
    assert woven() == woven()
