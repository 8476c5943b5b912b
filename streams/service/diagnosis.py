"""What may be wrong with an installation, each finding with its remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    RetriableError,
    UnknownTopicOrPartitionError,
)

from detectors.errors import ZeromileError
from detectors.watermarks import MOST_SOURCES
from streams.kafka.offsets import deleted_unread, offsets_at, read_by
from streams.kafka.partition_writer import BATCH_BYTES
from streams.kafka.topic_admin import admin_client, check_topics, described
from streams.service.configuration_diagnosis import diagnose_configuration
from streams.service.dead_letter_diagnosis import diagnose_dead_letters
from streams.service.diagnosed import Diagnosis
from streams.service.identity_check import IdentityKeyChangedError, check_identities
from streams.service.kept_state import (
    fault_of_provinces,
    province_memory,
    read_vehicles,
    read_watermarks,
)
from streams.service.layout import catalogue_of, names_of
from streams.service.neighbours import ask_all, owner_urls
from streams.service.origin import lost_state
from streams.service.settings import Settings
from streams.service.terms import OtherTermsError, check_terms, terms_of
from streams.service.worker_diagnosis import diagnose_workers
from streams.setup.policy import load_policy

LAG_TO_MENTION = 10_000
UNREADABLE_TO_NAME = 5
WORKERS_PROTOCOL = "faust"
"""How workers share partitions out, by the name that the broker knows."""
LARGEST = "max.message.bytes"


def diagnose_running(settings: Settings) -> Iterator[Diagnosis]:
    """Look at what moves while the service runs: broker, workers, lag and dead letters."""
    yield from _asked(settings, (_group, _lag, diagnose_dead_letters))


def diagnose(settings: Settings) -> Iterator[Diagnosis]:
    """Look at configuration, broker, topics, group and lag, in this order."""
    yield from diagnose_configuration(settings)
    yield from _asked(
        settings,
        (
            _topics,
            _sizes,
            _sources,
            _identities,
            _terms,
            _group,
            _lag,
            diagnose_dead_letters,
            _state,
            _unreadable,
            _workers,
        ),
    )


Check = Callable[[KafkaAdminClient, Settings], Iterator[Diagnosis]]


def _asked(settings: Settings, checks: Sequence[Check]) -> Iterator[Diagnosis]:
    try:
        with admin_client(settings) as client:
            yield from _broker(client, settings)
            for check in checks:
                yield from _tolerant(check, client, settings)
    except KafkaError as error:
        yield Diagnosis(
            "problem",
            f"no broker answers at {settings.bootstrap_servers} ({settings.security_protocol}): "
            f"{type(error).__name__}",
            "check ZEROMILE_BOOTSTRAP_SERVERS, the network, and the ZEROMILE_SASL_… and "
            "ZEROMILE_SSL_… settings; `zeromile settings show` prints them",
        )


def _tolerant(
    check: Check,
    client: KafkaAdminClient,
    settings: Settings,
) -> Iterator[Diagnosis]:
    try:
        yield from list(check(client, settings))
    except UnknownTopicOrPartitionError:
        return  # what is missing was told with the topics
    except AuthorizationError as error:
        yield Diagnosis(
            "problem", f"the broker refuses to tell: {error}", "check the user's rights (ACLs)"
        )
    except RetriableError as error:
        # As a broker does that nobody has asked for a group yet: it makes the topic of offsets first.
        yield Diagnosis("note", f"the broker cannot tell yet: {error}", "ask again in a moment")
    except KafkaError as error:
        yield Diagnosis("problem", f"the broker does not tell: {error}", "the broker's log says why")


def _broker(client: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    nodes = len(client.describe_cluster()["brokers"])
    yield Diagnosis("ok", f"{nodes} broker(s) answer at {settings.bootstrap_servers}")
    if settings.replication_factor > nodes:
        yield Diagnosis(
            "problem",
            f"topics want {settings.replication_factor} copies, but there are {nodes} brokers",
            "lower ZEROMILE_REPLICATION_FACTOR or add brokers",
        )


def _topics(client: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    differences = check_topics(client, catalogue_of(settings))
    for said in described(differences):
        yield Diagnosis("problem", said)
    if not differences:
        yield Diagnosis("ok", "all topics are as they should be")


def _sizes(client: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    """Topics of zeromile's own that take less than it writes: a partition would stand still there."""
    names = names_of(settings)
    own = (names.alerts, names.dead_letters, names.vehicles, names.province_exports, names.watermarks)
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic, {LARGEST: ""}) for topic in own]
    found = client.describe_configs(asked, config_filter="all")["topic"]
    for topic in own:
        most = int(found[topic][LARGEST]["value"])
        if most < BATCH_BYTES:
            yield Diagnosis(
                "problem",
                f"{topic} takes records of {most:,} bytes at most; zeromile writes up to "
                f"{BATCH_BYTES:,}",
                f"raise its {LARGEST} to the broker's usual 1048588",
            )


