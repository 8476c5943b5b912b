"""Why a broker does not let a worker join its group, in words that say what to do.

aiokafka keeps such an error for whoever polls next, and waits. Faust polls past it, so the worker would
wait for ever: alive, without a partition and without a word.
"""

from __future__ import annotations

from typing import Final

from detectors.errors import ZeromileError

_REMEDIES: Final = (
    (
        "InconsistentGroupProtocol",
        "a program that is no zeromile worker is in the group: stop it, or set another ZEROMILE_GROUP",
    ),
    (
        "InvalidSessionTimeout",
        "the broker does not take ZEROMILE_SESSION_SECONDS; allowed: its "
        "group.min.session.timeout.ms to group.max.session.timeout.ms",
    ),
    ("GroupAuthorizationFailed", "give its user READ on the group"),
    ("TopicAuthorizationFailed", "give its user READ and DESCRIBE on the document topics"),
    ("InvalidGroupId", "set another ZEROMILE_GROUP"),
)
OTHERWISE: Final = "the broker's log says why; the worker is to be started again"


class GroupError(ZeromileError):
    """The group does not take the worker, and asking again is of no use."""


def group_error(group: str, error: BaseException) -> GroupError:
    """What to say of an error that aiokafka met when it joined or kept up with the group."""
    said = f"{type(error).__name__} {error!r}"
    remedy = next((remedy for name, remedy in _REMEDIES if name in said), OTHERWISE)
    return GroupError(
        f"the broker does not let the worker into the group {group} ({error!r}): {remedy}"
    )
