"""The days, parties and mileage of an export, planned backwards from the declaration."""

import dataclasses
import datetime

import numpy as np

from streams.simulator.block import Block, BoolArray
from streams.simulator.calendars import IntArray, ordinal
from streams.simulator.values import DAYS_A_YEAR, hardly_driven, kilometres
from streams.simulator.world import FUELS

FLASH_LAG_LIMIT = 150
"""Longest ordinary wait (days) between registration and pending export of a car that never drives."""


@dataclasses.dataclass
class Plan:
    """One export a row: which vehicle, when, by whom, where to."""

    rows: IntArray
    born: IntArray
    pending: IntArray
    licence: IntArray
    declared: IntArray
    exited: IntArray
    deregistered: IntArray
    exporter: IntArray
    exporter_province: IntArray
    destination: IntArray
    odometer: IntArray
    letter: BoolArray

    def part(self, where: BoolArray | slice) -> "Plan":
        """The exports of some rows."""
        names = [field.name for field in dataclasses.fields(self)]
        return Plan(**{name: getattr(self, name)[where] for name in names})


def hot_lag(block: Block, count: int) -> IntArray:
    """Days from registration to pending export where nobody ever meant to drive the car."""
    lags = block.world.country.lags
    sigma = np.log(lags.pending_p95 / lags.pending_median) / 1.6449
    days = np.exp(np.log(lags.pending_median) + sigma * block.rng.standard_normal(count))
    whole: IntArray = np.clip(np.rint(days), 0, FLASH_LAG_LIMIT).astype(np.int64)
    return whole


def genuine_lag(block: Block, count: int) -> IntArray:
    """Days from registration to pending export of a car that was really used."""
    lags = block.world.country.lags
    sigma = np.log(lags.genuine_median_years / lags.genuine_p5_years) / 1.6449
    years = lags.genuine_median_years * np.exp(sigma * block.rng.standard_normal(count))
    days: IntArray = (np.clip(years, 0.0, 14.0) * DAYS_A_YEAR).astype(np.int64)
    return days


def plan(
    block: Block,
    rows: IntArray,
    lag: IntArray,
    *,
    declared: IntArray | None = None,
    exporter_province: IntArray | None = None,
    exporter: IntArray | None = None,
    driven: bool = False,
) -> Plan:
    """Plan exports of vehicles whose pending export comes `lag` days after registration."""
    world, rng, lags = block.world, block.rng, block.world.country.lags
    count = len(rows)
    if declared is None:
        declared = world.export_day(rng, count)
    waited = declared - _between(rng, lags.declaration, count)
    pending = waited - _between(rng, lags.licence, count)
    exited = declared + _between(rng, lags.exit, count)
    if exporter_province is None:
        exporter_province = world.exporters_province(rng, declared)
    if exporter is None:
        exporter = world.exporter(rng, exporter_province)
    elsewhere = rng.random(count) >= world.country.export_geography.same_province
    province = np.where(elsewhere, world.registration_province(rng, count), exporter_province)
    block.fleet.province[rows] = province
    born = pending - lag
    block.fleet.born[rows] = born
    block.specify(rows, world.brands.export(rng, count))
    return Plan(
        rows=rows,
        born=born,
        pending=pending,
        # A licence does not outlive its year: what is declared in January was applied for in January.
        licence=np.maximum(waited, _new_year_of(declared)),
        declared=declared,
        exited=exited,
        deregistered=exited + _between(rng, lags.deregistration, count),
        exporter=exporter,
        exporter_province=exporter_province,
        destination=lawful_destination(block, rows, declared, declared - born),
        odometer=(kilometres(block, rows, pending - born) if driven else hardly_driven(block, count)),
        letter=np.zeros(count, dtype=np.bool_),
    )


def lawful_destination(block: Block, rows: IntArray, day: IntArray, age: IntArray) -> IntArray:
    """Destinations drawn by the day's weights, without those closed to the car."""
    world = block.world
    destination = world.destination(block.rng, day)
    for _ in range(4):
        closed = restricted(block, rows, destination, day, age)
        if not closed.any():
            return destination
        destination[closed] = world.destination(block.rng, day[closed])
    closed = restricted(block, rows, destination, day, age)
    destination[closed] = world.destinations.index("AE")
    return destination


def restricted(
    block: Block, rows: IntArray, destination: IntArray, day: IntArray, age: IntArray
) -> BoolArray:
    """Which cars a destination does not take."""
    world, fleet = block.world, block.fleet
    closed = np.zeros(len(rows), dtype=np.bool_)
    for rule in world.country.restricted:
        hit = (day >= ordinal(rule.begin)) & (destination == world.destinations.index(rule.destination))
        if rule.brands:
            brands = [world.brands.names.index(name) for name in rule.brands]
            hit &= np.isin(fleet.brand[rows], brands)
        if rule.fuels:
            hit &= np.isin(fleet.fuel[rows], [FUELS.index(fuel) for fuel in rule.fuels])
        if rule.older_than_days is not None:
            hit &= age > rule.older_than_days
        if rule.younger_than_days is not None:
            hit &= age < rule.younger_than_days
        closed |= hit
    return closed


def _between(rng: np.random.Generator, limits: tuple[int, int], count: int) -> IntArray:
    return rng.integers(limits[0], limits[1] + 1, count)


def _new_year_of(day: IntArray) -> IntArray:
    firsts = {
        year: datetime.date(year, 1, 1).toordinal()
        for year in range(
            datetime.date.fromordinal(int(day.min())).year if len(day) else 2000,
            (datetime.date.fromordinal(int(day.max())).year if len(day) else 2000) + 1,
        )
    }
    starts = np.array(list(firsts.values()), dtype=np.int64)
    return starts[np.searchsorted(starts, day, side="right") - 1]
