"""How far each feed is complete, by event time alone.

A source is complete up to its newest event minus its allowed lateness. A feed (all sources that
publish one type of document) is as complete as its least complete source, but a source that has
been silent for long no longer holds the others back.
"""

from collections import Counter
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from detectors.country import CHINA, Country
from detectors.documents import Document, EventType
from detectors.findings import Deadline

Days = Annotated[int, Meta(ge=0, le=3650)]
NewestDays = dict[tuple[EventType, str], int]
"""Newest civil day of an event, by event type and source."""
MOST_SOURCES: Final = 1_000
"""Sources of a feed that are kept apart: beyond that the ones furthest behind are left out. Which they
are does not depend on the order in which documents came."""


class WatermarkPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How late documents may come."""

    allowed_lateness_days: Days
    idle_after_days: Days
    """A source this far behind the newest of its feed is left out."""
    sources: dict[str, Days] = {}
    """Allowed lateness of single sources."""

    def lateness(self, source: str) -> int:
        """Allowed lateness of a source, in days."""
        return self.sources.get(source, self.allowed_lateness_days)


class Watermarks:
    """Event-time progress of every feed; the same whatever order the documents came in.

    Parameters
    ----------
    policy
        How late documents may come.
    newest
        How far sources have come already.
    country
        Whose civil days they are.
    """

    def __init__(
        self,
        policy: WatermarkPolicy,
        newest: NewestDays | None = None,
        country: Country = CHINA,
    ) -> None:
        self.country = country
        self._policy = policy
        self.newest: NewestDays = {}
        self._feeds: dict[EventType, int] = {}
        """Progress by feed as last worked out; a feed that has moved since is missing."""
        self._declared: int | None = None
        self.lowered: Counter[tuple[EventType, str]] = Counter()
        """How often a person has taken a source back: what was known before does not raise it again."""
        self.moves = 0
        """How often any source has moved."""
        self._sources: Counter[EventType] = Counter()
        self._least: dict[EventType, tuple[int, str]] = {}
        """No source of a feed lies before this day and name."""
        self.reach_all(newest or {})

    def observe(self, document: Document, written_ms: int = 0) -> bool:
        """Take note of a document; says whether its source has reached a new day.

        A document cannot be newer than its own recording, nor than the record that brought it: a
        mistyped year does not run ahead.

        Parameters
        ----------
        document
            The document.
        written_ms
            When it was written to where it was read, in milliseconds since 1970; 0 if not known.
        """
        day = document.day
        key = (document.event_type, document.source)
        if day <= self.newest.get(key, 0):
            return False
        if document.recorded_day is not None:
            day = min(day, document.recorded_day)
        if written_ms > 0:
            day = min(day, self.country.day_of_instant(written_ms))
        return self.reach(*key, day)

    def reach(self, event_type: EventType, source: str, day: int, lowered: int | None = None) -> bool:
        """Note that a source has published an event of a civil day.

        Parameters
        ----------
        event_type, source, day
            What is known of whom.
        lowered
            How often the source had been lowered when that was known; ``None``: as often as now.
        """
        key = (event_type, source)
        times = self.lowered.get(key, 0)
        if lowered is not None and lowered != times:
            if lowered < times:
                return False
            self.lowered[key] = lowered
        elif day <= self.newest.get(key, 0):
            return False
        if key not in self.newest and not self._admit(event_type, source, day):
            return False
        self.newest[key] = day
        self._least[event_type] = min(self._least.get(event_type, (day, source)), (day, source))
        self.moves += 1
        self._feeds.pop(event_type, None)
        return True

    def reach_all(self, newest: NewestDays) -> None:
        """Note how far sources have come by what somebody else has read."""
        key: tuple[EventType, str]
        for key, day in newest.items():
            self.reach(*key, day)

    def lower(self, event_type: EventType, source: str, day: int) -> None:
        """Take a source back to a civil day, because it never was beyond it."""
        self.reach(event_type, source, day, self.lowered.get((event_type, source), 0) + 1)

    def _admit(self, event_type: EventType, source: str, day: int) -> bool:
        """Make room for a source; false where it lies further behind than all that are kept."""
        if self._sources[event_type] < MOST_SOURCES:
            self._sources[event_type] += 1
            return True
        if (day, source) <= self._least[event_type]:
            return False
        days = sorted((day, name) for (feed, name), day in self.newest.items() if feed == event_type)
        self._least[event_type] = days[0]
        if (day, source) <= days[0]:
            return False
        del self.newest[event_type, days[0][1]]
        self._least[event_type] = days[1]
        return True

    def declare_complete(self, day: int) -> None:
        """Take every feed as complete through a civil day, because somebody says so."""
        self._declared = max(day, self._declared or day)

    def complete_through(self, event_type: EventType) -> int | None:
        """Last civil day of which nothing more is expected; ``None`` for a feed never seen."""
        seen = self._feeds.get(event_type) or self._work_out(event_type)
        if self._declared is None or seen is None:
            return seen or self._declared
        return max(seen, self._declared)

    def have_passed(self, deadline: Deadline) -> bool:
        """Whether the feed that a deadline waits for is complete beyond it."""
        through = self.complete_through(deadline.feed)
        return through is not None and through >= deadline.last_day

    def complete_by_source(self) -> NewestDays:
        """Last civil day through which each source alone is complete, lateness allowed for."""
        return {
            (feed, source): day - self._policy.lateness(source) - 1
            for (feed, source), day in self.newest.items()
        }

    def newest_day(self, event_type: EventType) -> int | None:
        """Newest civil day of a feed, or the day through which it is declared complete if later."""
        days = [day for (feed, _), day in self.newest.items() if feed == event_type]
        if self._declared is not None:
            days.append(self._declared)
        return max(days, default=None)

    def _work_out(self, event_type: EventType) -> int | None:
        """Least progress of the feed's sources; once a batch, however many sources there are."""
        days = {source: day for (feed, source), day in self.newest.items() if feed == event_type}
        if not days:
            return None
        horizon = max(days.values()) - self._policy.idle_after_days
        self._feeds[event_type] = min(
            day - self._policy.lateness(source) - 1 for source, day in days.items() if day >= horizon
        )
        return self._feeds[event_type]
