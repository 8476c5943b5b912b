"""What dirty feeds add to the documents: amendments, a second source, repeats, unreadable copies."""

import dataclasses

import numpy as np

from streams.simulator.block import Block, BoolArray
from streams.simulator.calendars import FloatArray, IntArray
from streams.simulator.delays import DAY, recorded_and_arrival
from streams.simulator.malformed import FAULTS, REGISTRATION_FAULTS
from streams.simulator.places import PROVINCES
from streams.simulator.tables import ABSENT, Column, SimulatedTable, stack

READABLE = 0
"""Tag of a readable line; others are 1 + the fault's number, + `LOST` if no readable copy is sent."""
LOST = 1000


@dataclasses.dataclass
class SimulatedFeed:
    """All lines of one document type before they are text, and the fate of the first documents."""

    columns: dict[str, Column]
    recorded: IntArray
    arrival: IntArray
    tag: IntArray
    first_arrival: IntArray
    lost: BoolArray
    nameless: BoolArray
    revised_by: list[tuple[IntArray, IntArray]]
    """Rows that a life revises on purpose, and when those revisions arrive."""


class _Pile:
    """Documents as they gather, the first ones at the bottom.

    Attributes
    ----------
    plain
        Which of the first documents have no later line yet: only those can be lost for good.
    """

    def __init__(self, columns: dict[str, Column], recorded: IntArray, arrival: IntArray) -> None:
        self.first = columns
        self.first_recorded = recorded
        self.size = len(recorded)
        self.plain: BoolArray = np.ones(self.size, dtype=np.bool_)
        self._parts = [(columns, recorded, arrival)]

    def add(
        self, rows: IntArray, columns: dict[str, Column], recorded: IntArray, arrival: IntArray
    ) -> None:
        """Put later lines about the first documents `rows` on top."""
        self._parts.append((columns, recorded, arrival))
        self.plain[rows] = False

    def all(self) -> tuple[dict[str, Column], IntArray, IntArray]:
        """Columns, recording times and arrivals of everything."""
        return (
            stack([columns for columns, _, _ in self._parts]),
            np.concatenate([recorded for _, recorded, _ in self._parts]),
            np.concatenate([arrival for _, _, arrival in self._parts]),
        )


def feed(block: Block, name: str, table: SimulatedTable) -> SimulatedFeed:
    """Publish a table's documents with everything that goes wrong on the way."""
    columns = table.columns()
    nameless = _forget_owners(block, columns, table.size)
    recorded, arrival = recorded_and_arrival(
        block.rng,
        block.world.country.delays,
        name,
        columns["day"].astype(np.int64),
        columns["hold"],
    )
    arrival = _through_outages(block, name, columns, arrival)
    pile = _Pile(columns, recorded, arrival)
    revised_by = _revise(block, table, pile)
    _amend_some(block, name, pile)
    _restate_some(block, pile)
    return _repeat_and_spoil(
        block, name, pile, first_arrival=arrival, nameless=nameless, revised_by=revised_by
    )


def _forget_owners(block: Block, columns: dict[str, Column], size: int) -> BoolArray:
    """Leave the owner out of a share of the documents."""
    nameless = np.zeros(size, dtype=np.bool_)
    if "owner" in columns:
        share = block.world.country.noise.owner_missing
        nameless[_choose(block.rng, share, columns["owner"] >= 0)] = True
        columns["owner"][nameless] = ABSENT
    return nameless


def _revise(block: Block, table: SimulatedTable, pile: _Pile) -> list[tuple[IntArray, IntArray]]:
    """Publish the revisions that lives ask for."""
    revised_by: list[tuple[IntArray, IntArray]] = []
    for changed, rows, lag_days in table.revisions(pile.first):
        recorded = pile.first_recorded[rows] + (lag_days * DAY).astype(np.int64)
        arrival = recorded + _transport(block.rng, len(rows))
        pile.add(rows, changed, recorded, arrival)
        revised_by.append((rows, arrival))
    return revised_by


def _amend_some(block: Block, name: str, pile: _Pile) -> None:
    """Amend a share of the documents that nothing else revises."""
    rows = _choose(block.rng, block.world.country.noise.amendment, pile.plain)
    recorded = _after(block.rng, pile.first_recorded[rows], 0.5, 30.0)
    arrival = recorded + _transport(block.rng, len(rows))
    pile.add(rows, _amend(block.rng, name, pile.first, rows), recorded, arrival)


