"""From Kafka into the database: rows first, offsets after."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import CommitFailedError, RebalanceInProgressError, RetriableError
from sqlalchemy.exc import InterfaceError, OperationalError

from detectors.decoding import decoder_of
from streams.kafka.blocking_clients import open_client
from streams.kafka.patience import Patience
from streams.service.layout import names_of
from streams.setup.policy import load_policy
from streams.store.ahead import short_turns
from streams.store.database import refresh_statistics
from streams.store.errors import StoreError
from streams.store.handing_out import CheckpointDesk
from streams.store.metrics import SinkMetrics
from streams.store.records import Kind, Stored, StoredRecord
from streams.store.refreshing import refresh_views
from streams.store.retention import prune
from streams.store.settings import SinkSettings
from streams.store.standing import report_standing
from streams.store.writing import Batch, lasts, write_batch

POLL_MS = 500
PRUNE_SECONDS = 3600.0
STANDING_SECONDS = 15.0
REFRESH_SECONDS, REFRESH_SHARE = 30.0, 0.05
"""Least time between two refreshes of the views, and the most of all time that they may take."""
FIRST_ANALYSIS_RECORDS = 2000
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0

log = structlog.get_logger("zeromile.sink")


@contextmanager
def open_consumer(settings: SinkSettings) -> Iterator[KafkaConsumer]:
    """Join the store's group; leaving commits nothing that was not written."""
    consumer = open_client(
        KafkaConsumer,
        settings,
        *topic_kinds(settings),
        group_id=settings.sink_group,
        client_id="zeromile-sink",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        allow_auto_create_topics=False,
        # The worker writes in transactions: what was aborted never happened.
        isolation_level="read_committed",
        max_poll_records=settings.sink_batch_records,
        session_timeout_ms=int(settings.session_seconds * 1000),
        heartbeat_interval_ms=int(settings.session_seconds * 1000 / 5),
    )
    try:
        yield consumer
    finally:
        consumer.close(autocommit=False)


def topic_kinds(settings: SinkSettings) -> dict[str, Kind]:
    """Topics that the store reads, and what is in them."""
    names = names_of(settings)
    kinds: dict[str, Kind] = {names.alerts: "alert"}
    if settings.sink_documents:
        kinds |= dict.fromkeys(names.documents, "document")
    return kinds


class _Coming(NamedTuple):
    """A batch that is being made ready."""

    prepared: Future[Batch]
    first: Mapping[TopicPartition, int]
    """Offset of its first record, by partition."""
    positions: Mapping[TopicPartition, int]
    """Where its partitions are read on."""


