"""What may be wrong with an installation, each finding with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    RetriableError,
    UnknownTopicOrPartitionError,
)

from detectors.errors import PolicyError, ZeromileError
from streams.kafka.topic_admin import admin_client, check_topics, described
from streams.models.choice import choose_model
from streams.service.identity_check import IdentityKeyChangedError, check_identities
from streams.service.layout import catalogue_of, names_of
from streams.service.neighbours import Neighbour, ask_all, owner_urls
from streams.service.origin import lost_state
from streams.service.settings import LOOPBACK, Settings
from streams.service.terms import OtherTermsError, check_terms, terms_of
from streams.setup.policy import load_policy

LAG_TO_MENTION = 10_000


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at.

    Parameters
    ----------
    state
        `ok`, `note` (works, but you should know) or `problem`.
    what
        What was found.
    remedy
        What to do about it; empty where nothing needs doing.
    """

    state: Literal["ok", "note", "problem"]
    what: str
    remedy: str = ""


def diagnose(settings: Settings) -> Iterator[Diagnosis]:
    """Look at configuration, broker, topics, group and lag, in this order."""
    yield from _policy(settings)
    yield from _model(settings)
    yield from _exposure(settings)
    try:
        with admin_client(settings) as client:
            yield from _broker(client, settings)
            yield from _topics(client, settings)
            for check in (_identities, _terms, _group, _lag, _state, _workers):
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
    check: Callable[[KafkaAdminClient, Settings], Iterator[Diagnosis]],
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


def _policy(settings: Settings) -> Iterator[Diagnosis]:
    try:
        load_policy(settings.policy_file)
    except PolicyError as error:
        yield Diagnosis("problem", str(error), "mend the file; no worker starts with it")
    else:
        yield Diagnosis("ok", f"policy {settings.policy_file or 'as shipped'} is valid")


def _model(settings: Settings) -> Iterator[Diagnosis]:
    try:
        model = choose_model(settings.model)
    except ZeromileError as error:
        yield Diagnosis("problem", str(error), "mend ZEROMILE_MODEL; no worker starts with it")
        return
    if model is None:
        yield Diagnosis(
            "note", "no trained model is set", "ZEROMILE_MODEL=default judges by the shipped one"
        )
    else:
        yield Diagnosis("ok", f"model {settings.model} can be read")


def _exposure(settings: Settings) -> Iterator[Diagnosis]:
    if settings.security_protocol in ("PLAINTEXT", "SASL_PLAINTEXT") and not all(
        host in LOOPBACK for host, _ in settings.broker_addresses()
    ):
        yield Diagnosis(
            "note",
            "documents travel unencrypted",
            "set ZEROMILE_SECURITY_PROTOCOL to SSL or SASL_SSL",
        )


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
    first = client.list_partition_offsets(dict.fromkeys(documents, OffsetSpec.EARLIEST))
    ends = client.list_partition_offsets(dict.fromkeys(changelogs, OffsetSpec.LATEST))
    committed = client.list_group_offsets({settings.group: documents})[settings.group]
    read = {where: max(0, committed[where].offset) for where in documents if where in committed}
    deleted = sum(max(0, first[where].offset - offset) for where, offset in read.items() if offset)
    if deleted:
        yield Diagnosis(
            "problem",
            f"{deleted:,} documents were deleted by their topic's retention before they were read",
            "publish them again; raise ZEROMILE_DOCUMENT_RETENTION_DAYS",
        )
    for where in changelogs:
        done = sum(offset for one, offset in read.items() if one.partition == where.partition)
        if done and not ends[where].offset:
            error = lost_state(where.partition, done, settings.group)
            yield Diagnosis("problem", str(error), "no worker takes the partition until then")


def _workers(_: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    """Ask every owner of a partition what keeps it."""
    found = ask_all(owner_urls(settings))
    for one in found:
        yield from _said_by(one)
    yield from _doubles(found)


def _said_by(neighbour: Neighbour) -> Iterator[Diagnosis]:
    url, said = neighbour.url, neighbour.readiness
    if said is None and not neighbour.answered:
        yield Diagnosis("note", f"worker {url} does not answer", "is it running, is it reachable?")
        return
    if said is None:
        yield Diagnosis("note", f"{url} does not answer as a worker", "is it one?")
        return
    for number, why in said.failing.items():
        yield Diagnosis("problem", f"partition {number} of {url}: {why}", "see deploy/RUNBOOK.md")
    if said.held_back:
        yield Diagnosis(
            "note",
            f"{said.held_back:,} vehicles of {url} are older than they are kept, too many to just go",
            "`zeromile watermarks show`; `zeromile state forget --before DAY` if the days are right",
        )
    for topic, records in said.unreadable.items():
        yield Diagnosis(
            "problem",
            f"{records:,} records of {topic} cannot be read by {url} and were passed over",
            "its log names their offsets; somebody else writes to that topic: take the right away",
        )
    recovering = sorted(set(said.assigned) - set(said.recovered))
    if recovering:
        yield Diagnosis("note", f"{url} is reading the state of partitions {recovering}", "wait")


def _doubles(neighbours: Sequence[Neighbour]) -> Iterator[Diagnosis]:
    """Workers that throw one another out of the group."""
    urls: dict[str, list[str]] = {}
    for one in neighbours:
        if one.readiness is not None and one.readiness.instance_id is not None:
            urls.setdefault(one.readiness.instance_id, []).append(one.url)
    for instance_id, workers in urls.items():
        if len(workers) > 1:
            yield Diagnosis(
                "problem",
                f"workers {' and '.join(workers)} have one ZEROMILE_INSTANCE_ID, {instance_id!r}",
                "give each its own: they throw one another out of the group",
            )


def _group(client: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    group = client.describe_groups([settings.group])[settings.group]
    state, members = group["group_state"], len(group["members"])
    if members == 0:
        yield Diagnosis("problem", "no worker is in the group", "start `zeromile worker`")
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
    ends = client.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    committed = client.list_group_offsets({settings.group: partitions})[settings.group]
    lag = sum(
        ends[where].offset - max(0, committed[where].offset if where in committed else 0)
        for where in partitions
    )
    if lag > LAG_TO_MENTION:
        yield Diagnosis(
            "note",
            f"{lag:,} documents wait",
            "if that grows, start another worker (up to one a partition)",
        )
    else:
        yield Diagnosis("ok", f"{lag:,} documents wait")
