"""By what alerts were judged: policies, models, versions of detectors; and the log over all records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from streams.desk.tables import in_utc
from streams.store.checkpoints import state_of_log

_JUDGES = sa.text(
    "SELECT detector, detector_version, model_id, policy_id, COUNT(*) AS alerts, "
    "MAX(detected_at) AS newest FROM alerts WHERE state = 'firing' "
    "GROUP BY detector, detector_version, model_id, policy_id "
    "ORDER BY detector, detector_version, policy_id LIMIT 500"
)
_CHECKPOINTS = sa.text("SELECT size, made_at FROM log_checkpoints ORDER BY size DESC LIMIT 20")
_KINDS = sa.text("SELECT kind, COUNT(*) AS records FROM received_records GROUP BY kind ORDER BY kind")


class Judge(msgspec.Struct, frozen=True):
    """What judged a number of standing alerts."""

    detector: str
    detector_version: int
    model_id: str | None
    policy_id: str | None
    alerts: int
    newest: datetime


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where the alerts come from, and the log."""

    judges: tuple[Judge, ...]
    origin: str
    size: int
    root: str
    """Root of the log as it is now, in hexadecimal."""
    kinds: dict[str, int]
    """Records that are kept, by kind."""
    checkpoints: tuple[tuple[int, datetime], ...]
    """Signed ones: size, and when."""


class Counted(msgspec.Struct, frozen=True):
    """What is counted over the whole store."""

    judges: tuple[Judge, ...]
    kinds: dict[str, int]


def count_store(engine: sa.Engine) -> Counted:
    """Count what judged the alerts that stand, and the records that are kept."""
    with engine.connect() as connection:
        return Counted(
            tuple(_judge(row) for row in connection.execute(_JUDGES)),
            {row.kind: row.records for row in connection.execute(_KINDS)},
        )


def provenance(engine: sa.Engine, counted: Counted, now: datetime) -> Provenance:
    """Look at the log as it is now, beside what was counted."""
    with engine.connect() as connection:
        state = state_of_log(connection, now)
        return Provenance(
            judges=counted.judges,
            origin=state.origin,
            size=state.size,
            root=state.root.hex(),
            kinds=counted.kinds,
            checkpoints=tuple(
                (row.size, in_utc(row.made_at)) for row in connection.execute(_CHECKPOINTS)
            ),
        )


def _judge(row: Any) -> Judge:
    return Judge(
        row.detector, row.detector_version, row.model_id, row.policy_id, row.alerts, in_utc(row.newest)
    )
