"""The desk: cases and what became of them, what is kept quiet, and who may do what."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables, and the indexes by which a list of alerts is read page by page."""
    _make_cases()
    _make_suppressions()
    _make_tokens()
    for columns in (
        ["severity_rank", "score", "alert_id"],
        ["civil_day", "alert_id"],
        ["detected_at", "alert_id"],
    ):
        op.create_index(f"alerts_{'_'.join(columns)}", "alerts", columns)


def _text(name: str, comment: str | None = None, *, required: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=not required, comment=comment)


def _instant(name: str, comment: str | None = None, *, required: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not required, comment=comment)


def _make_cases() -> None:
    op.create_table(
        "cases",
        _text("alert_id", required=True),
        sa.Column("version", sa.BigInteger, nullable=False, comment="grows with every decision"),
        _text("state", "open, investigating, closed or snoozed", required=True),
        _text("outcome", "confirmed, useful, false_alarm or explained"),
        _text("look_alike", "what explains it"),
        _text("assignee"),
        _text("tags", "JSON: a list of texts", required=True),
        _instant("snoozed_until"),
        _text("resumes", "state after a snooze"),
        _instant("first_look_at", "when somebody opened it first"),
        _instant("decided_at"),
        _text("decided_by"),
        _text("decided_on", "JSON: documents that the decision rests on", required=True),
        sa.Column("alert_revision", sa.BigInteger, nullable=False, comment="that the case knows of"),
        _text("alert_state", required=True),
        _instant("detected_at", "when the alert was first stored with this case", required=True),
        _text("detector", required=True),
        sa.Column("detector_version", sa.Integer, nullable=False),
        _text("subject_type", required=True),
        _text("subject", required=True),
        _text("severity", required=True),
        sa.Column("score", sa.Float, nullable=False),
        _text("province"),
        sa.Column("shadow", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("alert_id"),
        comment="What people made of an alert; an alert that nobody touched has no row and is open.",
    )
    op.create_index("cases_state", "cases", ["state"])
    op.create_index("cases_subject", "cases", ["subject"])
    op.create_table(
        "case_events",
        sa.Column("event_number", sa.BigInteger, autoincrement=False, nullable=False),
        _text("alert_id", required=True),
        sa.Column("version", sa.BigInteger, nullable=False, comment="of the case, afterwards"),
        _instant("at", required=True),
        _text("actor", "who; `zeromile` where nobody did it", required=True),
        _text("action", required=True),
        _text("details", "JSON", required=True),
        sa.PrimaryKeyConstraint("event_number"),
        comment="Everything that happened to a case, never changed afterwards; in the log as well.",
    )
    op.create_index("case_events_alert_id", "case_events", ["alert_id", "event_number"])
    _forbid_changes("case_events")


def _forbid_changes(table: str) -> None:
    """Let the database itself refuse to change or delete a row."""
    refusal = f"{table} is append-only"
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
    )


def _make_suppressions() -> None:
    op.create_table(
        "suppressions",
        _text("suppression_id", required=True),
        sa.Column("version", sa.Integer, nullable=False),
        _text("kind", "snooze or exception", required=True),
        _text("detector"),
        _text("vin"),
        _text("party_id"),
        _text("province"),
        _text("brand"),
        _text("destination"),
        _text("reason", required=True),
        _text("author", required=True),
        _instant("made_at", required=True),
        _instant("until", required=True),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("suppression_id", "version"),
        comment="Alerts that need nobody's eyes: all versions; the highest one counts.",
    )
    _forbid_changes("suppressions")


def _make_tokens() -> None:
    op.create_table(
        "desk_tokens",
        _text("token_id", required=True),
        _text("name", "who acts with it", required=True),
        _text("role", "read, decide or admin", required=True),
        sa.Column("secret_sha256", sa.LargeBinary, nullable=False),
        _instant("made_at", required=True),
        _instant("expires_at", required=True),
        _instant("revoked_at"),
        sa.PrimaryKeyConstraint("token_id"),
        sa.UniqueConstraint("secret_sha256"),
        comment="Who may use the desk; the tokens themselves are not kept.",
    )
    op.create_table(
        "desk_sessions",
        sa.Column("session_sha256", sa.LargeBinary, nullable=False),
        _text("token_id", required=True),
        _text("form_key", "comes back with every form of the session", required=True),
        _instant("expires_at", required=True),
        sa.PrimaryKeyConstraint("session_sha256"),
        sa.ForeignKeyConstraint(["token_id"], ["desk_tokens.token_id"], ondelete="CASCADE"),
        comment="Browsers that are signed in.",
    )
    if op.get_bind().dialect.name == "postgresql":
        # The role of dashboards reads every table but these.
        op.execute(
            "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'zeromile_reader') THEN "
            "REVOKE ALL ON desk_tokens, desk_sessions FROM zeromile_reader; END IF; END $$"
        )
