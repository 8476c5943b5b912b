"""Days on which a life can begin so that all of its documents fall into the stream."""

from typing import Final

import numpy as np

from streams.simulator.block import Block
from streams.simulator.calendars import IntArray

_P95: Final = 1.6449
"""Standard deviations from the median to the 95th percentile."""


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
    """Days of which nine in ten lie from `least` to `most`, and some before and after.

    A lognormal: people keep no limits that a rule happens to draw.
    """
    low, high = np.log(least + 0.5), np.log(most + 0.5)
    sigma = (high - low) / (2 * _P95)
    drawn = np.exp((low + high) / 2 + sigma * block.rng.standard_normal(count))
    days: IntArray = np.floor(drawn).astype(np.int64)
    return days


def elsewhere(block: Block, rows: IntArray) -> IntArray:
    """For each vehicle a province other than its own."""
    own = block.fleet.province[rows]
    other = block.world.registration_province(block.rng, len(rows))
    count = int(max(own.max(initial=0), other.max(initial=0))) + 2
    return np.where(other == own, (own + 1) % count % 31, other)
