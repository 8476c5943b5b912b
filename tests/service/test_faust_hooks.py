"""Contract with the pinned Faust and aiokafka: every private hook the transport stands on.

These tests fail when an upgrade changes a hook, before a deployment does.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import AsyncIterator
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import aiokafka
import pytest
from aiokafka.consumer import fetcher as aiokafka_fetcher
from aiokafka.errors import KafkaTimeoutError
from faust.transport import consumer as stock
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from streams.kafka.batch_app import BatchApp, BatchTransport
from streams.kafka.batches import BatchMessage, RecordBatch, Span, scheduler_for
from streams.kafka.consumer_thread import UNREAD_SECONDS, CommittedReadsThread
from streams.kafka.lenient_headers import PRIVATE_HOOKS as HEADER_HOOKS
from streams.kafka.partition_writer import PRIVATE_HOOKS as WRITER_HOOKS
from streams.kafka.topic_reader import PRIVATE_HOOKS as READER_HOOKS
from streams.kafka.transport import PRIVATE_HOOKS as TRANSPORT_HOOKS
from streams.kafka.transport import BatchConsumer

PRIVATE_HOOKS = TRANSPORT_HOOKS | READER_HOOKS | WRITER_HOOKS | HEADER_HOOKS
TOPIC, T0 = "t", TP("t", 0)
PINS = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}


@pytest.fixture
def app() -> BatchApp:
    return BatchApp(
        "contract",
        broker="kafka://127.0.0.1:1",
        store="memory://",
        web_enabled=False,
        ConsumerScheduler=scheduler_for(frozenset({TOPIC}), 100),
    )


@pytest.fixture
async def consumer(app: BatchApp) -> AsyncIterator[BatchConsumer]:
    app.topics._acking_topics |= {TOPIC, "single"}
    made = app.consumer
    assert isinstance(made, BatchConsumer)
    yield made
    _close(made)


def _close(consumer: driver.Consumer) -> None:
    """A consumer that was never started still has a thread's event loop."""
    consumer._thread.thread_loop.close()


def _batch(*offsets: int) -> RecordBatch:
    return RecordBatch([SimpleNamespace(offset=o, timestamp=1000, timestamp_type=0) for o in offsets])


def _delivered(consumer: BatchConsumer, *offsets: int) -> BatchMessage:
    message = consumer._to_message(T0, _batch(*offsets))
    assert isinstance(message, BatchMessage)
    message.incref()
    consumer.track_message(message)
    return message


@pytest.mark.parametrize(("package", "pinned"), PINS.items())
def test_the_pinned_versions_are_installed(package: str, pinned: str):
    assert version(package) == pinned


@pytest.mark.parametrize(
    ("owner", "signature"),
    [(owner, signature) for owner, hooks in PRIVATE_HOOKS.items() for signature in hooks],
)
def test_each_hook_exists_with_its_signature(owner: str, signature: str):
    module, _, name = owner.rpartition(".")
    hook, _, _ = signature.partition("(")
    found = getattr(getattr(importlib.import_module(module), name), hook)

    plain = inspect.signature(found)
    bare = plain.replace(
        parameters=[p.replace(annotation=inspect.Parameter.empty) for p in plain.parameters.values()],
        return_annotation=inspect.Signature.empty,
    )

    assert f"{hook}{bare}" == signature


def test_the_overridden_methods_are_all_declared():
    """What BatchConsumer overrides of Faust is in PRIVATE_HOOKS, so that it is guarded."""
    declared = {s.partition("(")[0] for hooks in PRIVATE_HOOKS.values() for s in hooks}
    overridden = {
        name
        for ours in (BatchConsumer, CommittedReadsThread)
        for name in vars(ours)
        if callable(getattr(ours, name)) and any(hasattr(base, name) for base in ours.__mro__[1:])
    }

    assert overridden - {"__init__"} <= declared


def test_the_app_uses_the_batch_transport(app: BatchApp):
    assert isinstance(app.transport, BatchTransport)
    assert app.transport.Consumer is BatchConsumer


