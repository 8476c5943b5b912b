"""By which policy the workers of a group judge: one for all of them.

Two policies side by side contradict each other on every vehicle that changes its owner's worker. So the
owner of a partition says in its first transaction, on the topic of the watermarks, by which policy it
judges, and a worker with another one does not join while others run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from kafka.errors import KafkaError

from detectors.errors import ZeromileError
from streams.kafka.topic_admin import admin_client
from streams.service.identity_check import said_by_workers
from streams.service.settings import Settings

TERMS_KEY: Final = b"terms"
"""Key of the record."""
CONTRACT: Final = 1
"""Version of what workers write to one another."""


class OtherTermsError(ZeromileError):
    """Others in the group judge otherwise."""


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
    """

    owner: str
    policy: str
    contract: int = CONTRACT

    def encode(self) -> bytes:
        """Write it."""
        return msgspec.json.encode(self)

    def difference(self, other: Terms) -> str | None:
        """What tells it from another worker's, None where they may work side by side."""
        if other.contract != self.contract:
            return (
                f"version {other.contract} of the workers' records; this program writes {self.contract}"
            )
        if other.policy != self.policy:
            return f"policy {other.policy}; this worker has policy {self.policy}"
        return None


def decode_terms(data: bytes) -> Terms:
    """Read them back."""
    return msgspec.json.decode(data, type=Terms)


def check_terms(settings: Settings, policy: str, said: Mapping[bytes, bytes] | None = None) -> None:
    """Refuse to join a group that judges by another policy.

    Parameters
    ----------
    settings
        Of this worker.
    policy
        Digest of its policy.
    said
        What `said_by_workers` returned; read anew without it.

    Raises
    ------
    OtherTermsError
        Workers are running that judge otherwise.
    """
    others = (said_by_workers(settings) if said is None else said).get(TERMS_KEY)
    difference = None if others is None else Terms("", policy).difference(decode_terms(others))
    if difference is None:
        return
    running = _members(settings)
    if running:
        raise OtherTermsError(
            f"{running} worker(s) of the group {settings.group} judge by {difference}; "
            "one policy a group: stop all workers, then start them with the new one"
        )


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
