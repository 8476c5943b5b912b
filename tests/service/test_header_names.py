"""The name of a header is any bytes: no record may end a reader for it."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.structs import TopicPartition
from kafka.record import MemoryRecords as KafkaPythonRecords

from streams.kafka.lenient_headers import LenientRecords, read_any_header_name

NAMES = {"plain": b"before", "sixbytes": b"\xff\xfe\x80abc\xc3(", "late": b"after"}


def _fetched(compression: int) -> bytes:
    """Three batches as a broker sends them; the header in the middle of each is renamed to no UTF-8."""
    batches = b""
    for number in range(3):
        builder = DefaultRecordBatchBuilder(
            2, compression_type=compression, is_transactional=0, producer_id=-1, producer_epoch=-1,
            base_sequence=0, batch_size=10_000,
        )  # fmt: skip
        for offset, name in enumerate(NAMES):
            builder.append(offset, timestamp=1, key=b"k", value=b"v%d" % number, headers=[(name, b"x")])
        batches += bytes(builder.build())
    return batches.replace(b"sixbytes", NAMES["sixbytes"])


def _said(records: Any) -> list[tuple[bytes, str]]:
    return [(record.value, record.headers[0][0]) for record in records]


EXPECTED = [
    (b"v%d" % number, name)
    for number in range(3)
    for name in ("plain", r"\xff\xfe\x80abc\xc3(", "late")
]


def test_aiokafka_reads_on():
    where = TopicPartition("t", 0)
    records = PartitionRecords(
        where, LenientRecords(_fetched(0)), [], 0, None, None, False, READ_COMMITTED
    )
    assert _said(list(records)) == EXPECTED[:3]  # the others have the same offsets


def test_every_batch_of_a_fetch_is_found_again():
    fetched = LenientRecords(_fetched(0))
    said = []
    while fetched.has_next():
        # The records before the strange one come twice; aiokafka passes over them by their offset.
        said += _said({record.offset: record for record in fetched.next_batch()}.values())
    assert said == EXPECTED


def test_kafka_python_reads_on():
    read_any_header_name()
    records, said = KafkaPythonRecords(_fetched(0)), []
    while records.has_next():
        said += _said(records.next_batch())
    assert said == EXPECTED


@pytest.mark.parametrize("strict", [True])
def test_what_can_be_read_strictly_is_as_it_was(strict: bool):
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 10_000)
    builder.append(0, timestamp=1, key=b"k", value=b"v", headers=[("名", b"x")])
    assert _said(LenientRecords(bytes(builder.build())).next_batch()) == [(b"v", "名")]