async def test_reads_are_committed_reads_only(consumer: BatchConsumer):
    thread = consumer._new_consumer_thread()
    thread.thread_loop.close()
    made = thread._create_worker_consumer(consumer.transport)

    assert isinstance(made, aiokafka.AIOKafkaConsumer)
    assert (made._isolation_level, made._fetch_max_wait_ms) == ("read_committed", 500)
    started = inspect.getsource(aiokafka.AIOKafkaConsumer.start)
    assert "self._isolation_level" in started, "read at the start, after we set it"
    assert "self._fetch_max_wait_ms" in started
    await made.stop()


async def test_partitions_are_not_fetched_without_those_that_wait_to_be_read(
    consumer: BatchConsumer, monkeypatch: pytest.MonkeyPatch
):
    """For as long as aiokafka itself decides; it starts the fetcher with the consumer."""
    thread = consumer._new_consumer_thread()
    thread.thread_loop.close()

    async def started(made: aiokafka.AIOKafkaConsumer) -> None:
        made._fetcher = SimpleNamespace()

    monkeypatch.setattr(aiokafka.AIOKafkaConsumer, "start", started)
    await thread.on_start()

    assert thread._ensure_consumer()._fetcher._prefetch_backoff == UNREAD_SECONDS
    assert "self._prefetch_backoff" in inspect.getsource(aiokafka_fetcher.Fetcher)
    thread._ensure_consumer()._closed = True


@pytest.mark.parametrize("ended", ["before the commit", "during the commit"])
async def test_a_commit_does_not_wait_for_a_thread_that_has_ended(consumer: BatchConsumer, ended: str):
    """After a crash it ends by itself; what waited for its answer kept the worker from leaving."""
    thread = consumer._thread
    if ended == "before the commit":
        thread.set_shutdown()
        await asyncio.sleep(0)
    committing = asyncio.ensure_future(thread.commit({T0: 1}))
    await asyncio.sleep(0)
    thread.set_shutdown()

    assert not await asyncio.wait_for(committing, 5)


async def test_stock_faust_commits_past_a_message_in_flight(app: BatchApp):
    """The fault we work around; when this fails, an override may have become needless."""
    consumer = driver.Consumer(
        app.transport,
        callback=lambda _: None,
        on_partitions_revoked=lambda _: None,
        on_partitions_assigned=lambda _: None,
    )
    app.topics._acking_topics.add(TOPIC)
    consumer._committed_offset[T0] = 100
    for offset in (101, 102, 103):
        message = ConsumerMessage(
            TOPIC, 0, offset, 0, 0, None, None, None, None, tp=T0
        )  # 100 is still being worked on
        message.refcount = 1
        message.ack(consumer)

    assert consumer._new_offset(T0) == 104
    _close(consumer)


async def test_batches_commit_exactly_what_is_done(consumer: BatchConsumer):
    consumer._committed_offset[T0] = 100
    first, second = _delivered(consumer, 100, 101, 105), _delivered(consumer, 109, 110)

    second.ack(consumer)
    assert consumer._new_offset(T0) is None, "100 is still being worked on"
    assert T0 in set(consumer._filter_tps_with_pending_acks())
    first.ack(consumer)
    assert consumer._new_offset(T0) == 111
    assert not consumer.unacked


async def test_gaps_do_not_stop_batches(consumer: BatchConsumer):
    await consumer._add_gap(T0, 1, 50)

    assert not consumer._gap[T0]


async def test_a_gap_elsewhere_leaves_out_the_message_that_follows(consumer: BatchConsumer):
    single = TP("single", 0)
    await consumer._add_gap(single, 101, 105)

    assert {(i.begin, i.end) for i in consumer._gap[single]} == {(101, 105)}


async def test_a_batch_before_the_read_offset_is_not_expected_to_finish(consumer: BatchConsumer):
    consumer._read_offset[T0] = 50
    consumer._to_message(T0, _batch(40, 41))

    assert T0 not in set(consumer._filter_tps_with_pending_acks())


