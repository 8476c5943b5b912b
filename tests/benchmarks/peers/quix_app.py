"""The two-rule job on Quix Streams: concatenated data frames, state in RocksDB with its changelog.

Arguments: broker, document topics, alert topic, partitions, a directory of its own.
"""

from __future__ import annotations

import sys
from functools import reduce
from typing import Any

from quixstreams import Application, State
from two_rules import judge, seldom_collected

seldom_collected()
SERVERS, TOPICS, ALERTS, _, DIRECTORY = sys.argv[1:6]

app = Application(
    broker_address=SERVERS, consumer_group=ALERTS, auto_offset_reset="earliest",
    state_dir=DIRECTORY, loglevel="ERROR",
)  # fmt: skip


def watch(document: dict[str, Any], state: State) -> list[dict[str, str]]:
    known, fired = judge(state.get("vehicle"), document)
    state.set("vehicle", known)
    return [{"vin": document["vin"], "rule": rule} for rule in fired]


frames = [app.dataframe(app.topic(name, value_deserializer="json")) for name in TOPICS.split(",")]
documents = reduce(lambda one, other: one.concat(other), frames)
documents.apply(watch, stateful=True, expand=True).to_topic(app.topic(ALERTS, value_serializer="json"))
app.run()
