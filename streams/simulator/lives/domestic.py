"""Ordinary cars: registered, sometimes sold on years later, sometimes scrapped."""

import numpy as np

from streams.simulator.block import Block
from streams.simulator.calendars import IntArray
from streams.simulator.lives import steps
from streams.simulator.tables import ABSENT
from streams.simulator.values import DAYS_A_YEAR, kilometres

SCARCELY_SOLD = 200
"""Days before which an ordinary owner does not sell (assumption)."""


def ordinary(block: Block, rows: IntArray) -> None:
    """New cars of the window and older cars whose first documents came before it."""
    old = block.rng.random(len(rows)) < block.world.country.domestic.stock_share
    _new(block, rows[~old])
    _stock(block, rows[old])


def _new(block: Block, rows: IntArray) -> None:
    rng, world, fleet = block.rng, block.world, block.fleet
    born = world.retail_day(rng, len(rows))
    fleet.born[rows] = born
    block.specify(rows)
    read = rng.random(len(rows)) < 0.1  # noqa: PLR2004 - assumption: offices that note it
    steps.initial(
        block,
        rows,
        born,
        odometer=np.where(read, rng.integers(2, 60, len(rows)), ABSENT),
        read=np.where(read, steps.READ, ABSENT),
    )
    hazard = world.country.domestic.transfer_hazard_a_year / DAYS_A_YEAR
    sold = born + SCARCELY_SOLD + (rng.exponential(1 / hazard, len(rows))).astype(np.int64)
    inside = sold < world.end
    sell_used(block, rows[inside], sold[inside], steps.FIRST)


def _stock(block: Block, rows: IntArray) -> None:
    rng, world, fleet = block.rng, block.world, block.fleet
    domestic = world.country.domestic
    day = world.retail_day(rng, len(rows))
    age = (DAYS_A_YEAR * (1.0 + rng.gamma(2.2, 2.4, len(rows)))).astype(np.int64)
    # The first documents of these cars came before the stream began.
    fleet.born[rows] = np.minimum(day - age, world.start - 1 - age % 500)
    block.specify(rows)
    scrapped = rng.random(len(rows)) < domestic.scrapped_share
    _scrap(block, rows[scrapped], day[scrapped])
    rows, day = rows[~scrapped], day[~scrapped]
    sell_used(block, rows, day, steps.FIRST)
    again = rng.random(len(rows)) < domestic.second_transfer
    later = day + rng.integers(60, 600, len(rows))
    sell_used(block, rows[again], later[again], steps.SECOND)


def _scrap(block: Block, rows: IntArray, day: IntArray) -> None:
    reasons = np.array([steps.SCRAPPED, steps.LOST, steps.REVOKED, steps.OTHER])
    drawn = np.minimum(block.rng.geometric(0.8, len(rows)) - 1, len(reasons) - 1)
    owner = block.fleet.owner(rows, steps.FIRST)
    platform = (block.rng.random(len(rows)) < 0.3).astype(np.int64)  # noqa: PLR2004 - assumption
    steps.deregistration(block, rows, day, reasons[drawn], owner, source=platform)


def sell_used(block: Block, rows: IntArray, day: IntArray, seller: int) -> IntArray:
    """One ordinary used sale to the vehicle's next owner, sometimes into another province."""
    rng, world, fleet = block.rng, block.world, block.fleet
    moves = rng.random(len(rows)) < world.country.domestic.cross_region
    elsewhere = world.registration_province(rng, len(rows))
    fleet.province[rows] = np.where(moves, elsewhere, fleet.province[rows])
    read = rng.random(len(rows)) < 0.6  # noqa: PLR2004 - assumption: inspected at the sale
    distance = kilometres(block, rows, day - fleet.born[rows])
    return steps.transfer(
        block,
        rows,
        day,
        fleet.owner(rows, seller + 1),
        seller=fleet.owner(rows, seller),
        odometer=np.where(read, distance, ABSENT),
        read=np.where(read, steps.READ, ABSENT),
    )
