"""What the topics keep of watermarks and vehicles, for people who look at it or set it right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from detectors.alerts import Alert
from detectors.errors import ZeromileError
from detectors.findings import SubjectType
from detectors.policy import Policy
from detectors.watermarks import Watermarks
from streams.engine.alert_record import remembered
from streams.engine.province_aggregator import ProvinceAggregator, ProvinceMemoryError
from streams.kafka.blocking_clients import opened
from streams.kafka.reading import committed_reader, partitions_of, read_to_present_end
from streams.service.layout import names_of
from streams.service.province_desk import MEMORY_KEY, PARTITION
from streams.service.settings import Settings
from streams.service.shared_watermarks import (
    FORGET_KEY,
    LOWERED_KEY,
    SourceProgress,
    encode_newest,
    progress_of,
    reach_newest,
)
from streams.state import record as records

CONFIRM_SECONDS = 30.0
_alerts = msgspec.json.Decoder(Alert)


class KeptStateError(ZeromileError):
    """What was asked for is not there, or cannot be done now."""


class KeptVehicle(NamedTuple):
    """A vehicle's record as its changelog has it."""

    partition: int
    vin: str
    data: bytes

    @property
    def fault(self) -> str | None:
        """Why the record cannot be read, None where it can."""
        try:
            records.decode(self.data)
        except records.VehicleRecordError as error:
            return str(error)
        return None


def read_watermarks(settings: Settings, policy: Policy) -> Watermarks:
    """How far the sources have come by what all workers have written."""
    watermarks = Watermarks(policy.watermarks, country=policy.country)
    with committed_reader(settings) as consumer:
        where = partitions_of(consumer, names_of(settings).watermarks)
        for record in read_to_present_end(consumer, where):
            if record.key and (record.key[:1].isdigit() or record.key.startswith(LOWERED_KEY)):
                try:
                    reach_newest(watermarks, record.value)
                except (msgspec.MsgspecError, TypeError):
                    continue  # `state show` and the workers' logs name it
    return watermarks


def lower_watermark(settings: Settings, watermarks: Watermarks, progress: SourceProgress) -> None:
    """Take a source back; every worker follows.

    Raises
    ------
    KeptStateError
        The source is not known, or not beyond that day.
    """
    known = {(one.event_type, one.source): one for one in progress_of(watermarks)}
    now = known.get((progress.event_type, progress.source))
    if now is None:
        raise KeptStateError(
            f"no source {progress.source!r} is known in the feed {progress.event_type}; "
            "`zeromile watermarks show` lists them"
        )
    if progress.day >= now.day:
        raise KeptStateError("it is not beyond that day: a watermark can only be lowered")
    lowered = progress._replace(lowered=now.lowered + 1)
    _write(settings, names_of(settings).watermarks, 0, lowered.key(LOWERED_KEY), encode_newest(lowered))


def allow_forgetting(settings: Settings, before_day: int) -> None:
    """Let workers forget vehicles without a document since a civil day, however many they are."""
    _write(settings, names_of(settings).watermarks, 0, FORGET_KEY, b"%d" % before_day)


def read_vehicles(settings: Settings, partition: int | None = None) -> Iterator[KeptVehicle]:
    """Last record of each vehicle, partition by partition."""
    with committed_reader(settings) as consumer:
        for where in partitions_of(consumer, names_of(settings).vehicles):
            if partition not in (None, where.partition):
                continue
            last: dict[bytes, bytes] = {}
            for record in read_to_present_end(consumer, [where]):
                if record.key is None or record.key[:1] == b"\x00":
                    continue
                if record.value is None:
                    last.pop(record.key, None)
                else:
                    last[record.key] = record.value
            for key, data in last.items():
                yield KeptVehicle(where.partition, key.decode("utf-8", "backslashreplace"), data)


def province_memory(settings: Settings) -> bytes | None:
    """What the changelog remembers of the provinces' alerts."""
    where = TopicPartition(names_of(settings).vehicles, PARTITION)
    memory: bytes | None = None
    with committed_reader(settings) as consumer:
        for record in read_to_present_end(consumer, [where]):
            if record.key == MEMORY_KEY:
                memory = record.value
    return memory


def fault_of_provinces(memory: bytes | None, policy: Policy) -> str | None:
    """Why what is remembered of the provinces cannot be read, None where it can."""
    try:
        if memory is not None:
            ProvinceAggregator(policy).remember(memory)
    except ProvinceMemoryError as error:
        return str(error)
    return None


def drop_provinces(settings: Settings, admin: KafkaAdminClient, policy: Policy) -> int:
    """Put what the alert topic tells of provinces in the place of what is remembered of them.

    Returns
    -------
    int
        Number of alerts that are remembered now.

    Raises
    ------
    KeptStateError
        A worker is running: it would go on with what it has.
    """
    _refuse_while_workers_run(settings, admin)
    alerts = _published(settings, "province")
    book = ProvinceAggregator(policy)
    book.remember_alerts(alerts)
    _write(settings, names_of(settings).vehicles, PARTITION, MEMORY_KEY, book.memory())
    return len(alerts)


def drop_vehicle(settings: Settings, admin: KafkaAdminClient, vehicle: KeptVehicle) -> None:
    """Delete a vehicle's record; of its alerts is kept what the alert topic says.

    So a worker resolves those that fire, and revisions go on growing when its documents come again.

    Raises
    ------
    KeptStateError
        A worker is running: it would go on with the record that it has.
    """
    _refuse_while_workers_run(settings, admin)
    known = [remembered(alert) for alert in _published(settings, "vehicle", vehicle.vin)]
    record = None
    if known:
        next_revision = 1 + max(alert.revision for alert in known)
        record = records.encode(records.VehicleRecord(alerts=known, first_revision=next_revision))
    _write(settings, names_of(settings).vehicles, vehicle.partition, vehicle.vin.encode(), record)


def _published(
    settings: Settings, subject_type: SubjectType, subject: str | None = None
) -> list[Alert]:
    """Last change of every alert about such subjects, or about one."""
    last: dict[str, Alert] = {}
    with committed_reader(settings) as consumer:
        where = partitions_of(consumer, names_of(settings).alerts)
        for record in read_to_present_end(consumer, where):
            try:
                alert = _alerts.decode(record.value or b"")
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue  # the store names it
            about = alert.subject_type == subject_type and subject in (None, alert.subject)
            if about and alert.revision >= last.get(alert.alert_id, alert).revision:
                last[alert.alert_id] = alert
    return list(last.values())


def _refuse_while_workers_run(settings: Settings, admin: KafkaAdminClient) -> None:
    members = admin.describe_groups([settings.group])[settings.group]["members"]
    if members:
        raise KeptStateError(
            f"{len(members)} worker(s) of the group {settings.group} are running; stop them first"
        )


def _write(settings: Settings, topic: str, partition: int, key: bytes, value: bytes | None) -> Any:
    with opened(KafkaProducer, settings, acks="all") as producer:
        sent = producer.send(topic, key=key, value=value, partition=partition)
        producer.flush()
        return sent.get(timeout=CONFIRM_SECONDS)