async def test_forgetting_a_partition_ends_waiting_for_it(consumer: BatchConsumer):
    _message = _delivered(consumer, 0, 1)
    assert consumer.unacked

    consumer.forget([T0])

    assert not consumer.unacked
    assert consumer._new_offset(T0) is None


async def test_held_partitions_stay_paused_when_faust_resumes_everything(consumer: BatchConsumer):
    other = TP(TOPIC, 1)
    consumer._active_partitions = {T0, other}

    consumer.hold([T0])
    consumer.resume_partitions([T0, other])

    assert consumer._get_active_partitions() == {other}


async def test_waiting_for_room_ends_when_a_buffer_is_taken_from(
    consumer: BatchConsumer, monkeypatch: pytest.MonkeyPatch
):
    waited: list[float] = []

    async def fetched(self: Any, timeout: float) -> str:  # noqa: ASYNC109 - Faust's signature
        waited.append(timeout)
        return "records"

    monkeypatch.setattr(stock.Consumer, "_wait_next_records", fetched)
    consumer._active_partitions = {T0}
    consumer.on_buffer_full(T0)
    task = asyncio.ensure_future(consumer._wait_next_records(1.0))
    await asyncio.sleep(0.01)
    assert not task.done(), "all buffers are full"

    consumer.on_buffer_drop(T0)

    assert await asyncio.wait_for(task, 5) == "records"
    assert waited == [1.0]


