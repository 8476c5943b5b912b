"""Whether what is stored was made under the identity key that is set.

Under another key one owner has another digest, and every next document would look like a change of
hands. So the owner of a partition says in its first transaction, on the topic of the watermarks,
under which
key it works; worker and store look there before they begin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detectors.errors import ZeromileError
from streams.kafka.reading import committed_reader, partitions_of, read_to_present_end
from streams.service.layout import names_of
from streams.service.settings import Settings

IDENTITIES_KEY: Final = b"identities"
"""Key of the record that holds the fingerprint."""
IN_CLEAR: Final = b"none"
"""Stands for a fingerprint where no key is set."""


class IdentityKeyChangedError(ZeromileError):
    """The state was made under another key."""


def fingerprint_of(settings: Settings) -> bytes:
    """What tells the key that is set from others."""
    return IN_CLEAR if settings.identities is None else settings.identities.fingerprint.encode()


def compare_fingerprints(ours: bytes, found: bytes) -> None:
    """Refuse to work beside another key.

    Raises
    ------
    IdentityKeyChangedError
        If the fingerprints differ.
    """
    if found != ours:
        raise IdentityKeyChangedError(
            f"ZEROMILE_IDENTITY_KEY keeps ids {_manner(ours)}, the state has them {_manner(found)}; "
            "set it as it was, or begin anew with another ZEROMILE_TOPIC_PREFIX, group and database"
        )


def _manner(fingerprint: bytes) -> str:
    if fingerprint == IN_CLEAR:
        return "as they come"
    return f"as digests of the key with fingerprint {fingerprint.decode()}"


def said_by_workers(settings: Settings) -> dict[bytes, bytes]:
    """Last records of the topic of the watermarks, by key: what workers say of themselves is there."""
    with committed_reader(settings) as consumer:
        where = partitions_of(consumer, names_of(settings).watermarks)
        return {record.key: record.value for record in read_to_present_end(consumer, where)}


def check_identities(settings: Settings, said: Mapping[bytes, bytes] | None = None) -> None:
    """Refuse a key under which the state was not made; before the first worker any will do.

    Parameters
    ----------
    settings
        With the key.
    said
        What `said_by_workers` returned; read anew without it.

    Raises
    ------
    IdentityKeyChangedError
        If there is state of another key.
    """
    records = said_by_workers(settings) if said is None else said
    if records:
        # Workers that knew no keys left watermarks alone.
        compare_fingerprints(fingerprint_of(settings), records.get(IDENTITIES_KEY, IN_CLEAR))
