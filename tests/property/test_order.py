"""Order, duplication, batches, workers and restarts change nothing in the final set of alerts."""

import json
from datetime import date
from random import Random

from hypothesis import event, given
from hypothesis import strategies as st

from detectors.watermarks import Watermarks
from streams.engine.vin_corrections import VinCorrections
from streams.state.store import MemoryStore
from tests.property.documents import STREAMS
from tests.property.runs import (
    CATALOGUE,
    assert_all_accounted_for,
    final_set,
    judged_at_once,
    make_engine,
    raw,
    run,
    take,
)

DICE = st.randoms(use_true_random=False)
COMPLETE = st.none() | st.sampled_from([date(2026, 3, 15).toordinal(), date(2026, 12, 31).toordinal()])


def _cuts(dice: Random, length: int) -> list[int]:
    return [dice.randint(0, length) for _ in range(dice.randint(0, 6))]


def _shuffled_with_duplicates(stream: list[bytes], dice: Random) -> list[bytes]:
    shuffled = stream + [value for value in stream if dice.random() < 0.3]
    dice.shuffle(shuffled)
    return shuffled


@given(stream=STREAMS, dice=DICE, complete=COMPLETE)
def test_order_duplication_and_batches_change_nothing(stream, dice, complete):
    engine, firing = run(stream, complete_through=complete)
    expected = final_set(firing)
    event(f"{min(len(firing), 3)} or more alerts")
    assert_all_accounted_for(engine.counters, len(stream))
    assert set(expected) == judged_at_once(engine)

    other = _shuffled_with_duplicates(stream, dice)
    again, firing_again = run(other, _cuts(dice, len(other)), complete)
    assert_all_accounted_for(again.counters, len(other))
    assert final_set(firing_again) == expected


@given(stream=STREAMS, dice=DICE)
def test_one_document_at_a_time_changes_nothing(stream, dice):
    _, at_once = run(stream)
    other = _shuffled_with_duplicates(stream, dice)
    _, one_by_one = run(other, range(1, len(other)))
    assert final_set(one_by_one) == final_set(at_once)


@given(stream=STREAMS, dice=DICE, complete=COMPLETE)
def test_judging_at_the_end_changes_nothing(stream, dice, complete):
    _, on_the_way = run(stream, complete_through=complete)
    other = _shuffled_with_duplicates(stream, dice)
    engine, documents, start = make_engine(), raw(other), 0
    for end in (*sorted(_cuts(dice, len(other))), len(other)):
        assert not engine.file(engine.validate(documents[start:end])).alerts
        start = end
    firing: dict = {}
    if complete is not None:
        take(firing, engine.declare_complete(complete))
    assert not firing
    take(firing, engine.rejudge(engine.store.vins(), "new_evidence"))
    assert final_set(firing) == final_set(on_the_way)
    assert_all_accounted_for(engine.counters, len(other))


@given(stream=STREAMS, dice=DICE)
def test_workers_that_share_the_watermarks_find_the_same(stream, dice):
    # Vehicles are spread over workers, so an amendment must not move a document to another VIN.
    stream = [value for value in stream if b'"vin"' in value]
    single = make_engine(corrections=None)
    firing: dict = {}
    take(firing, single.process(raw(stream)))

    watermarks = Watermarks(CATALOGUE.policy.watermarks)
    workers = [make_engine(corrections=None, watermarks=watermarks) for _ in range(3)]
    spread: dict = {}
    for value in _shuffled_with_duplicates(stream, dice):
        worker = workers[_vin(value) % len(workers)]
        take(spread, worker.process(raw([value])))
        take(spread, dice.choice(workers).catch_up())
    for worker in workers:
        take(spread, worker.catch_up())
    assert final_set(spread) == final_set(firing)


def _vin(value: bytes) -> int:
    return hash(json.loads(value)["vin"])


@given(stream=STREAMS, dice=DICE)
def test_a_restart_with_redelivery_changes_nothing(stream, dice):
    _, firing = run(stream)
    store, corrections = MemoryStore(), VinCorrections()
    first = make_engine(store, corrections=corrections)
    stopped, rewound = sorted(dice.randint(0, len(stream)) for _ in range(2))[::-1]
    after: dict = {}
    take(after, first.process(raw(stream[:stopped])))

    resumed = Watermarks(CATALOGUE.policy.watermarks, first.watermarks.newest)
    second = make_engine(store, corrections=corrections, watermarks=resumed)
    take(after, second.rejudge(store.vins()))
    take(after, second.process(raw(stream[rewound:])))
    assert final_set(after) == final_set(firing)


@given(stream=STREAMS)
def test_revisions_of_an_alert_only_grow(stream):
    engine = make_engine()
    revisions: dict[str, int] = {}
    for document in raw(stream):
        for alert in engine.process([document]).alerts:
            assert alert.revision == revisions.get(alert.alert_id, -1) + 1
            revisions[alert.alert_id] = alert.revision