class _Positions:
    """Stands for the thread that fetches: where it stands, what it was told."""

    def __init__(self, consumer: BatchConsumer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked_for: set[TP] | None = None
        self.sought: list[object] = []
        self.failures: list[Exception] = []
        self.fetching = asyncio.Event()
        self.fetched: asyncio.Future[dict[TP, list[Any]]] = asyncio.Future()
        thread = consumer._thread
        monkeypatch.setattr(thread, "getmany", self.getmany)
        monkeypatch.setattr(thread, "assignment", lambda: {T0, TP(TOPIC, 1), TP("single", 0)})
        monkeypatch.setattr(thread, "seek_to_committed", self.seek_to_committed)
        monkeypatch.setattr(thread, "seek_wait", self.seek_wait)

    async def getmany(self, partitions: set[TP] | None, *_: float) -> dict[TP, list[Any]]:
        self.asked_for = partitions
        self.fetching.set()
        return await self.fetched

    async def seek_to_committed(self) -> dict[TP, int | None]:
        if self.failures:
            raise self.failures.pop()
        self.sought.append("committed")
        return {T0: 70, TP(TOPIC, 1): None, TP("single", 0): None}

    async def seek_wait(self, partitions: dict[TP, int]) -> None:
        self.sought.append(partitions)


@pytest.fixture
def positions(consumer: BatchConsumer, monkeypatch: pytest.MonkeyPatch) -> _Positions:
    consumer._active_partitions = {T0}
    return _Positions(consumer, monkeypatch)


async def test_what_is_fetched_without_a_rebalance_is_delivered(
    consumer: BatchConsumer, positions: _Positions
):
    positions.fetched.set_result({T0: [1]})

    assert await consumer._getmany(consumer._get_active_partitions(), 1.0) == {T0: [1]}
    assert not positions.sought


async def test_a_fetch_asks_for_its_partitions_though_faust_empties_its_set(
    consumer: BatchConsumer, positions: _Positions
):
    fetch = asyncio.ensure_future(consumer._getmany(consumer._get_active_partitions(), 1.0))
    await positions.fetching.wait()

    consumer.pause_partitions([T0])

    assert positions.asked_for == {T0}, "an empty set asks for every partition"
    fetch.cancel()


@pytest.mark.parametrize(
    "move",
    [
        lambda consumer: consumer.on_partitions_revoked({T0}),
        lambda consumer: consumer.on_partitions_assigned({T0}),
        lambda consumer: consumer.perform_seek(),
    ],
    ids=["revoked", "assigned", "sought"],
)
async def test_what_is_fetched_across_a_rebalance_is_fetched_anew(
    consumer: BatchConsumer, positions: _Positions, monkeypatch: pytest.MonkeyPatch, move: Any
):
    async def nothing(*_: Any, **__: Any) -> None:
        """What the application does in a rebalance matters not here."""

    monkeypatch.setattr(consumer, "_on_partitions_revoked", nothing)
    monkeypatch.setattr(consumer, "_on_partitions_assigned", nothing)
    fetch = asyncio.ensure_future(consumer._getmany(consumer._get_active_partitions(), 1.0))
    await positions.fetching.wait()
    await move(consumer)
    positions.sought.clear()
    positions.fetched.set_result({T0: [1]})

    assert await fetch == {}
    assert positions.sought == ["committed", {TP(TOPIC, 1): 0}], "also where nothing is committed"
    assert consumer._read_offset[T0] == 70


async def test_positions_are_set_before_anything_else_is_fetched(
    consumer: BatchConsumer, positions: _Positions, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("streams.kafka.patience.LONGEST_SECONDS", 0.0)
    positions.failures[:] = [KafkaTimeoutError(), AssertionError("no partitions are assigned")]
    fetch = asyncio.ensure_future(consumer._getmany(consumer._get_active_partitions(), 1.0))
    await positions.fetching.wait()
    consumer.stop_flow()
    consumer._moves += 1
    positions.fetched.set_result({T0: [1]})
    await asyncio.sleep(0.01)
    assert not positions.sought, "Faust still rebalances"

    consumer.resume_flow()

    assert await asyncio.wait_for(fetch, 5) == {}
    assert positions.sought == ["committed", {TP(TOPIC, 1): 0}]


async def test_who_is_left_without_partitions_seeks_none(
    consumer: BatchConsumer, positions: _Positions, monkeypatch: pytest.MonkeyPatch
):
    fetch = asyncio.ensure_future(consumer._getmany(consumer._get_active_partitions(), 1.0))
    await positions.fetching.wait()
    monkeypatch.setattr(consumer._thread, "assignment", set)
    consumer._moves += 1
    positions.fetched.set_result({T0: [1]})

    assert await asyncio.wait_for(fetch, 5) == {}
    assert not positions.sought


def test_seeking_to_the_committed_offsets_moves_no_partition_without_one():
    """The fault we work around; when this fails, an override may have become needless."""
    seek = inspect.getsource(aiokafka.AIOKafkaConsumer.seek_to_committed)

    assert "if offset and offset > 0:" in seek


def test_markers_of_foreign_transactions_are_read_through_once_all_before_them_is_done(
    consumer: BatchConsumer, monkeypatch: pytest.MonkeyPatch
):
    """A transaction's marker takes an offset and is no document: lag would be 1 for ever."""
    state = SimpleNamespace(has_valid_position=True, position=7, lso=7)
    monkeypatch.setattr(consumer, "_state", lambda tp: state)
    monkeypatch.setattr(consumer, "assignment", lambda: {T0})
    consumer._committed_offset[T0] = 3
    assert consumer.lag() == {T0: 4}
    span = Span(3, 5)
    consumer._ledger.deliver(T0, span)
    consumer._note_read_through({})
    assert consumer._new_offset(T0) is None, "a batch is under way"
    span.acked = True
    consumer._note_read_through({T0: [1]})
    assert consumer._new_offset(T0) == 6, "more has been fetched and is not delivered yet"
    consumer._note_read_through({})
    assert T0 in set(consumer._filter_tps_with_pending_acks())
    assert consumer._new_offset(T0) == 7
    consumer._committed_offset[T0] = 7
    assert consumer._new_offset(T0) is None
    assert consumer.lag() == {T0: 0}
    consumer.forget([T0])
    assert not consumer._read_through
