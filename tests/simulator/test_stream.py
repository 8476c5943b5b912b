"""The stream: contract, order, dirt."""

import collections
import itertools
import json

import pytest

from detectors.decoding import decode
from detectors.errors import ZeromileError
from tests.simulator.contract import check


def test_every_readable_line_keeps_the_contract(country):
    seen = collections.Counter()
    for number, line in country.readable():
        try:
            document = check(line)
        except (AssertionError, ValueError, KeyError) as error:
            pytest.fail(f"line {number}: {error}: {line[:300]!r}")
        seen[document["event_type"]] += 1
    assert min(seen.values()) > 1000
    assert set(seen) == {"registration", "deregistration", "customs_export"}


def test_the_check_can_fail(country):
    _, line = country.readable()[0]
    for wrong in (
        line.replace(b'"occurred_at":"20', b'"occurred_at":"x0'),
        line.replace(b'"vin":"', b'"vin":" '),
        line.replace(b'"source"', b'"quelle"'),
        line.replace(b'"event_id":"', b'"event_id":"","x":"'),
    ):
        assert wrong != line
        with pytest.raises((AssertionError, ValueError)):
            check(wrong)


def test_malformed_lines_are_refused_and_no_others(country):
    broken = {record["line"]: record["reason"] for record in country.records("malformed")}
    assert len(set(broken.values())) >= 15
    for number, line in enumerate(country.lines, 1):
        if number in broken:
            with pytest.raises(ZeromileError):
                decode(line)
        else:
            decode(line)


def test_lost_documents_have_no_readable_copy(country):
    again = [record["sent_again"] for record in country.records("malformed")]
    assert any(again)
    assert not all(again)


def test_arrival_is_not_event_order(country):
    days = [json.loads(line)["occurred_at"][:10] for _, line in country.readable()]
    behind = sum(later < earlier for earlier, later in itertools.pairwise(days))
    assert behind > len(days) / 10


def test_nothing_arrives_before_it_was_written(country):
    for _, line in country.readable():
        document = json.loads(line)
        assert document["occurred_at"][:10] <= document["recorded_at"][:10]


def test_feeds_repeat_amend_withdraw_and_restate(country):
    lines = [line for _, line in country.readable()]
    documents = [json.loads(line) for line in lines]
    assert len(lines) - len(set(lines)) > len(lines) / 200
    assert sum(document.get("revision", 0) > 0 for document in documents) > len(lines) / 100
    assert any(document.get("status") == "void" for document in documents)
    sources = {document["source"] for document in documents}
    assert len(sources) == 6


def test_event_ids_are_identities(country):
    """The same source, event and revision never has two contents."""
    contents = {}
    for _, line in country.readable():
        document = json.loads(line)
        key = (document["source"], document["event_id"], document.get("revision", 0))
        assert contents.setdefault(key, line) == line


def test_counts_agree(country):
    (closing,) = country.records("country")
    assert closing["documents"] == len(country.lines) == country.summary.documents
    assert closing["malformed"] == len(country.records("malformed"))
    labelled = collections.Counter(
        vehicle["label"]
        for vehicle in country.records("vehicle")
        if vehicle.get("variant") != "mistyped_number"
    )
    assert dict(labelled) == {k: v for k, v in closing["by_label"].items() if v and k != "ordinary"}
    assert closing["vehicles"] == sum(closing["by_label"].values())
