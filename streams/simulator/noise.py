"""What dirty feeds add to the papers: amendments, a second source, repeats, unreadable copies."""

import dataclasses

import numpy as np

from streams.simulator.block import Block, BoolArray
from streams.simulator.calendars import FloatArray, IntArray
from streams.simulator.delays import DAY, recorded_and_arrival
from streams.simulator.malformed import FAULTS, REGISTRATION_FAULTS
from streams.simulator.places import PROVINCES
from streams.simulator.tables import ABSENT, Column, Table, stack

READABLE = 0
"""Tag of a readable line; others are 1 + the fault's number, + `LOST` if no readable copy is sent."""
LOST = 1000


@dataclasses.dataclass
class Feed:
    """All lines of one document type before they are text, and the fate of the first papers."""

    columns: dict[str, Column]
    recorded: IntArray
    arrival: IntArray
    tag: IntArray
    first_arrival: IntArray
    lost: BoolArray
    nameless: BoolArray
    revised_by: list[tuple[IntArray, IntArray]]
    """Rows that a life revises on purpose, and when those revisions arrive."""


def feed(block: Block, name: str, table: Table) -> Feed:
    """Publish a table's papers with everything that goes wrong on the way."""
    rng, noise = block.rng, block.world.country.noise
    columns = table.columns()
    size = table.size
    nameless = np.zeros(size, dtype=np.bool_)
    if "owner" in columns:
        nameless[_choose(rng, noise.owner_missing, columns["owner"] >= 0)] = True
        columns["owner"][nameless] = ABSENT
    recorded, arrival = recorded_and_arrival(
        rng, block.world.country.delays, name, columns["day"].astype(np.int64), columns["hold"]
    )
    arrival = _through_outages(block, name, columns, arrival)
    parts, written, arrived = [columns], [recorded], [arrival]
    touched = np.zeros(size, dtype=np.bool_)
    revised_by: list[tuple[IntArray, IntArray]] = []
    for changed, rows, lag_days in table.revisions(columns):
        again = recorded[rows] + (lag_days * DAY).astype(np.int64)
        comes = again + _transport(rng, len(rows))
        parts.append(changed)
        written.append(again)
        arrived.append(comes)
        revised_by.append((rows, comes))
        touched[rows] = True
    amended = _choose(rng, noise.amendment, ~touched)
    parts.append(_amend(rng, name, columns, amended))
    written.append(recorded[amended] + (DAY * rng.uniform(0.5, 30, len(amended))).astype(np.int64))
    arrived.append(written[-1] + _transport(rng, len(amended)))
    restated = _choose(rng, noise.restated, ~touched & (columns["source"] == 0))
    parts.append(
        {key: column[restated] for key, column in columns.items()}
        | {"source": np.ones(len(restated), dtype=np.int64)}
    )
    written.append(recorded[restated] + (DAY * rng.uniform(0.1, 4, len(restated))).astype(np.int64))
    arrived.append(written[-1] + _transport(rng, len(restated)))
    touched[amended] = True
    touched[restated] = True
    everything = stack(parts)
    all_recorded, all_arrival = np.concatenate(written), np.concatenate(arrived)
    tag = np.full(len(all_recorded), READABLE, dtype=np.int64)
    repeated = _choose(rng, noise.duplicate, np.ones(len(all_recorded), dtype=np.bool_))
    touched[repeated[repeated < size]] = True
    lost = np.zeros(size, dtype=np.bool_)
    lost[_choose(rng, noise.malformed * noise.malformed_lost, ~touched)] = True
    faults = len(FAULTS) + (len(REGISTRATION_FAULTS) if name == "registration" else 0)
    tag[:size][lost] = LOST + 1 + rng.integers(0, faults, int(lost.sum()))
    broken = _choose(rng, noise.malformed * (1 - noise.malformed_lost), ~lost)
    extra = np.concatenate([repeated, broken])
    later = (DAY * rng.exponential(2.0, len(repeated))).astype(np.int64) + 1
    earlier = -(DAY * rng.uniform(0.0, 0.4, len(broken))).astype(np.int64)
    return Feed(
        columns=stack([everything, {key: column[extra] for key, column in everything.items()}]),
        recorded=np.concatenate([all_recorded, all_recorded[extra]]),
        arrival=np.concatenate([all_arrival, all_arrival[extra] + np.concatenate([later, earlier])]),
        tag=np.concatenate(
            [
                tag,
                np.full(len(repeated), READABLE, dtype=np.int64),
                1 + rng.integers(0, faults, len(broken)),
            ]
        ),
        first_arrival=arrival,
        lost=lost,
        nameless=nameless,
        revised_by=revised_by,
    )


def _through_outages(
    block: Block, name: str, columns: dict[str, Column], arrival: IntArray
) -> IntArray:
    """Papers that would arrive while their feed is cut off arrive when it is back."""
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


def _transport(rng: np.random.Generator, count: int) -> IntArray:
    days: FloatArray = 0.3 * np.exp(0.8 * rng.standard_normal(count))
    return (days * DAY).astype(np.int64) + 1


def _amend(
    rng: np.random.Generator, name: str, columns: dict[str, Column], rows: IntArray
) -> dict[str, Column]:
    """The next revision of some papers: a number typed again, nothing that changes a sale."""
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
