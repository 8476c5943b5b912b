"""aiokafka's records as light objects have all that its own have."""

from __future__ import annotations

from dataclasses import fields

import msgspec
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.structs import ConsumerRecord, TopicPartition

from streams.kafka.lenient_headers import LenientRecords
from streams.kafka.light_records import LightRecord, read_light_records


def test_the_fields_are_those_of_the_client_in_its_order():
    assert LightRecord.__struct_fields__ == tuple(field.name for field in fields(ConsumerRecord))


def test_the_client_makes_them():
    read_light_records()
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 10_000)
    builder.append(0, timestamp=7, key=b"k", value=b"v", headers=[("name", b"x")])
    [record] = PartitionRecords(
        TopicPartition("t", 3), LenientRecords(bytes(builder.build())), [], 0, None, None, False,
        READ_COMMITTED,
    )  # fmt: skip
    assert isinstance(record, LightRecord)
    assert msgspec.structs.asdict(record) == {
        "topic": "t", "partition": 3, "offset": 0, "timestamp": 7, "timestamp_type": 0, "key": b"k",
        "value": b"v", "checksum": None, "serialized_key_size": 1, "serialized_value_size": 1,
        "headers": (("name", b"x"),),
    }  # fmt: skip
