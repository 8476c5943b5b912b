"""By what the workers of a group judge: one policy and one model for all of them.

Two of them side by side contradict each other on every vehicle that changes its owner's worker. So the
owner of a partition says in its first transaction, on the topic of the watermarks, by what it judges,
and a worker that judges otherwise does not join while others run. In how many partitions the vehicles
lie is said there too: with another number their documents would go elsewhere than their state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
import structlog
from kafka.errors import KafkaError

from detectors.errors import ZeromileError
from streams.kafka.topic_admin import admin_client
from streams.models.choice import chosen_model_id
from streams.service.identity_check import said_by_workers
from streams.service.settings import Settings
from streams.setup.policy import load_policy

TERMS_KEY: Final = b"terms"
"""Key of the record."""
CONTRACT: Final = 1
"""Version of what workers write to one another."""


NO_MODEL: Final = "none"
"""Stands for the id of a model where none is set."""

log = structlog.get_logger("zeromile.worker")


class OtherTermsError(ZeromileError):
    """Others in the group judge otherwise, or the state was made otherwise."""


class Terms(msgspec.Struct, frozen=True):
    """By what a worker judges.

    Parameters
    ----------
    owner
        Random identity of the worker process.
    policy
        Digest of its policy.
    contract
        Version of what it writes for other workers.
    model
        Id of its model, `NO_MODEL` without one; None where an older program has not said.
    partitions
        Partitions of the document topics; None where an older program has not said.
    """

    owner: str
    policy: str
    contract: int = CONTRACT
    model: str | None = None
    partitions: int | None = None

    def encode(self) -> bytes:
        """Write it."""
        return msgspec.json.encode(self)

    def difference(self, other: Terms) -> str | None:
        """What tells it from another worker's, None where they may work side by side.

        The model is left out: a running group exchanges it, each worker at a moment of its own.
        """
        if other.contract != self.contract:
            return (
                f"version {other.contract} of the workers' records; this program writes {self.contract}"
            )
        if other.policy != self.policy:
            return f"policy {other.policy}; this worker has policy {self.policy}"
        return None

    def difference_at_joining(self, other: Terms) -> str | None:
        """The same, the model included."""
        difference = self.difference(other)
        if difference is None and None not in (self.model, other.model) and self.model != other.model:
            return f"model {other.model}; this worker has model {self.model}"
        return difference


def terms_of(settings: Settings, owner: str = "") -> Terms:
    """By what a worker of these settings judges when it starts.

    Raises
    ------
    detectors.errors.PolicyError
        The policy file has a wrong key or value.
    detectors.errors.ZeromileError
        The model cannot be read.
    """
    return Terms(
        owner,
        load_policy(settings.policy_file).digest,
        model=chosen_model_id(settings.model) or NO_MODEL,
        partitions=settings.partitions,
    )


def decode_terms(data: bytes) -> Terms:
    """Read them back.

    Raises
    ------
    msgspec.MsgspecError
        If the bytes are nothing of the kind.
    """
    return msgspec.json.decode(data, type=Terms)


def check_terms(settings: Settings, ours: Terms, said: Mapping[bytes, bytes] | None = None) -> None:
    """Refuse to join a group that judges by another policy or model, or state in other partitions.

    Parameters
    ----------
    settings
        Of this worker.
    ours
        By what it judges.
    said
        What `said_by_workers` returned; read anew without it.

    Raises
    ------
    OtherTermsError
        Workers are running that judge otherwise, or the vehicles lie in another number of partitions.
    """
    others = _said(said_by_workers(settings) if said is None else said)
    if others is None:
        return
    if None not in (ours.partitions, others.partitions) and ours.partitions != others.partitions:
        raise OtherTermsError(
            f"the vehicles lie in {others.partitions} partitions, and ZEROMILE_PARTITIONS is "
            f"{ours.partitions}: documents would go elsewhere than the vehicles they belong to. Set it "
            "as it was, or publish all documents again under a new ZEROMILE_TOPIC_PREFIX and group"
        )
    difference = ours.difference_at_joining(others)
    running = 0 if difference is None else _members(settings)
    if running:
        raise OtherTermsError(
            f"{running} worker(s) of the group {settings.group} judge by {difference}; one policy a "
            "group, and one model: stop all workers, then start them with the new one (where the "
            "running ones are exchanging their model, start this one in a minute)"
        )


def _said(records: Mapping[bytes, bytes]) -> Terms | None:
    """What was said last; a record that cannot be read says nothing, and must keep nobody away."""
    data = records.get(TERMS_KEY)
    if data is None:
        return None
    try:
        return decode_terms(data)
    except msgspec.MsgspecError as error:
        log.error("record cannot be read", key=TERMS_KEY.decode(), error=str(error))  # noqa: TRY400 - says it all
        return None


def _members(settings: Settings) -> int:
    try:
        with admin_client(settings) as client:
            members = client.describe_groups([settings.group])[settings.group]["members"]
    except KafkaError as error:
        if error.retriable:
            raise
        return 0  # a user that may not ask: the workers themselves will notice
    own = settings.instance_id
    return sum(own is None or member.get("group_instance_id") != own for member in members)
