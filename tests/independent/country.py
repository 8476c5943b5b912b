"""The country: who lives in it, in which shares, and the lines that its registries and customs
publish."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from tests.independent import (
    innocent_homes,
    innocent_trade,
    ordinary,
    scheme_chains,
    scheme_dates,
    scheme_declarations,
)
from tests.independent.feed import FIRST, LAST, RULE, Feeds
from tests.independent.land import LICENCES_SINCE, Country
from tests.independent.life import Life
from tests.independent.operations import Story, operation, textbook
from tests.independent.truth import Truth, written_truth

T = TypeVar("T")

INNOCENT: Final = innocent_homes.STORIES | innocent_trade.STORIES
SCHEMES: Final[dict[Story, float]] = (
    scheme_dates.STORIES | scheme_chains.STORIES | scheme_declarations.STORIES
)
WINDOWS: Final[dict[Story, tuple[float, float]]] = {
    **dict.fromkeys(scheme_dates.OF_THE_LAW, (RULE - 185, LAST - 280)),
    scheme_declarations.forged_letter: (RULE - 60, LAST - 160),
    scheme_dates.licence_before_registration: (LICENCES_SINCE, LAST - 420),
}
"""When schemes begin that make sense only under a certain law."""
SHARES: Final = {"innocent": 0.024, "known": 0.006, "scheme": 0.006}
"""Of all vehicles; the month that a registry sends again brings the innocent to some 2.5 %."""

_RESENT_BY: Final = "cgs-gd"
_RESENT: Final = (RULE - 200.0, RULE - 170.0)
"""The month whose documents one registry sends again, under new event ids."""
_RESENT_AT: Final = RULE - 120.0


class Written:
    """A country as it was written: messages in order of arrival, and the truth of every vehicle."""

    def __init__(self, seed: int, vehicles: int) -> None:
        self._country = Country(seed)
        self._feeds = Feeds(self._country.dice)
        self.truth: list[Truth] = []
        counts = {label: round(vehicles * share) for label, share in SHARES.items()}
        for label, story, life in _told(self._country, counts):
            self._take(life, label, story.__name__, " ".join((story.__doc__ or "").split()))
        for _ in range(vehicles - sum(counts.values())):
            self._live()

    @property
    def messages(self) -> int:
        """How many lines there are."""
        return len(self._feeds.lines)

    def lines(self) -> Iterator[bytes]:
        """Every message, in order of arrival."""
        for n in np.argsort(np.array(self._feeds.arrivals), kind="stable").tolist():
            yield self._feeds.lines[n]

    def _take(self, life: Life, label: str, story: str, note: str) -> bool:
        if not self._feeds.take(life.book):
            return False
        clocks = [entry.clock for entry in life.book]
        for vin in filter(None, (life.vin, life.mistyped)):
            self.truth.append(Truth(vin, label, story, int(min(clocks)), int(max(clocks)), note))
        return True

    def _live(self) -> None:
        """Add an ordinary vehicle of which something was published; some are sent again with all of
        a month."""
        while True:
            story = self._country.dice.weighted(ordinary.LIVES)
            life = story(self._country)
            again = [entry for entry in life.book if _is_resent(entry.document["source"], entry.clock)]
            for entry in again:
                document = entry.document | {"event_id": f"R{self._country.number():09}"}
                life.book.append(type(entry)(document, entry.clock, _RESENT_AT, amended=True))
            label, name = ("innocent", "month_resent") if again else ("ordinary", story.__name__)
            if self._take(
                life,
                label,
                name,
                "A registry sends a month again under new event ids." if again else "",
            ):
                return


def _is_resent(source: str, clock: float) -> bool:
    return source == _RESENT_BY and _RESENT[0] <= clock < _RESENT[1]


def _told(
    country: Country, counts: Mapping[str, int]
) -> Iterator[tuple[str, Callable[..., Life], Life]]:
    """Everything but the ordinary lives: label, story, and the life."""
    for story, count in apportioned(INNOCENT, counts["innocent"]).items():
        for _ in range(count):
            life = story(country)
            while not _is_seen(life):
                life = story(country)
            yield "innocent", story, life
    textbooks: dict[Story, float] = {textbook: 1.0}
    for label, stories in (("known", textbooks), ("scheme", SCHEMES)):
        for plot, count in apportioned(stories, counts[label]).items():
            for life in islice(lots(country, plot), count):
                yield label, plot, life


def _is_seen(life: Life) -> bool:
    """Whether the feeds' time holds all that is odd: all but, at most, the first registration."""
    return all(
        entry.clock >= FIRST and entry.written < LAST - 5 for entry in life.book[1:] or life.book
    )


def lots(country: Country, plot: Story) -> Iterator[Life]:
    """Vehicles of one scheme without end, in operations of a few to some dozens."""
    while True:
        plan = operation(country, *WINDOWS.get(plot, ()))
        lives = (plot(country, plan) for _ in range(math.ceil(country.dice.about(7, 0.8))))
        yield from filter(_is_seen, lives)


def apportioned(weights: Mapping[T, float], count: int) -> dict[T, int]:
    """Whole numbers in the proportion of weights, that sum up to the count (largest remainders)."""
    whole = sum(weights.values())
    quotas = {thing: count * weight / whole for thing, weight in weights.items()}
    counts = {thing: math.floor(quota) for thing, quota in quotas.items()}
    rest = sorted(quotas, key=lambda thing: counts[thing] - quotas[thing])
    for thing in rest[: count - sum(counts.values())]:
        counts[thing] += 1
    return counts


def write_country(seed: int, vehicles: int, out: Path, truth: Path) -> int:
    """Write a country's documents (JSON Lines, gzip) and truth (CSV); say how many messages there
    are."""
    written = Written(seed, vehicles)
    with out.open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as stream:
        for line in written.lines():
            stream.write(line + b"\n")
    truth.write_text(written_truth(written.truth), encoding="utf-8")
    return written.messages
