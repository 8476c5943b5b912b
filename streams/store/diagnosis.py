"""What may be wrong with the store, for `zeromile doctor`; it is only looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError

from streams.kafka.offsets import deleted_unread, offsets_at, read_by
from streams.kafka.topic_admin import admin_client
from streams.service.diagnosed import Diagnosis
from streams.service.diagnosis import LAG_TO_MENTION
from streams.setup.policy import load_policy
from streams.store.consumer import topic_kinds
from streams.store.database import existing_database, migrations
from streams.store.errors import StoreError
from streams.store.retention import held_back
from streams.store.settings import SinkSettings
from streams.store.writing import BY_DATABASE

_REFUSED: Final = sa.text(
    "SELECT kind, reason, COUNT(*) AS records FROM refused_records GROUP BY kind, reason "
    "ORDER BY COUNT(*) DESC, kind, reason LIMIT 5"
)
_UNSTAMPED: Final = sa.text("SELECT COUNT(*), MIN(made_at) FROM log_checkpoints WHERE stamp_wanted")
_SIZE: Final = sa.text("SELECT size FROM log_head")


def diagnose_store(settings: SinkSettings) -> Iterator[Diagnosis]:
    """Look at the database, and at how far the store has read; nothing where no store is named."""
    if "sink_url" not in settings.model_fields_set:
        yield Diagnosis("note", "no store was looked at", "set ZEROMILE_SINK_URL where there is one")
        return
    yield from _database(settings)
    try:
        with admin_client(settings) as client:
            yield from list(_group(client, settings))
    except KafkaError:
        return  # said of the broker


def _database(settings: SinkSettings) -> Iterator[Diagnosis]:
    try:
        engine = existing_database(settings.sink_url.get_secret_value())
    except StoreError as error:
        yield Diagnosis("problem", str(error), "mend ZEROMILE_SINK_URL, or begin the store")
        return
    where = engine.url.render_as_string(hide_password=True)
    try:
        with engine.connect() as connection:
            yield from list(_content(connection, settings, where))
    except DBAPIError as error:
        yield Diagnosis(
            "problem", f"the database {where} cannot be used: {str(error.orig).strip()}",
            "no record is lost: the store goes on where it was, once the database answers",
        )  # fmt: skip
    finally:
        engine.dispose()


def _content(connection: sa.Connection, settings: SinkSettings, where: str) -> Iterator[Diagnosis]:
    if not sa.inspect(connection).has_table("alembic_version"):
        yield Diagnosis("problem", f"{where} is no store yet", "`zeromile sink` makes its tables")
        return
    version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
    scripts = ScriptDirectory.from_config(migrations())
    if version not in {one.revision for one in scripts.walk_revisions()}:
        yield Diagnosis(
            "problem", f"{where} has a schema of a later program ({version})", "update this program"
        )
        return
    if version != scripts.get_current_head():
        yield Diagnosis(
            "note", f"{where} has a schema of an earlier program ({version})",
            "`zeromile sink` brings it up when it starts",
        )  # fmt: skip
        return
    size = connection.execute(_SIZE).scalar_one()
    yield Diagnosis("ok", f"{where} answers; {size:,} records are in its log")
    yield from _refused(connection)
    yield from _held_back(connection, settings)
    yield from _unstamped(connection)


def _refused(connection: sa.Connection) -> Iterator[Diagnosis]:
    for row in connection.execute(_REFUSED):
        refused = row.reason.startswith(BY_DATABASE)
        yield Diagnosis(
            "problem" if refused else "note",
            f"{row.records:,} {row.kind} record(s) were not stored: {row.reason}",
            "mend the cause, then `zeromile sink --again`"
            if refused
            else "who writes to that topic? refused_records has the bytes and the place",
        )


def _held_back(connection: sa.Connection, settings: SinkSettings) -> Iterator[Diagnosis]:
    country = load_policy(settings.policy_file).country
    old = held_back(
        connection, datetime.now(UTC), settings.sink_document_days, settings.sink_forget_before, country
    )
    if old.documents:
        yield Diagnosis(
            "problem",
            f"{old.documents:,} documents are older than they are kept, too many to be deleted "
            "unasked: is a date wrong?",
            f"if it is right, set ZEROMILE_SINK_FORGET_BEFORE={old.before}",
        )


def _unstamped(connection: sa.Connection) -> Iterator[Diagnosis]:
    waiting, since = connection.execute(_UNSTAMPED).one()
    if waiting:
        yield Diagnosis(
            "note",
            f"{waiting:,} checkpoints of the log wait for a time stamp, the first since {since}",
            "does the authority of ZEROMILE_SINK_TIME_STAMP_URL answer? the store's log says why not",
        )


def _group(client: KafkaAdminClient, settings: SinkSettings) -> Iterator[Diagnosis]:
    """How far the store has read, and whether anything was deleted before it had."""
    group = settings.sink_group
    topics = client.describe_topics(list(topic_kinds(settings)))
    places = [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in topics
        for partition in topic["partitions"]
    ]
    first = offsets_at(client, places, OffsetSpec.EARLIEST)
    ends = offsets_at(client, places, OffsetSpec.LATEST)
    read = read_by(client, group, places)
    deleted = deleted_unread(read, first)
    if deleted:
        yield Diagnosis(
            "problem",
            f"{deleted:,} records were deleted by their topic's retention before the store read them",
            "publish the documents again; raise the retention of the topics",
        )
    waiting = sum(max(0, ends[where] - read.get(where, first[where])) for where in places)
    members = len(client.describe_groups([group])[group]["members"])
    if not members:
        yield Diagnosis(
            "note", f"no store reads in the group {group}; {waiting:,} records wait",
            "start `zeromile sink`",
        )  # fmt: skip
    elif waiting > LAG_TO_MENTION:
        yield Diagnosis("note", f"{waiting:,} records wait for the store", "see that it becomes fewer")
    else:
        yield Diagnosis("ok", f"the store reads; {waiting:,} records wait")
