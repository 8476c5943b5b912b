"""What can go wrong with input, as typed errors that name the thing, the field and what is allowed."""

from collections.abc import Sequence
from typing import Literal

Reason = Literal[
    "oversize",
    "not_json",
    "not_utf8",
    "not_an_object",
    "too_deep",
    "unknown_event_type",
    "missing_field",
    "wrong_type",
    "not_allowed",
    "out_of_range",
    "impossible_time",
    "bad_text",
    "bad_vin",
    "wrong_key",
]
"""Stable classes of bad documents: routes and metrics key on them."""


class ZeromileError(Exception):
    """Root of zeromile's own errors."""


class DocumentError(ZeromileError):
    """A document that cannot be accepted.

    Parameters
    ----------
    reason
        Stable class of the fault.
    field
        Name of the field at fault, ``None`` where the whole payload is.
    value
        The offending value, shortened.
    allowed
        What would have been accepted.
    document
        ``source/event_id`` as far as it could be read; never the VIN.
    """

    def __init__(
        self, reason: Reason, *, field: str | None, value: str, allowed: str, document: str
    ) -> None:
        self.reason: Reason = reason
        self.field = field
        self.value = value
        self.allowed = allowed
        self.document = document
        where = f"field {field!r}" if field else "payload"
        super().__init__(f"document {document}: {where} is {value}; allowed: {allowed}")


class PolicyError(ZeromileError):
    """A policy file with a wrong key or value."""


class DetectorContractError(ZeromileError, AssertionError):
    """A detector that breaks promises of the contract.

    Parameters
    ----------
    detector
        Its id.
    broken
        What it breaks, one line each.
    """

    def __init__(self, detector: str, broken: Sequence[str]) -> None:
        self.detector = detector
        self.broken = list(broken)
        super().__init__("\n  ".join([f"{detector or 'the detector'} breaks the contract:", *broken]))
