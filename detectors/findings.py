"""What a detector says of a subject now, and how bad it is."""

from functools import lru_cache
from typing import Literal

import msgspec

from detectors import civil_time
from detectors.documents import Document, EventType
from detectors.filing import Position

Severity = Literal["low", "medium", "high", "critical"]
SubjectType = Literal["vehicle", "province"]
Fact = str | int | float | bool | None
"""A typed observed value or threshold."""

SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
SCORE_BANDS: dict[Severity, tuple[float, float]] = {
    "low": (0.0, 0.22),
    "medium": (0.22, 0.48),
    "high": (0.48, 0.74),
    "critical": (0.74, 1.0),
}
"""Scores from (inclusive) and below (1.0 inclusive): the severity and the score always agree."""


class Evidence(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A reference to one document."""

    source: str
    event_id: str
    revision: int
    event_type: EventType
    occurred_at: str
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None

    @classmethod
    def of(cls, document: Document, position: Position | None) -> "Evidence":
        """Refer to a document, with where it was read if that is known."""
        return cls(
            document.source,
            document.event_id,
            document.revision,
            document.event_type,
            civil_time.text(document.day, document.time),
            *(position or ()),
        )


class Deadline(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A finding that holds only once a feed is complete beyond a day."""

    feed: EventType
    """The feed whose silence is the evidence."""
    last_day: int
    """Last civil day on which the missing document would still be in time."""


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """What one detector says of one subject now.

    A finding is a pure function of the subject's documents, the policy and, where ``deadline`` is
    set, of how far the awaited feed has come. It is stored as an array of its fields: fields are only
    added at the end, with a default.
    """

    detector: str
    anchor: str
    """What the finding hangs on: a document's identity or a civil day; never a value that moves."""
    occurred_at: str
    """Event time of the anchor."""
    severity: Severity
    score: float
    """From 0 to 1, 1 is worst, within the severity's band."""
    facts: dict[str, Fact]
    evidence: tuple[Evidence, ...]
    labels: dict[str, str]
    deadline: Deadline | None = None
    model_id: str | None = None


@lru_cache(maxsize=10_000)  # rounding takes longer than all else
def score_in_band(severity: Severity, position: float) -> float:
    """Place a score within its severity's band.

    Parameters
    ----------
    severity
        The band.
    position
        From 0 (just fired) to 1 (as bad as it gets at this severity); clipped.
    """
    low, high = SCORE_BANDS[severity]
    return round(low + min(max(position, 0.0), 1.0) * (high - low - 0.01), 4)


def anchor_of(document: Document) -> str:
    """Anchor that hangs on a document: its identity, which no amendment changes."""
    return f"{document.source}/{document.event_id}"
