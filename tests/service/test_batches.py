"""Batches and spans: what is delivered, and what may be committed."""

from __future__ import annotations

from types import SimpleNamespace

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.batches import RecordBatch, Span, SpanLedger, scheduler_for

A0, A1, OTHER = TP("a", 0), TP("a", 1), TP("other", 0)


def _records(*offsets: int) -> list[SimpleNamespace]:
    return [SimpleNamespace(offset=offset) for offset in offsets]


def test_batches_are_cut_and_partitions_take_turns():
    scheduler = scheduler_for(frozenset({"a"}), 2)()

    found = list(scheduler.iterate({A0: _records(0, 1, 2), A1: _records(7, 9)}))

    assert [(tp, batch.first, batch.last) for tp, batch in found] == [
        (A0, 0, 1),
        (A1, 7, 9),
        (A0, 2, 2),
    ]


def test_other_topics_keep_single_records():
    scheduler = scheduler_for(frozenset({"a"}), 2)()

    found = list(scheduler.iterate({OTHER: _records(4, 5), A0: _records(0)}))

    assert [tp for tp, _ in found] == [OTHER, OTHER, A0]
    assert [record.offset for tp, record in found if tp == OTHER] == [4, 5]


@given(
    gaps=st.lists(st.integers(1, 5), min_size=1, max_size=30),
    order=st.randoms(use_true_random=False),
)
def test_only_a_finished_prefix_is_ever_committable(gaps: list[int], order):
    """Whatever order batches finish in, and whatever offsets are missing between them."""
    ledger, spans, offset = SpanLedger(), [], 0
    for gap in gaps:
        span = Span(offset, offset + gap)
        ledger.deliver(A0, span)
        spans.append(span)
        offset += 2 * gap + 1
    committed = -1
    for span in order.sample(spans, len(spans)):
        span.acked = True
        committed = max(committed, ledger.committable(A0) or -1)
        unfinished = [s.first for s in spans if not s.acked]
        assert committed <= min(unfinished, default=offset)
    assert committed == spans[-1].last + 1


def test_a_forgotten_partition_commits_nothing():
    ledger, span = SpanLedger(), Span(0, 9)
    ledger.deliver(A0, span)
    ledger.forget(A0)
    span.acked = True

    assert ledger.committable(A0) is None
    assert ledger.partitions() == []


def test_a_batch_that_comes_again_replaces_the_one_that_faust_dropped():
    ledger = SpanLedger()
    done, dropped, lost = Span(0, 4), Span(5, 9), Span(10, 14)
    for span in (done, dropped, lost):
        ledger.deliver(A0, span)
    again = [Span(5, 7), Span(8, 14)]
    for span in again:
        ledger.deliver(A0, span)
    done.acked = again[1].acked = True
    assert ledger.committable(A0) == 5, "the one that came again is not done yet"

    again[0].acked = True

    assert ledger.committable(A0) == 15


def test_a_batch_knows_its_offsets():
    batch = RecordBatch(_records(3, 4, 8))

    assert (batch.first, batch.last) == (3, 8)