def _restate_some(block: Block, pile: _Pile) -> None:
    """Let a second source publish a share of the first source's documents as well."""
    share = block.world.country.noise.restated
    rows = _choose(block.rng, share, pile.plain & (pile.first["source"] == 0))
    taken = {key: column[rows] for key, column in pile.first.items()}
    taken["source"] = np.ones(len(rows), dtype=np.int64)
    recorded = _after(block.rng, pile.first_recorded[rows], 0.1, 4.0)
    pile.add(rows, taken, recorded, recorded + _transport(block.rng, len(rows)))


def _repeat_and_spoil(
    block: Block,
    name: str,
    pile: _Pile,
    *,
    first_arrival: IntArray,
    nameless: BoolArray,
    revised_by: list[tuple[IntArray, IntArray]],
) -> SimulatedFeed:
    """Repeat some lines, send some unreadable first, and lose a few for good."""
    rng, noise = block.rng, block.world.country.noise
    columns, recorded, arrival = pile.all()
    repeated = _choose(rng, noise.duplicate, np.ones(len(recorded), dtype=np.bool_))
    pile.plain[repeated[repeated < pile.size]] = False
    lost = np.zeros(pile.size, dtype=np.bool_)
    lost[_choose(rng, noise.malformed * noise.malformed_lost, pile.plain)] = True
    broken = _choose(rng, noise.malformed * (1 - noise.malformed_lost), ~lost)
    faults = len(FAULTS) + (len(REGISTRATION_FAULTS) if name == "registration" else 0)
    tag = np.full(len(recorded) + len(repeated) + len(broken), READABLE, dtype=np.int64)
    tag[: pile.size][lost] = LOST + 1 + rng.integers(0, faults, int(lost.sum()))
    tag[len(tag) - len(broken) :] = 1 + rng.integers(0, faults, len(broken))
    later = (DAY * rng.exponential(2.0, len(repeated))).astype(np.int64) + 1
    earlier = -(DAY * rng.uniform(0.0, 0.4, len(broken))).astype(np.int64)
    extra = np.concatenate([repeated, broken])
    return SimulatedFeed(
        columns=stack([columns, {key: column[extra] for key, column in columns.items()}]),
        recorded=np.concatenate([recorded, recorded[extra]]),
        arrival=np.concatenate([arrival, arrival[extra] + np.concatenate([later, earlier])]),
        tag=tag,
        first_arrival=first_arrival,
        lost=lost,
        nameless=nameless,
        revised_by=revised_by,
    )


def _through_outages(
    block: Block, name: str, columns: dict[str, Column], arrival: IntArray
) -> IntArray:
    """Documents that would arrive while their feed is cut off arrive when it is back."""
    place = "exporter_province" if name == "customs_export" else "province"
    for outage, first_day in block.world.outages:
        if outage.event_type != name:
            continue
        begin, end = first_day * DAY, (first_day + outage.days) * DAY
        held = (arrival >= begin) & (arrival < end)
        if outage.province is not None:
            held &= columns[place] == PROVINCES.index(outage.province)
        back = end + block.rng.integers(0, DAY // 8, len(arrival))
        arrival = np.where(held, back, arrival)
    return arrival


def _choose(rng: np.random.Generator, share: float, among: BoolArray) -> IntArray:
    return np.flatnonzero(among & (rng.random(len(among)) < share))


def _after(
    rng: np.random.Generator, recorded: IntArray, least_days: float, most_days: float
) -> IntArray:
    return recorded + (DAY * rng.uniform(least_days, most_days, len(recorded))).astype(np.int64)


def _transport(rng: np.random.Generator, count: int) -> IntArray:
    days: FloatArray = 0.3 * np.exp(0.8 * rng.standard_normal(count))
    return (days * DAY).astype(np.int64) + 1


def _amend(
    rng: np.random.Generator, name: str, columns: dict[str, Column], rows: IntArray
) -> dict[str, Column]:
    """The next revision of some documents: a number typed again, nothing that changes a sale."""
    taken = {key: column[rows].copy() for key, column in columns.items()}
    taken["revision"] += 1
    if name == "registration":
        taken["plate"] = np.where(taken["plate"] >= 0, rng.integers(0, 1 << 62, len(rows)), -1)
        taken["price"] = np.round(taken["price"] * rng.uniform(0.99, 1.01, len(rows)), 2)
    elif name == "customs_export":
        taken["value"] = np.round(taken["value"] * rng.uniform(0.99, 1.01, len(rows)), 2)
    else:
        taken["owner"] = np.full(len(rows), -1, dtype=np.int64)
    return taken
