"""The two-rule job on stock Faust: an agent, a table by VIN, an alert topic.

Arguments: broker, document topics, alert topic, partitions, a directory of its own.
"""

from __future__ import annotations

import sys
from typing import Any

import faust
from two_rules import judge, seldom_collected

seldom_collected()
SERVERS, TOPICS, ALERTS, PARTITIONS, DIRECTORY = sys.argv[1:6]
del sys.argv[1:]

app = faust.App(
    ALERTS.replace(".", "-"), broker=f"kafka://{SERVERS}", store="memory://", web_enabled=False,
    topic_partitions=int(PARTITIONS), topic_replication_factor=1, topic_disable_leader=True,
    consumer_auto_offset_reset="earliest", datadir=DIRECTORY,
)  # fmt: skip
documents = app.topic(*TOPICS.split(","), value_serializer="json", key_type=bytes)
alerts = app.topic(ALERTS, value_serializer="json", key_type=str)
vehicles = app.Table("vehicles", partitions=int(PARTITIONS))


@app.agent(documents)
async def watch(stream: Any) -> None:
    async for document in stream:
        vin = document["vin"]
        vehicles[vin], fired = judge(vehicles.get(vin), document)
        for rule in fired:
            await alerts.send(key=vin, value={"vin": vin, "rule": rule})


faust.Worker(app, loglevel="error", quiet=True, redirect_stdouts=False).execute_from_commandline()
