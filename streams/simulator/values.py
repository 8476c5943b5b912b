"""Prices and odometers of cars of a given age."""

import numpy as np

from streams.simulator.block import Block
from streams.simulator.calendars import FloatArray, IntArray

DAYS_A_YEAR = 365.25


def worth(block: Block, rows: IntArray, age_days: IntArray) -> FloatArray:
    """Market price (CNY) of cars of the given ages."""
    prices = block.world.country.prices
    years = np.maximum(age_days, 0) / DAYS_A_YEAR
    left = prices.first_year ** np.minimum(years, 1.0)
    left = left * prices.later_years ** np.maximum(years - 1.0, 0.0)
    noise = np.exp(0.5 * prices.spread * block.rng.standard_normal(len(rows)))
    return np.round(block.fleet.price[rows] * left * noise, -1)


def with_margin(block: Block, price: FloatArray) -> FloatArray:
    """Free-on-board value: price without the refunded tax, plus the exporter's margin."""
    prices = block.world.country.prices
    margin = prices.margin + prices.margin_spread * block.rng.standard_normal(len(price))
    return np.round(price / (1.0 + prices.value_added_tax) * (1.0 + margin), 2)


def sometimes_missing(block: Block, price: FloatArray) -> FloatArray:
    """Leave a share of prices out."""
    missing = block.rng.random(len(price)) < block.world.country.prices.missing
    return np.where(missing, np.nan, price)


def kilometres(block: Block, rows: IntArray, age_days: IntArray) -> IntArray:
    """Odometer (km) of a car used in the ordinary way; grows with age for every single car."""
    yearly = block.world.country.mileage.km_a_year * block.fleet.heavy[rows]
    return (25 + yearly * np.maximum(age_days, 0) / DAYS_A_YEAR).astype(np.int64)


def hardly_driven(block: Block, count: int) -> IntArray:
    """Odometers (km) of cars that never drove: most below a hundred, a few as far as a port is away."""
    parameters = block.world.country.zero_mileage
    strong = np.exp(np.log(25.0) + 0.9 * block.rng.standard_normal(count))
    medium = np.exp(np.log(2.2 * parameters.strong_km) + 0.55 * block.rng.standard_normal(count))
    driven = np.where(block.rng.random(count) < parameters.strong_share, strong, medium)
    whole: IntArray = driven.astype(np.int64)
    return whole
