"""The tables that the desk reads and writes, as SQLAlchemy knows them; migrations make them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

DESK_TOPIC: Final = "zeromile desk"
"""Where the log says that a record of the desk's own was read: here, for it comes from no topic."""


def in_utc(value: Any) -> datetime:
    """A moment as a database hands it out; a text without an offset, as SQLite stamps, means UTC."""
    moment: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Instant(TypeDecorator[datetime]):
    """A moment, in UTC here and in the database; SQLite keeps it as a text that sorts by time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text in SQLite."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else self.impl_instance)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Towards the database."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        # The form in which the store writes times, with a microsecond whatever it is, so that it sorts.
        return value.isoformat(timespec="microseconds") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the library's method
        """From the database."""
        return None if value is None else in_utc(value)


class Json(TypeDecorator[Any]):
    """A value as JSON; PostgreSQL hands out objects where the column is one."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002 - the library's method
        """Towards the database."""
        return msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - the library's method
        """From the database."""
        return msgspec.json.decode(value) if isinstance(value, str | bytes) else value


class Day(TypeDecorator[str]):
    """A civil day, as text here whatever the database has for it."""

    impl = sa.Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text in SQLite."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.Date())

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - the library's method
        """From the database."""
        return None if value is None else str(value)


_metadata = sa.MetaData()

_TEXT = sa.Text()

alerts = sa.Table(
    "alerts",
    _metadata,
    sa.Column("alert_id", _TEXT, primary_key=True),
    *(sa.Column(name, sa.BigInteger) for name in ("revision", "civil_day", "detector_version")),
    *(sa.Column(name, sa.Integer) for name in ("severity_rank",)),
    *(
        sa.Column(name, _TEXT)
        for name in (
            "state", "cause", "detector", "model_id", "policy_id", "subject_type", "subject",
            "severity", "occurred_at", "title", "explanation", "province", "brand", "destination",
        )
    ),
    sa.Column("score", sa.Float),
    sa.Column("occurred_on", Day),
    sa.Column("detected_at", Instant),
    sa.Column("facts", Json),
    sa.Column("labels", Json),
    sa.Column("shadow", sa.Boolean),
    sa.Column("words", _TEXT),
)  # fmt: skip

alert_history = sa.table(
    "alert_history", sa.column("alert_id", _TEXT), sa.column("detected_at", Instant)
)

evidence = sa.table(
    "alert_evidence",
    *(
        sa.column(name)
        for name in (
            "alert_id", "revision", "position", "source", "event_id", "event_revision", "event_type",
            "occurred_at", "document_vin", "kafka_topic", "kafka_partition", "kafka_offset",
        )
    ),
)  # fmt: skip

documents = sa.table(
    "documents",
    *(
        sa.column(name)
        for name in ("vin", "source", "event_id", "owner_id", "seller_id", "exporter_id")
    ),
)

cases = sa.Table(
    "cases",
    _metadata,
    sa.Column("alert_id", _TEXT, primary_key=True),
    *(sa.Column(name, sa.BigInteger) for name in ("version", "alert_revision", "detector_version")),
    *(
        sa.Column(name, _TEXT)
        for name in (
            "state", "outcome", "look_alike", "assignee", "resumes", "decided_by", "alert_state",
            "detector", "subject_type", "subject", "severity", "province",
        )
    ),
    *(
        sa.Column(name, Instant)
        for name in ("snoozed_until", "first_look_at", "decided_at", "detected_at")
    ),
    *(sa.Column(name, Json) for name in ("tags", "decided_on")),
    sa.Column("score", sa.Float),
    sa.Column("shadow", sa.Boolean),
)  # fmt: skip

case_events = sa.Table(
    "case_events",
    _metadata,
    sa.Column("event_number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("alert_id", _TEXT),
    sa.Column("version", sa.BigInteger),
    sa.Column("at", Instant),
    sa.Column("actor", _TEXT),
    sa.Column("action", _TEXT),
    sa.Column("details", Json),
)

suppressions = sa.Table(
    "suppressions",
    _metadata,
    sa.Column("suppression_id", _TEXT, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    *(
        sa.Column(name, _TEXT)
        for name in (
            "kind", "detector", "vin", "party_id", "province", "brand", "destination", "reason",
            "author",
        )
    ),
    sa.Column("made_at", Instant),
    sa.Column("until", Instant),
    sa.Column("withdrawn", sa.Boolean),
)  # fmt: skip

tokens = sa.Table(
    "desk_tokens",
    _metadata,
    *(sa.Column(name, _TEXT) for name in ("token_id", "name", "role")),
    sa.Column("secret_sha256", sa.LargeBinary),
    *(sa.Column(name, Instant) for name in ("made_at", "expires_at", "revoked_at")),
)

sessions = sa.Table(
    "desk_sessions",
    _metadata,
    sa.Column("session_sha256", sa.LargeBinary),
    *(sa.Column(name, _TEXT) for name in ("token_id", "form_key")),
    sa.Column("expires_at", Instant),
)

webhooks = sa.Table(
    "webhooks",
    _metadata,
    *(sa.Column(name, _TEXT) for name in ("webhook_id", "url", "secret", "detector", "province")),
    *(sa.Column(name, sa.Integer) for name in ("least_rank", "daily_at")),
    sa.Column("allow_private", sa.Boolean),
    sa.Column("made_at", Instant),
    sa.Column("next_leaf", sa.BigInteger),
)

outbox = sa.Table(
    "outbox",
    _metadata,
    *(sa.Column(name, _TEXT) for name in ("webhook_id", "alert_id", "alert_state", "state", "said")),
    *(sa.Column(name, sa.BigInteger) for name in ("leaf_index", "revision")),
    *(sa.Column(name, sa.Integer) for name in ("severity_rank", "tries")),
    sa.Column("body", sa.LargeBinary),
    *(sa.Column(name, Instant) for name in ("made_at", "due_at")),
)

received_records = sa.table(
    "received_records",
    *(sa.column(name) for name in ("leaf_index", "kind", "belongs_to", "revision", "value")),
)

log_head = sa.table("log_head", sa.column("size"), sa.column("origin"))
