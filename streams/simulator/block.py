"""A block of vehicles on its way from plan to documents."""

import numpy as np
import numpy.typing as npt

from streams.simulator.calendars import FloatArray, IntArray
from streams.simulator.labels import NUMBER
from streams.simulator.tables import CUSTOMS_EXPORT, DEREGISTRATION, REGISTRATION, SimulatedTable
from streams.simulator.world import OWNERS_A_VEHICLE, World

BoolArray = npt.NDArray[np.bool_]


Documents = tuple[str, IntArray]
"""Rows of one table: the event type and one row a vehicle."""


class Fleet:
    """The vehicles of a block, one row each."""

    def __init__(self, world: World, rng: np.random.Generator, first: int, count: int) -> None:
        self.index: IntArray = np.arange(first, first + count, dtype=np.int64)
        self.province = world.registration_province(rng, count)
        self.brand = world.brands.retail(rng, count)
        self.model: IntArray = np.zeros(count, dtype=np.int64)
        self.mark: IntArray = rng.integers(0, 1 << 30, count)
        self.fuel: IntArray = np.zeros(count, dtype=np.int64)
        self.price: FloatArray = np.zeros(count)
        self.born: IntArray = np.zeros(count, dtype=np.int64)
        self.label: IntArray = np.zeros(count, dtype=np.int64)
        self.variant: list[str] = [""] * count
        self.spike: IntArray = np.full(count, -1, dtype=np.int64)
        self.spoiled: BoolArray = np.zeros(count, dtype=np.bool_)
        self.heavy: FloatArray = np.exp(world.country.mileage.sigma * rng.standard_normal(count))

    def owner(self, rows: IntArray, which: int) -> IntArray:
        """Identity number of a vehicle's own owner number `which` (0 to 15)."""
        return self.index[rows] * OWNERS_A_VEHICLE + which


class Block:
    """Vehicles and their documents.

    Parameters
    ----------
    world
        The country.
    rng
        The block's own generator: the same seed and block give the same documents.
    fleet
        The vehicles.
    """

    def __init__(self, world: World, rng: np.random.Generator, fleet: Fleet) -> None:
        self.world = world
        self.rng = rng
        self.fleet = fleet
        self.tables = {
            "registration": SimulatedTable(REGISTRATION),
            "deregistration": SimulatedTable(DEREGISTRATION),
            "customs_export": SimulatedTable(CUSTOMS_EXPORT),
        }

    def label(self, rows: IntArray, name: str, variant: str = "") -> None:
        """Say what vehicles are."""
        self.fleet.label[rows] = NUMBER[name]
        for row in rows.tolist() if variant else ():
            self.fleet.variant[row] = variant

    def specify(self, rows: IntArray, brand: IntArray | None = None) -> None:
        """Give vehicles a brand (or keep theirs), and with it model, fuel and price as new.

        They must know when they are born: a car older than its model becomes an older model, of
        another brand if need be.
        """
        fleet, brands = self.fleet, self.world.brands
        if brand is not None:
            fleet.brand[rows] = brand
        chosen = fleet.brand[rows]
        for number in np.unique(chosen).tolist():
            members = rows[chosen == number]
            drawn = brands.model[number](self.rng, len(members))
            fleet.model[members] = brands.first_model[number] + drawn
        too_old = rows[fleet.born[rows] < brands.since[fleet.model[rows]]]
        fleet.model[too_old] = brands.oldest[fleet.brand[too_old]]
        too_old = rows[fleet.born[rows] < brands.since[fleet.model[rows]]]
        fleet.model[too_old] = brands.classic(self.rng, len(too_old))
        fleet.brand[too_old] = brands.brand_of[fleet.model[too_old]]
        fleet.fuel[rows] = brands.fuel[fleet.model[rows]]
        spread = np.exp(self.world.country.prices.spread * self.rng.standard_normal(len(rows)))
        fleet.price[rows] = np.round(brands.price[fleet.model[rows]] * spread, -2)