class Sink:
    """Reads, writes, commits, until stopped.

    Parameters
    ----------
    settings, engine, consumer, metrics
        Where from, where to, and whom to tell.
    stop
        Set from outside: the batch at hand is finished, then `run` returns.
    """

    def __init__(
        self,
        settings: SinkSettings,
        engine: sa.Engine,
        consumer: KafkaConsumer,
        metrics: SinkMetrics,
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._consumer = consumer
        self._metrics = metrics
        self._stop = stop
        self._key = settings.identities
        self._country = load_policy(settings.policy_file).country
        self._read = decoder_of(self._country)
        self._kinds = topic_kinds(settings)
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._coming: _Coming | None = None
        self._next_prune = 0.0
        self._next_standing = 0.0
        self._next_refresh = 0.0
        self._next_checkpoint = 0.0
        self._desk = CheckpointDesk(settings, engine)
        self._next_analysis = FIRST_ANALYSIS_RECORDS
        self.done = Stored()

    def run(self, *, until_end: bool = False) -> Stored:
        """Work until stopped, or until everything that is on the topics at the start is stored."""
        with self._preparing, short_turns():
            return self._run(until_end=until_end)

    def _run(self, *, until_end: bool) -> Stored:
        ends: Mapping[TopicPartition, int] | None = self._ends() if until_end else None
        patience = Patience(log, "broker does not answer")
        while not self._stop.is_set():
            try:
                if ends and self._coming is None and self._reached(ends):
                    break
                self._turn()
            except RetriableError as error:
                # It is away, perhaps with its name. What was written is committed with what comes next.
                self._stop.wait(patience.failed(error))
            else:
                patience.worked()
        if until_end and not self._stop.is_set():
            refresh_statistics(self._engine)
            refresh_views(self._engine)
            self._desk.hand_out()
        return self.done

    def _turn(self) -> None:
        """Write what came the turn before, while what comes now is made ready."""
        polled = self._consumer.poll(timeout_ms=0 if self._coming else POLL_MS)
        at_hand, self._coming = self._coming, self._prepare(polled)
        if at_hand and self._write(at_hand.prepared.result()):
            self._commit(at_hand.positions)
        self._metrics.last_write.set_to_current_time()
        self._look_after()

    def _prepare(self, polled: Mapping[TopicPartition, Sequence[Any]]) -> _Coming | None:
        if not polled:
            return None
        first = {where: messages[0].offset for where, messages in polled.items()}
        positions = {where: messages[-1].offset + 1 for where, messages in polled.items()}
        records = self._records(polled)
        prepared = self._preparing.submit(Batch.of, records, self._key, self._read)
        return _Coming(prepared, first, positions)

    def _records(self, polled: Mapping[TopicPartition, Sequence[Any]]) -> list[StoredRecord]:
        return [
            StoredRecord(self._kinds[where.topic], message.value or b"", where.topic, where.partition,
                         message.offset, message.key, tuple(message.headers), message.timestamp)
            for where, messages in polled.items()
            for message in messages
        ]  # fmt: skip

    def _write(self, batch: Batch) -> bool:
        """Store a batch, however long the database is away; False if told to stop meanwhile."""
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            started = time.perf_counter()
            try:
                done = write_batch(self._engine, batch)
            except (OperationalError, InterfaceError) as error:
                self._metrics.database_failures.inc()
                if isinstance(error, OperationalError) and lasts(error):
                    raise StoreError(
                        f"the database does not take what this program writes: {error.orig}; is it "
                        "read-only, or was its schema changed by hand? Mend it, then start again"
                    ) from error
                log.warning("database does not answer", error=str(error.orig).strip(), retry_in=pause)
                self._engine.dispose()
                self._stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            self._metrics.write_seconds.observe(time.perf_counter() - started)
            self._metrics.count(done)
            self.done.add(done)
            if any(done.refused.values()):
                log.warning(
                    "records refused", alerts=done.refused["alert"], documents=done.refused["document"]
                )
            return True
        return False

    def _commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Commit how far a batch went, and no further: the next one is not written yet."""
        held = self._consumer.assignment()
        offsets = {
            where: OffsetAndMetadata(position, "", -1)
            for where, position in positions.items()
            if where in held
        }
        try:
            self._consumer.commit(offsets)
        except (CommitFailedError, RebalanceInProgressError) as error:
            # Another member has the partitions now and reads the batch again, to no effect.
            log.info("offsets not committed, the group has changed", error=type(error).__name__)

    def _ends(self) -> dict[TopicPartition, int]:
        found = [
            TopicPartition(topic, partition)
            for topic in self._kinds
            for partition in self._consumer.partitions_for_topic(topic) or ()
        ]
        ends: dict[TopicPartition, int] = self._consumer.end_offsets(found)
        return ends

    def _reached(self, ends: Mapping[TopicPartition, int]) -> bool:
        assigned = self._consumer.assignment()
        return set(ends) <= assigned and all(
            self._consumer.position(where) >= end for where, end in ends.items()
        )

    def _look_after(self) -> None:
        """Everything that is due beside the writing; a database that is away is asked again."""
        self._report_lag()
        try:
            self._do_what_is_due(time.monotonic())
        except (OperationalError, InterfaceError) as error:
            self._metrics.database_failures.inc()
            self._engine.dispose()
            log.warning("database does not answer", error=str(error.orig).strip())

    def _report_lag(self) -> None:
        unwritten = self._coming.first if self._coming else {}
        for where in self._consumer.assignment():
            high = self._consumer.highwater(where)
            if high is not None:
                held = unwritten.get(where)
                lag = max(0, high - (self._consumer.position(where) if held is None else held))
                self._metrics.lag.labels(where.topic, str(where.partition)).set(lag)

    def _do_what_is_due(self, now: float) -> None:
        if now >= self._next_standing:
            report_standing(self._engine, self._metrics, self._country)
            self._next_standing = now + STANDING_SECONDS
        if now >= self._next_prune:
            self._prune()
            self._next_prune = now + PRUNE_SECONDS
        if sum(self.done.stored.values()) >= self._next_analysis:
            # PostgreSQL does it by itself later on, but a fresh load is asked at once.
            refresh_statistics(self._engine)
            self._next_analysis *= 2
        if now >= self._next_refresh:
            self._refresh()
        if now >= self._next_checkpoint:
            self._desk.hand_out()
            self._next_checkpoint = time.monotonic() + self._settings.sink_checkpoint_seconds

    def _refresh(self, *, anyway: bool = False) -> None:
        started = time.monotonic()
        refresh_views(self._engine, anyway=anyway)
        done = time.monotonic()
        self._next_refresh = done + max(REFRESH_SECONDS, (done - started) / REFRESH_SHARE)

    def _prune(self) -> None:
        pruned = prune(
            self._engine,
            now=datetime.now(UTC),
            alert_days=self._settings.sink_alert_days,
            document_days=self._settings.sink_document_days,
            allowed_before=self._settings.sink_forget_before,
            country=self._country,
        )
        self._metrics.held_back_documents.set(pruned.held_back)
        if any(pruned.deleted.values()):
            log.info("old rows deleted", **pruned.deleted)
            self._refresh(anyway=True)
        if pruned.held_back:
            log.warning(
                "too many documents are older than they are kept to be deleted unasked",
                documents=pruned.held_back,
                remedy=f"if that is right, set ZEROMILE_SINK_FORGET_BEFORE={pruned.before}",
            )
