"""Provincial export spikes: for some weeks a few exporters ship a multiple of the ordinary week."""

import dataclasses

import numpy as np

from streams.simulator.block import Block
from streams.simulator.calendars import IntArray
from streams.simulator.lives import exports
from streams.simulator.lives.plans import hot_lag, plan
from streams.simulator.places import PROVINCE_CODES
from streams.simulator.truth import SpikeTruth, iso, mondays
from streams.simulator.world import EXPORTERS, PARTIES_A_PROVINCE, SPIKE_EXPORTERS, World

WEEK = 7


@dataclasses.dataclass(frozen=True)
class Spike:
    """A planned spike; days are ordinals of declarations, first a Monday, last a Sunday."""

    number: int
    province: int
    first: int
    weeks: int
    vehicles: int
    expected_a_week: float
    exporters: int

    def truth(self) -> SpikeTruth:
        """What is true about it."""
        return SpikeTruth(
            spike=self.number,
            province=PROVINCE_CODES[self.province],
            first_day=iso(self.first),
            last_day=iso(self.first + WEEK * self.weeks - 1),
            weeks=self.weeks,
            vehicles=self.vehicles,
            expected_a_week=round(self.expected_a_week, 2),
            exporters=self.exporters,
        )


def plan_spikes(
    world: World, rng: np.random.Generator, vehicles: int, export_share: float
) -> list[Spike]:
    """Choose provinces and weeks; one province has at most one spike.

    None where the stream is too short to hold the quiet weeks before and the documents after.
    """
    parameters = world.country.spikes
    exported = vehicles * export_share
    count = int(min(parameters.most, exported // parameters.vehicles_a_spike))
    earliest = world.start + WEEK * parameters.quiet_weeks_before
    latest = world.end - WEEK * (parameters.weeks[1] + 8)
    if latest - earliest < WEEK or not count:
        return []
    level = world.export_level / world.export_level.sum()
    # Large and small provinces alike: every second drawn by weight, the others evenly.
    by_weight = rng.choice(
        len(PROVINCE_CODES), len(PROVINCE_CODES), replace=False, p=world.export_weights
    )
    provinces = by_weight[:count]
    spikes: list[Spike] = []
    for number in range(count):
        weeks = int(rng.integers(parameters.weeks[0], parameters.weeks[1] + 1))
        day = int(earliest + (number + rng.random()) * (latest - earliest) / count)
        first = int(mondays(np.array([day], dtype=np.int64))[0])
        begin = first - int(world.days.ordinals[0])
        around = float(level[begin : begin + WEEK * weeks].sum()) / weeks
        expected = exported * around * float(world.export_weights[provinces[number]])
        factor = rng.uniform(*parameters.factor)
        size = max(int(parameters.least_a_week), round((factor - 1.0) * expected)) * weeks
        spikes.append(
            Spike(
                number=number,
                province=int(provinces[number]),
                first=first,
                weeks=weeks,
                vehicles=size,
                expected_a_week=expected,
                exporters=int(rng.integers(1, 4)),
            )
        )
    return spikes


def write_spike(block: Block, spike: Spike) -> None:
    """The spike's cars: zero-mileage exports by its exporters, all registered in the province."""
    rng, count = block.rng, spike.vehicles
    rows: IntArray = np.arange(count, dtype=np.int64)
    block.fleet.spike[:] = spike.number
    days = np.arange(spike.first, spike.first + WEEK * spike.weeks)
    level = np.asarray(block.world.country.working_week.exports)[(days - 1) % WEEK]
    declared = rng.choice(days, count, p=level / level.sum())
    province = np.full(count, spike.province, dtype=np.int64)
    exporter = (
        EXPORTERS
        + province * PARTIES_A_PROVINCE
        + SPIKE_EXPORTERS
        + rng.integers(0, spike.exporters, count)
    )
    made = plan(
        block, rows, hot_lag(block, count), declared=declared,
        exporter_province=province, exporter=exporter,
    )  # fmt: skip
    block.fleet.province[rows] = province
    block.label(rows, "zero_mileage_export")
    exports.write_all(block, made)
