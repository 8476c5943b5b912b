"""The provinces' counts, kept and judged by the worker that owns the first document partition.

Spikes are judged against the rest of the nation, so one worker sees all counts. It follows the
topic that holds, for every vehicle, the export it counts for; a record replaces the vehicle's last
one, so reading a record twice moves nothing. Alerts, and what a restart must remember of them,
are written in the transactions of the first partition, which no former owner can commit.
"""

from __future__ import annotations

import time
from contextlib import aclosing

import msgspec
import structlog
from aiokafka.structs import ConsumerRecord, TopicPartition
from prometheus_client import Counter

from detectors.alerts import Alert
from detectors.exports import ExportChange
from detectors.policy import Policy
from detectors.spikes.tally import Export
from detectors.watermarks import Watermarks
from streams.engine.province_aggregator import ProvinceAggregator
from streams.kafka.connection import KafkaConnection
from streams.kafka.following import follow

log = structlog.get_logger("zeromile.provinces")

PARTITION = 0
"""The document partition whose owner keeps the provinces."""
MEMORY_KEY = b"\x00provinces"
"""Key of what a restart must remember, in the changelog of that partition."""
QUIET_SECONDS = 1.0
LONGEST_SECONDS = 30.0
"""After the first change that nobody has judged: a feed that never is quiet is judged, too."""
RESTS = 10
"""Times as long as judging took it rests: while years are caught up with, all weeks change, and
documents wait meanwhile."""
LONGEST_REST = 10.0
"""In seconds: nobody waits longer for what is sudden because a machine is slow."""


class ProvinceDesk:
    """Follows the counted exports and says what is sudden.

    Parameters
    ----------
    connection
        Where Kafka is.
    topic
        Topic of the counted exports, one partition.
    policy
        Thresholds.
    watermarks
        Say which civil day the customs feed has reached.
    unreadable
        Counts records that cannot be read, by topic.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        topic: str,
        policy: Policy,
        watermarks: Watermarks,
        unreadable: Counter,
    ) -> None:
        self.book = ProvinceAggregator(policy)
        self._connection = connection
        self._where = TopicPartition(topic, 0)
        self._watermarks = watermarks
        self._unreadable = unreadable
        self._exports: dict[bytes, bytes] = {}
        self.caught_up = False
        """Whether all exports counted so far have been read."""
        self._changed_at: float | None = None
        self._waits_since: float | None = None
        self._rests_until = 0.0
        self._judged_on: int | None = None

    async def follow(self) -> None:
        """Read on and on."""
        async with aclosing(follow(self._connection, self._where)) as news:
            async for new in news:
                for record in new.records:
                    self._try_to_take(record)
                self.caught_up = self.caught_up or new.caught_up

    def judge(self) -> list[Alert]:
        """Judge the counts when they have been quiet for a moment; returns what changed."""
        today = self._watermarks.newest_day("customs_export")
        if today != self._judged_on and self._changed_at is None:
            self._note_change()
        if not self.caught_up or self._changed_at is None or self._waits_since is None:
            return []
        begun = time.monotonic()
        due = min(self._changed_at + QUIET_SECONDS, self._waits_since + LONGEST_SECONDS)
        if begun < max(due, self._rests_until):
            return []
        self._changed_at, self._waits_since, self._judged_on = None, None, today
        alerts = self.book.judge(today)
        ended = time.monotonic()
        self._rests_until = ended + min(RESTS * (ended - begun), LONGEST_REST)
        return alerts

    def _try_to_take(self, record: ConsumerRecord) -> None:
        """Count a record; one that cannot be read is passed over, and said."""
        try:
            self._take(record)
        except (msgspec.MsgspecError, ValueError, TypeError, AttributeError) as error:
            self._unreadable.labels(record.topic).inc()
            log.error(  # noqa: TRY400 - the place says more than the traceback
                "counted export cannot be read",
                topic=record.topic,
                offset=record.offset,
                error=str(error),
            )

    def _take(self, record: ConsumerRecord) -> None:
        old = self._exports.get(record.key)
        if old == record.value:
            return
        change = ExportChange(record.key.decode(), _export(old), _export(record.value))
        self.book.count([change])
        if record.value is None:
            del self._exports[record.key]
        else:
            self._exports[record.key] = record.value
        self._note_change()

    def _note_change(self) -> None:
        self._changed_at = time.monotonic()
        if self._waits_since is None:
            self._waits_since = self._changed_at


def _export(data: bytes | None) -> Export | None:
    return None if data is None else msgspec.msgpack.decode(data, type=Export)
