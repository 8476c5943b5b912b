"""The two-rule job on Bytewax: a stateful map by VIN, with recovery snapshots on disk.

It ends at the end of the topics, with a last snapshot: asked to end, it would take none.

Arguments: broker, document topics, alert topic, partitions, a directory of its own.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main
from two_rules import State, judge, seldom_collected

SERVERS, TOPICS, ALERTS, PARTITIONS, DIRECTORY = sys.argv[1:6]


def read(message: KafkaSourceMessage[bytes, bytes]) -> tuple[str, dict[str, Any]]:
    document = orjson.loads(message.value)
    return document["vin"], document


def watch(state: State | None, document: dict[str, Any]) -> tuple[State, list[dict[str, str]]]:
    state, fired = judge(state, document)
    return state, [{"vin": document["vin"], "rule": rule} for rule in fired]


def write(alert: tuple[str, dict[str, str]]) -> KafkaSinkMessage[bytes, bytes]:
    vin, content = alert
    return KafkaSinkMessage(vin.encode(), orjson.dumps(content))


flow = Dataflow("two_rules")
documents = kop.input("documents", flow, brokers=[SERVERS], topics=TOPICS.split(","), tail=False)
by_vin = op.map("read", documents.oks, read)
found = op.stateful_flat_map("watch", by_vin, watch)
kop.output("alerts", op.map("write", found, write), brokers=[SERVERS], topic=ALERTS)

if __name__ == "__main__":
    seldom_collected()
    init_db_dir(Path(DIRECTORY), 1)
    cli_main(flow, recovery_config=RecoveryConfig(DIRECTORY), epoch_interval=dt.timedelta(seconds=10))
