"""Schemes that never leave the country."""

import numpy as np

from streams.simulator.block import Block
from streams.simulator.calendars import IntArray
from streams.simulator.lives import steps, timing
from streams.simulator.lives.exports import SAME_WEEK
from streams.simulator.values import kilometres, worth


def double_sale(block: Block, rows: IntArray) -> None:
    """Sold to a nominee to fill the month, sold again within the week."""
    born = timing.registered(block, rows, after=40)
    block.label(rows, "double_sale", "domestic")
    steps.initial(block, rows, born, owner_type=steps.PERSON)
    day = born + timing.days_between(block, len(rows), 1, SAME_WEEK)
    steps.transfer(
        block,
        rows,
        day,
        block.fleet.owner(rows, steps.SECOND),
        seller=block.fleet.owner(rows, steps.FIRST),
        price=worth(block, rows, day - born),
    )


def cloned_vin(block: Block, rows: IntArray) -> None:
    """Another car, registered for the first time in another province under the same number."""
    born = timing.registered(block, rows, after=240)
    block.label(rows, "cloned_vin")
    steps.initial(block, rows, born)
    day = born + timing.days_between(block, len(rows), 8, 200)
    steps.initial(
        block,
        rows,
        day,
        province=timing.elsewhere(block, rows),
        owner=block.fleet.owner(rows, steps.SECOND),
    )


def odometer_rollback(block: Block, rows: IntArray) -> None:
    """Sold twice used; at the second sale it has driven less."""
    count = len(rows)
    day = timing.squeeze(block, block.world.retail_day(block.rng, count), 0, 340)
    block.fleet.born[rows] = day - timing.days_between(block, count, 700, 3500)
    block.specify(rows)
    block.label(rows, "odometer_rollback", "domestic")
    honest = np.maximum(kilometres(block, rows, day - block.fleet.born[rows]), 8000)
    owners = [block.fleet.owner(rows, which) for which in range(3)]
    steps.transfer(block, rows, day, owners[1], seller=owners[0], odometer=honest, read=steps.READ)
    later = day + timing.days_between(block, count, 30, 300)
    turned = (honest * block.rng.uniform(0.3, 0.8, count)).astype(np.int64)
    steps.transfer(block, rows, later, owners[2], seller=owners[1], odometer=turned, read=steps.READ)


def vin_quality(block: Block, rows: IntArray) -> None:
    """An ordinary car under a number that cannot be right."""
    born = timing.registered(block, rows, after=40)
    block.label(rows, "vin_quality")
    block.fleet.spoiled[rows] = True
    steps.initial(block, rows, born)
