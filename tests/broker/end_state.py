"""What stands at the end: the store and the workers' pages say the same as the alert topic."""

from __future__ import annotations

import json
import threading
import urllib.parse
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from streams.service.settings import load
from streams.store.consumer import Sink, open_consumer
from streams.store.database import migrate, open_database
from streams.store.metrics import SinkMetrics
from streams.store.settings import SinkSettings
from tests.broker.deployment import Deployment, wait_for

_MIGRATING = threading.Lock()
"""Alembic keeps what it works on in its modules: one thread at a time."""


def check_store(deployment: Deployment, expected: dict[str, dict[str, Any]], directory: Path) -> None:
    """Fill a store from the topics: what fires in it is what is expected, and nothing was refused."""
    url = f"sqlite:///{directory / 'store.sqlite'}"
    settings = load(
        SinkSettings,
        bootstrap_servers=deployment.settings.bootstrap_servers,
        topic_prefix=deployment.settings.topic_prefix,
        group=deployment.settings.group,
        partitions=deployment.settings.partitions,
        sink_group=f"{deployment.settings.group}-sink",
        sink_url=url,
        session_seconds=6.0,
    )
    engine = open_database(url)
    with _MIGRATING:
        migrate(engine)
    with open_consumer(settings) as consumer:
        done = Sink(settings, engine, consumer, SinkMetrics(), threading.Event()).run(until_end=True)
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM alerts WHERE state = 'firing'")).mappings()
        found = {row["alert_id"]: row for row in rows}
        assert found.keys() == expected.keys()
        for identity, alert in expected.items():
            row = found[identity]
            for name in ("subject", "severity", "score", "explanation", "policy_id", "occurred_at"):
                assert row[name] == alert[name], (identity, name)
            assert json.loads(row["facts"]) == alert["facts"]
    engine.dispose()
    assert done.refused["alert"] == 0


def check_pages(deployment: Deployment, expected: dict[str, set[tuple[str, str, int]]]) -> None:
    """The owner of each vehicle shows its documents: source, event id and revision."""
    running = [worker for worker in deployment.workers if worker.running]
    # Longer than a group waits for members that it lost with the broker.
    wait_for(lambda: all(worker.ready for worker in running), 180, "not ready", deployment.logs)
    for vin, documents in expected.items():
        path = f"/api/vehicles/{urllib.parse.quote(vin, safe='')}"
        answers = [worker.get(path) for worker in running]
        shown = [json.loads(body) for status, body in answers if status == 200]
        assert len(shown) == 1, (vin, answers)
        found = [entry["document"] for entry in shown[0]["documents"]]
        assert {(d["source"], d["event_id"], d.get("revision", 0)) for d in found} == documents
