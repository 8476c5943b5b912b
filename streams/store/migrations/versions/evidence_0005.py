"""Records as received, the log over them, all columns of documents, and evidence linked to them."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

from streams.store.migrations.views import drop_views, make_views

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables and columns, link the evidence that is there, and make the views anew."""
    drop_views(op.get_bind())
    for column in _DOCUMENT_COLUMNS:
        op.add_column("documents", column)
    _fill_weeks(op.get_bind())
    for party in ("owner_id", "seller_id", "exporter_id"):
        there = sa.text(f"{party} IS NOT NULL")
        op.create_index(
            f"documents_{party}", "documents", [party], postgresql_where=there, sqlite_where=there
        )
    op.create_table(
        "received_records",
        *_received_columns(),
        sa.PrimaryKeyConstraint("leaf_index"),
        sa.UniqueConstraint("kafka_topic", "kafka_partition", "kafka_offset", "value_sha256"),
        comment="Every record as it was received, in the order of the log.",
    )
    op.create_index("received_records_belongs_to", "received_records", ["belongs_to"])
    _make_log()
    _link_evidence()
    make_views(op.get_bind(), "0005")


def _text(name: str, comment: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, comment=comment)


def _fill_weeks(connection: sa.Connection) -> None:
    monday = {
        "postgresql": "occurred_on - (civil_day - 1) % 7",
        "sqlite": "date(occurred_on, '-' || ((civil_day - 1) % 7) || ' days')",
    }[connection.dialect.name]
    op.execute(f"UPDATE documents SET occurred_week = {monday}")  # noqa: S608 - our own words only


_DOCUMENT_COLUMNS: tuple[sa.Column[Any], ...] = (
    sa.Column("occurred_week", sa.Date, comment="Monday of its week"),
    _text("recorded_at", "when the source wrote it"),
    _text("use"),
    _text("seller_id"),
    _text("invoice_no"),
    _text("plate"),
    _text("odometer_status"),
    _text("declaration_no"),
    _text("exporter_province"),
    _text("source_province"),
    _text("exit_customs"),
    _text("hs_code"),
    _text("trade_mode"),
    _text("licence_no"),
    sa.Column("licence_applied_on", sa.Date),
    sa.Column("manufacturer_letter", sa.Boolean),
    sa.Column("exited_on", sa.Date),
    _text("owner_group"),
    _text("seller_group"),
    _text("date_precision"),
    _text("dropped", "JSON: optional values that could not be read, by field"),
)


def _received_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("leaf_index", sa.BigInteger, autoincrement=False, comment="place in the log"),
        sa.Column("kind", sa.Text, nullable=False, comment="alert or document"),
        sa.Column("kafka_topic", sa.Text, nullable=False, comment="empty for a line of a file"),
        sa.Column("kafka_partition", sa.Integer, nullable=False, comment="-1 for a line of a file"),
        sa.Column("kafka_offset", sa.BigInteger, nullable=False, comment="or the number of the line"),
        sa.Column("kafka_timestamp", sa.BigInteger, comment="milliseconds since 1970"),
        sa.Column("key", sa.LargeBinary),
        sa.Column("headers", sa.Text, nullable=False, comment="JSON: names, values in base64"),
        sa.Column("value", sa.LargeBinary, nullable=False, comment="bytes as received"),
        sa.Column("value_sha256", sa.LargeBinary, nullable=False),
        sa.Column("concealed", sa.Boolean, nullable=False, comment="ids were replaced by digests"),
        sa.Column("belongs_to", sa.Text, nullable=False, comment="VIN, or alert id"),
        sa.Column("revision", sa.BigInteger, nullable=False),
        _text("source"),
        _text("event_id"),
        _text("content_digest"),
        sa.Column("civil_day", sa.Integer),
        sa.Column(
            "received_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
    ]


def _make_log() -> None:
    head = op.create_table(
        "log_head",
        sa.Column("id", sa.SmallInteger, sa.CheckConstraint("id = 1"), primary_key=True),
        sa.Column("origin", sa.Text, nullable=False, comment="name of this log, for ever"),
        sa.Column("size", sa.BigInteger, nullable=False, comment="number of leaves"),
        comment="One row: whoever appends to the log locks it.",
    )
    op.bulk_insert(head, [{"id": 1, "origin": f"zeromile/{secrets.token_hex(8)}", "size": 0}])
    op.create_table(
        "log_tiles",
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False, comment="up to 256, one after the other"),
        sa.PrimaryKeyConstraint("level", "number"),
        comment="The tree of RFC 6962 over the leaves; nothing ever leaves it.",
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("size", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False, comment="signed note of C2SP tlog-checkpoint"),
        sa.Column("signature", sa.Text, nullable=False, comment="SSHSIG over the checkpoint"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size"),
        comment="Signed statements of how long the log was and what its root was.",
    )
    op.create_table(
        "view_refreshes",
        sa.Column("id", sa.SmallInteger, sa.CheckConstraint("id = 1"), primary_key=True),
        sa.Column("log_size", sa.BigInteger, nullable=False, comment="leaves that the views know of"),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        comment="How old the materialised views are.",
    )


def _link_evidence() -> None:
    """Give evidence a foreign key that is empty where its document is not kept."""
    with op.batch_alter_table("alert_evidence") as table:
        table.add_column(sa.Column("document_vin", sa.Text, comment="empty: the document is not here"))
        table.create_foreign_key(
            "alert_evidence_document",
            "documents",
            ["document_vin", "source", "event_id"],
            ["vin", "source", "event_id"],
        )
    op.create_index("alert_evidence_document", "alert_evidence", ["source", "event_id"])
    op.execute(
        sa.text(
            "UPDATE alert_evidence SET document_vin = ("
            "SELECT MIN(d.vin) FROM documents d, alert_history h "
            "WHERE d.source = alert_evidence.source AND d.event_id = alert_evidence.event_id "
            "AND h.alert_id = alert_evidence.alert_id AND h.revision = alert_evidence.revision "
            "AND (h.subject_type <> 'vehicle' OR h.subject = d.vin))"
        )
    )
