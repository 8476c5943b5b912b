"""Days on which a life can begin so that all of its documents fall into the stream."""

import numpy as np

from streams.simulator.block import Block
from streams.simulator.calendars import IntArray


def squeeze(block: Block, days: IntArray, before: int = 0, after: int = 0) -> IntArray:
    """Move days of the stream, in order, `before` days away from its first and `after` from its last.

    Streams too short for that keep their days; the truth then says which documents are missing.
    """
    start, end = block.world.start, block.world.end
    length = end - start
    left = length - before - after
    if left <= 0:
        return days
    return start + before + (days - start) * left // length


def registered(block: Block, rows: IntArray, *, before: int = 0, after: int = 0) -> IntArray:
    """Draw first-registration days that leave room, and give the vehicles brand, fuel and price."""
    days = squeeze(block, block.world.retail_day(block.rng, len(rows)), before, after)
    block.fleet.born[rows] = days
    block.specify(rows)
    return days


def declared(block: Block, rows: IntArray, *, before: int = 60, after: int = 0) -> IntArray:
    """Draw declaration days that leave room before and after."""
    return squeeze(block, block.world.export_day(block.rng, len(rows)), before, after)


def days_between(block: Block, count: int, least: int, most: int) -> IntArray:
    """Days from `least` to `most`, both included."""
    return block.rng.integers(least, most + 1, count)


def elsewhere(block: Block, rows: IntArray) -> IntArray:
    """For each vehicle a province other than its own."""
    own = block.fleet.province[rows]
    other = block.world.registration_province(block.rng, len(rows))
    count = int(max(own.max(initial=0), other.max(initial=0))) + 2
    return np.where(other == own, (own + 1) % count % 31, other)
