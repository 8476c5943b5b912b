"""The broker itself, seen by two clients that zeromile's service does not use."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

pytestmark = pytest.mark.broker


def _create(bootstrap_servers: str, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
    admin.close()


def _kcat() -> str:
    path = shutil.which("kcat")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("kcat is not installed (Debian package kcat)")
        pytest.skip("KCAT IS NOT INSTALLED: the independent client was not tried")
    return path


def test_what_kafka_python_writes_kcat_reads(bootstrap_servers: str, prefix: str):
    _create(bootstrap_servers, prefix)
    producer = KafkaProducer(bootstrap_servers=bootstrap_servers)
    producer.send(prefix, key=b"LSVAA4182E2184847", value=b"{}", headers=[("a", b"b")])
    producer.flush()
    producer.close()

    seen = subprocess.run(  # noqa: S603 - fixed arguments
        [_kcat(), "-b", bootstrap_servers, "-C", "-t", prefix, "-e", "-q", "-f", "%k|%s|%h"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert seen.stdout == "LSVAA4182E2184847|{}|a=b"


def test_what_kcat_writes_kafka_python_reads(bootstrap_servers: str, prefix: str):
    _create(bootstrap_servers, prefix)
    subprocess.run(  # noqa: S603 - fixed arguments
        [_kcat(), "-b", bootstrap_servers, "-P", "-t", prefix, "-K", "|"],
        input="N1-A|{}\n", text=True, check=True, timeout=60,
    )  # fmt: skip

    consumer = KafkaConsumer(
        prefix, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest",
        consumer_timeout_ms=30_000,
    )  # fmt: skip
    record = next(consumer)
    consumer.close()

    assert (record.key, record.value, record.offset) == (b"N1-A", b"{}", 0)
