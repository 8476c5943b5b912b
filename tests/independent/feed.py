"""How sources publish: their habits, delays, failures, repeats, corrections. Out come lines in
order of arrival."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any, Final

import msgspec

from tests.independent.dice import Dice
from tests.independent.land import Entry
from tests.independent.parties import PROVINCES

FIRST: Final = 737_060.0
"""2019-01-01: nothing that happened earlier is in the feeds."""
RULE: Final = 739_617.0
"""2026-01-01: from now on a licence within 180 days of registration needs the maker's letter."""
LAST: Final = 739_889.0
"""2026-09-30: what arrives later nobody has seen yet."""

_OPTIONAL = {
    "registration": ("seller_id", "price_cny", "invoice_no", "model", "brand", "fuel", "use", "plate",
    "owner_type"),
    "customs_export": ("exporter_province", "source_province", "model", "brand", "fuel", "exited_at",
    "licence_no"),
    "deregistration": ("owner_id", "province"),
}  # fmt: skip
_ODOMETER = ("odometer_km", "odometer_status")
_GROUPS = ("owner_group", "seller_group")
_FORMS = ("date", "local", "local", "universal")

Message = tuple[float, dict[str, Any]]
"""A document as it is sent, and when it arrives."""

_encode = msgspec.json.Encoder().encode


class Source:
    """A publisher and its habits."""

    def __init__(self, name: str, dice: Dice) -> None:
        self.name = name
        self._dice = dice
        self._delay = dice.about(0.7, 0.5)
        self._form = dice.one_of(_FORMS)
        self._counts = dice.chance(0.6)
        """Whether the first version of a document says that it is number 0."""
        self._night = name == "customs-gacc"
        self._says_when_written = dice.chance(0.8)
        silent = name != "customs-gacc" and dice.chance(0.12)
        self._leaves_out = {
            kind: [(name, min(0.6, dice.about(0.02, 0.9))) for name in names]
            for kind, names in _OPTIONAL.items()
        }
        self._never = frozenset(_ODOMETER if silent else ()) | frozenset(
            () if dice.chance(0.4) else _GROUPS
        )
        self._repeats, self._corrects, self._errs = dice.about(0.01, 0.7), dice.about(0.004, 0.7), 0.001
        self._outages = sorted(
            (start, start + dice.about(4, 0.9))
            for start in (dice.between(FIRST, LAST) for _ in range(dice.count(12)))
        )
        self._starts = [start for start, _ in self._outages]

    def publish(self, entry: Entry) -> Iterator[Message]:
        """The messages of one entry, with their times of arrival."""
        dice = self._dice
        document = self._worded(entry)
        arrival = self._arrival(entry.written)
        exited = entry.document.get("exited_at") or 0.0
        plain = not (entry.amended or entry.document["revision"])
        if exited > arrival and not (plain and dice.chance(0.35)):
            arrival = self._arrival(exited)  # it publishes when the car has left
        if plain:
            drafts, document, arrival = self._drafted(document, arrival, exited)
            yield from drafts
        yield arrival, document
        while dice.chance(self._repeats):
            arrival += dice.about(1.5, 1.2)
            yield arrival, document

    def _drafted(
        self, document: dict[str, Any], arrival: float, exited: float
    ) -> tuple[list[Message], dict[str, Any], float]:
        """What goes out before a document is right, then the right one, and when that arrives."""
        dice, drafts = self._dice, []
        if exited > arrival:
            drafts = [
                (arrival, {name: value for name, value in document.items() if name != "exited_at"})
            ]
            document, arrival = document | {"revision": 1}, self._arrival(exited)
        elif dice.chance(self._errs):
            wrong = _erred(document)
            drafts = [(arrival, wrong)]
            arrival = self._arrival(arrival + dice.about(2, 0.8))
            drafts.append((arrival, wrong | {"revision": 1, "status": "void"}))
        elif dice.chance(self._corrects) and "price_cny" in document:
            price = round(document["price_cny"] * dice.about(1, 0.3))
            drafts = [(arrival, document | {"price_cny": price})]
            document, arrival = document | {"revision": 1}, self._arrival(arrival + dice.about(6, 1))
        return drafts, document, arrival

    def _worded(self, entry: Entry) -> dict[str, Any]:
        """Write a document as this source does: its form of times, without what it leaves out."""
        document = {
            name: value
            for name, value in entry.document.items()
            if value is not None and name not in self._never
        }
        if not (document["revision"] or self._counts):
            del document["revision"]
        for name, probability in self._leaves_out[document["event_type"]]:
            if name in document and self._dice.share() < probability:
                del document[name]
        document["occurred_at"] = self._time(entry.clock)
        for name in ("licence_applied_at", "exited_at"):
            if name in document:
                document[name] = _day(int(document[name]))
        if self._says_when_written:
            document["recorded_at"] = self._time(entry.written + 0.04)
        if "value_cny" in document:
            document["value_cny"] = round(document["value_cny"], 2)
        return document

    def _arrival(self, written: float) -> float:
        arrival = written + self._delay * self._dice.about(0.6, 1.0)
        n = bisect_right(self._starts, arrival) - 1
        if n >= 0 and arrival < self._outages[n][1]:
            return self._outages[n][1] + self._dice.share() * 0.5
        return arrival

    def _time(self, clock: float) -> str:
        day = int(clock)
        if self._form == "date":
            return _day(day)
        opens, open_for = (0, 86_399) if self._night else (30_600, 34_000)
        seconds, offset = int(opens + (clock - day) * open_for), "+08:00"
        if self._form == "universal":
            days, seconds = divmod(seconds - 28_800, 86_400)
            day, offset = day + days, "Z"
        return f"{_day(day)}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{offset}"


def _erred(document: dict[str, Any]) -> dict[str, Any]:
    """What a clerk wrote at first, by mistake, under a number of its own."""
    wrong = document | {"event_id": f"{document['event_id']}x"}
    if "plate" in wrong:
        wrong["plate"] = wrong["plate"][:-1] + "0"
    return wrong


class Feeds:
    """All sources of a country."""

    def __init__(self, dice: Dice) -> None:
        names = [f"cgs-{province[3:].lower()}" for province in PROVINCES.things]
        self._sources = {name: Source(name, dice) for name in [*names, "customs-gacc"]}
        self.arrivals: list[float] = []
        self.lines: list[bytes] = []

    def take(self, book: Iterable[Entry]) -> int:
        """Publish what happened and was seen within the feeds' time; say how many messages that is."""
        before = len(self.lines)
        for entry in book:
            if entry.clock < FIRST:
                continue
            for arrival, document in self._sources[entry.document["source"]].publish(entry):
                if arrival < LAST:
                    self.add(arrival, document)
        return len(self.lines) - before

    def add(self, arrival: float, document: dict[str, Any]) -> None:
        """Take one message as it is."""
        self.arrivals.append(arrival)
        self.lines.append(_encode(document))


@lru_cache(maxsize=50_000)
def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()