def _sources(_: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    """Feeds whose documents name more sources than are told apart: mistyped ones, mostly."""
    watermarks = read_watermarks(settings, load_policy(settings.policy_file))
    sources = Counter(event_type for event_type, _ in watermarks.newest)
    for feed, count in sources.items():
        if count >= MOST_SOURCES:
            yield Diagnosis(
                "note",
                f"{feed} documents name {count:,} sources and more; those furthest behind hold back no "
                "deadline",
                "`zeromile watermarks show` lists them; a field `source` that differs with each "
                "document is the publisher's to mend",
            )


def _identities(_: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    try:
        check_identities(settings)
    except IdentityKeyChangedError as error:
        yield Diagnosis("problem", str(error), "no worker starts until then")
        return
    if settings.identities is None:
        yield Diagnosis(
            "note",
            "ids of owners and exporters are kept as they come",
            "hash them upstream, or set ZEROMILE_IDENTITY_KEY before the first worker starts",
        )
    else:
        yield Diagnosis("ok", "ids are kept as digests, under the key of the state")


def _terms(_: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    try:
        ours = terms_of(settings)
    except ZeromileError:
        return  # said above, of policy and model
    try:
        check_terms(settings, ours)
    except OtherTermsError as error:
        yield Diagnosis("problem", str(error), "no worker of these settings joins until then")


def _state(client: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    """Documents that were deleted unread, and vehicles whose changelog is gone."""
    names = names_of(settings)
    numbers = range(settings.partitions)
    documents = [TopicPartition(topic, number) for topic in names.documents for number in numbers]
    changelogs = [TopicPartition(names.vehicles, number) for number in numbers]
    ends = offsets_at(client, changelogs, OffsetSpec.LATEST)
    read = read_by(client, settings.group, documents)
    deleted = deleted_unread(read, offsets_at(client, documents, OffsetSpec.EARLIEST))
    if deleted:
        yield Diagnosis(
            "problem",
            f"{deleted:,} documents were deleted by their topic's retention before they were read",
            "publish them again; raise ZEROMILE_DOCUMENT_RETENTION_DAYS",
        )
    for where in changelogs:
        done = sum(offset for one, offset in read.items() if one.partition == where.partition)
        if done and not ends[where]:
            error = lost_state(where.partition, done, settings.group)
            yield Diagnosis("problem", str(error), "no worker takes the partition until then")


def _unreadable(client: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    """What ends every worker that starts, looked for where none runs: it takes the whole state."""
    if client.describe_groups([settings.group])[settings.group]["members"]:
        return
    remedy = "no worker starts until `zeromile state drop VIN --yes` has taken it out"
    faults = (vehicle for vehicle in read_vehicles(settings) if vehicle.fault)
    for vehicle in islice(faults, UNREADABLE_TO_NAME):
        where = f"state of partition {vehicle.partition}, {vehicle.vin}"
        yield Diagnosis("problem", f"{where}: {vehicle.fault}", remedy)
    fault = fault_of_provinces(province_memory(settings), load_policy(settings.policy_file))
    if fault:
        yield Diagnosis("problem", fault, "no worker starts until then")


def _workers(_: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    yield from diagnose_workers(ask_all(owner_urls(settings)))


def _group(client: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    group = client.describe_groups([settings.group])[settings.group]
    state, members = group["group_state"], len(group["members"])
    if members == 0:
        yield Diagnosis("problem", "no worker is in the group", "start `zeromile worker`")
    elif state == "Stable" and group["protocol_data"] != WORKERS_PROTOCOL:
        yield Diagnosis(
            "problem",
            f"programs that are no zeromile workers are in the group {settings.group} (they share it "
            f"by {group['protocol_data']!r}), and no worker can join",
            "stop them, or set another ZEROMILE_GROUP",
        )
    elif state != "Stable":
        yield Diagnosis(
            "note", f"the group is {state} with {members} worker(s)", "wait for the rebalance"
        )
    else:
        yield Diagnosis("ok", f"{members} worker(s) share {settings.partitions} partitions")
    if members > settings.partitions:
        yield Diagnosis(
            "note",
            f"{members - settings.partitions} worker(s) have nothing to do",
            "run no more workers than partitions",
        )


def _lag(client: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    partitions = [
        TopicPartition(topic, number)
        for topic in names_of(settings).documents
        for number in range(settings.partitions)
    ]
    ends = offsets_at(client, partitions, OffsetSpec.LATEST)
    lag = sum(ends.values()) - sum(read_by(client, settings.group, partitions).values())
    if lag > LAG_TO_MENTION:
        yield Diagnosis(
            "note",
            f"{lag:,} documents wait",
            "if that grows, start another worker (up to one a partition)",
        )
    else:
        yield Diagnosis("ok", f"{lag:,} documents wait")
