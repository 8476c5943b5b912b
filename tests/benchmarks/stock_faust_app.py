"""What a Faust user writes: one event a record, JSON, one table entry a vehicle."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from typing import Any

import faust
from kafka import KafkaAdminClient

SERVERS, TOPIC, DOCUMENTS, PARTITIONS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
GROUP = f"stock-{time.time_ns()}"

admin = KafkaAdminClient(bootstrap_servers=SERVERS)
admin.create_topics(
    {f"{GROUP}-vehicles-changelog": {"num_partitions": PARTITIONS, "replication_factor": 1}}
)
admin.close()

app = faust.App(
    GROUP, broker=f"kafka://{SERVERS}", store="memory://", web_enabled=False,
    topic_allow_declare=False, topic_disable_leader=True, consumer_auto_offset_reset="earliest",
    datadir=tempfile.mkdtemp(),
)  # fmt: skip
documents = app.topic(TOPIC, value_type=bytes, value_serializer="raw", key_type=bytes)
vehicles = app.Table("vehicles", default=dict, partitions=PARTITIONS)
seen = {"documents": 0, "from": 0.0}


@app.agent(documents)
async def count(stream: Any) -> None:
    async for value in stream:
        if not seen["documents"]:
            seen["from"] = time.process_time()
        seen["documents"] += 1
        try:
            paper = json.loads(value)
            known = vehicles[paper["vin"]]
            known[paper["event_id"]] = paper["occurred_at"]
            vehicles[paper["vin"]] = known
        except (ValueError, KeyError, TypeError):
            pass
        if seen["documents"] == DOCUMENTS:
            spent = time.process_time() - seen["from"]
            print(json.dumps({"documents": DOCUMENTS, "cpu_seconds": spent}), flush=True)
            os._exit(0)  # an agent cannot stop its own worker


faust.Worker(app, loglevel="error", quiet=True, redirect_stdouts=False).execute_from_commandline()
