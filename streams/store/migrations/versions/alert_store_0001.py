"""Tables of alerts, their history and evidence, documents, and records that were refused."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

_object = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "alerts",
        *_change_columns(),
        sa.PrimaryKeyConstraint("alert_id"),
        comment="Every alert as it stands: its change with the highest revision.",
    )
    op.create_table(
        "alert_history",
        *_change_columns(),
        _stored_at(),
        sa.PrimaryKeyConstraint("alert_id", "revision"),
        comment="Every change of every alert, never changed afterwards.",
    )
    op.create_table(
        "alert_evidence",
        *_evidence_columns(),
        sa.PrimaryKeyConstraint("alert_id", "revision", "position"),
        sa.ForeignKeyConstraint(
            ["alert_id", "revision"],
            ["alert_history.alert_id", "alert_history.revision"],
            ondelete="CASCADE",
        ),
        comment="Documents that each change rests on.",
    )
    op.create_table(
        "documents",
        *_document_columns(),
        sa.PrimaryKeyConstraint("vin", "source", "event_id"),
        comment="Every document in its highest revision; withdrawn ones have status void.",
    )
    op.create_table(
        "refused_records",
        *_refused_columns(),
        _stored_at(),
        sa.PrimaryKeyConstraint("kafka_topic", "kafka_partition", "kafka_offset", "value_sha256"),
        comment="Records that could not be stored, bytes unchanged, with the reason.",
    )
    for table, columns in _INDEXES:
        op.create_index(f"{table}_{'_'.join(columns)}", table, columns)


_INDEXES: tuple[tuple[str, list[str]], ...] = (
    ("alerts", ["state", "occurred_on"]),
    ("alerts", ["subject"]),
    ("alerts", ["detector", "occurred_on"]),
    ("alert_history", ["detected_at"]),
    ("documents", ["occurred_on"]),
    ("documents", ["event_type", "occurred_month"]),
)


def _text(name: str, *, required: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=not required)


def _stored_at() -> sa.Column[Any]:
    return sa.Column(
        "stored_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
    )


def _position_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("kafka_topic", sa.Text),
        sa.Column("kafka_partition", sa.Integer),
        sa.Column("kafka_offset", sa.BigInteger),
    ]


def _time_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("occurred_at", sa.Text, nullable=False, comment="as published"),
        sa.Column("occurred_on", sa.Date, nullable=False, comment="civil day in Asia/Shanghai"),
        sa.Column("occurred_month", sa.Date, nullable=False, comment="first day of its month"),
        sa.Column("civil_day", sa.Integer, nullable=False, comment="number of the civil day"),
    ]


def _change_columns() -> list[sa.Column[Any]]:
    return [
        _text("alert_id"),
        sa.Column("revision", sa.BigInteger, nullable=False),
        _text("state"),
        _text("cause"),
        _text("detector"),
        sa.Column("detector_version", sa.Integer, nullable=False),
        _text("model_id", required=False),
        _text("subject_type"),
        _text("subject"),
        _text("severity"),
        sa.Column("severity_rank", sa.SmallInteger, nullable=False, comment="1 low to 4 critical"),
        sa.Column("score", sa.Float, nullable=False),
        *_time_columns(),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=False),
        _text("title"),
        _text("explanation"),
        sa.Column("facts", _object, nullable=False),
        sa.Column("labels", _object, nullable=False),
        _text("province", required=False),
        _text("brand", required=False),
        _text("destination", required=False),
        sa.Column("shadow", sa.Boolean, nullable=False),
        *_position_columns(),
    ]


def _evidence_columns() -> list[sa.Column[Any]]:
    return [
        _text("alert_id"),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        _text("source"),
        _text("event_id"),
        sa.Column("event_revision", sa.BigInteger, nullable=False),
        _text("event_type"),
        _text("occurred_at"),
        *_position_columns(),
    ]


def _document_columns() -> list[sa.Column[Any]]:
    return [
        _text("vin"),
        _text("source"),
        _text("event_id"),
        sa.Column("revision", sa.BigInteger, nullable=False),
        _text("content_digest"),
        _text("status"),
        _text("event_type"),
        *_time_columns(),
        _text("kind", required=False),
        _text("province", required=False),
        _text("brand", required=False),
        _text("model", required=False),
        _text("fuel", required=False),
        _text("owner_id", required=False),
        _text("owner_type", required=False),
        sa.Column("price_cny", sa.Float),
        _text("exporter_id", required=False),
        _text("destination", required=False),
        sa.Column("odometer_km", sa.Float),
        *_position_columns(),
    ]


def _refused_columns() -> list[sa.Column[Any]]:
    return [
        _text("kind"),
        _text("reason"),
        sa.Column("kafka_topic", sa.Text, nullable=False),
        sa.Column("kafka_partition", sa.Integer, nullable=False),
        sa.Column("kafka_offset", sa.BigInteger, nullable=False),
        _text("value_sha256"),
        _text("value_base64"),
    ]
