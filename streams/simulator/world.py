"""The country compiled to arrays: calendars to draw days from, places, brands, exporters."""

import dataclasses

import numpy as np
import numpy.typing as npt

from streams.simulator.calendars import (
    Days,
    FloatArray,
    IntArray,
    destination_weights,
    export_days,
    ordinal,
    retail_days,
)
from streams.simulator.parameters import SimulatedCountry
from streams.simulator.places import PROVINCES

# Identity numbers: each vehicle has room for 16 owners of its own; shared parties sit above.
OWNERS_A_VEHICLE = 16
DEALERS = 1 << 50
EXPORTERS = 1 << 51
MAKERS = 1 << 53
PARTIES_A_PROVINCE = 1 << 16
SPIKE_EXPORTERS = 1 << 12


class Draw:
    """Draws indices by weight with one uniform number each."""

    def __init__(self, weights: FloatArray) -> None:
        self.cumulative = np.cumsum(weights / weights.sum())
        self.cumulative[-1] = 1.0

    def __call__(self, rng: np.random.Generator, size: int) -> IntArray:
        """Draw `size` indices."""
        return np.searchsorted(self.cumulative, rng.random(size), side="right").astype(np.int64)


@dataclasses.dataclass(frozen=True)
class Brands:
    """Brands with their manufacturer codes, and the models of all brands in one row.

    A brand's models begin at `first_model` and are drawn by `model`.
    """

    names: tuple[str, ...]
    retail: Draw
    export: Draw
    wmi: tuple[npt.NDArray[np.uint8], ...]
    first_model: tuple[int, ...]
    model: tuple[Draw, ...]
    model_names: tuple[str, ...]
    price: FloatArray
    fuel: IntArray
    since: IntArray
    """Ordinal of the first day of each model's first year."""
    brand_of: IntArray
    oldest: IntArray
    """Each brand's oldest model."""
    classic: Draw
    """Draws a model of those that have always been there, by its weight in retail."""


FUELS = ("petrol", "diesel", "hev", "phev", "erev", "bev", "fcev")


class World:
    """The country between two days.

    Parameters
    ----------
    country
        Its parameters.
    start, end
        Ordinals of the first day of the stream and the day after the last.
    """

    def __init__(self, country: SimulatedCountry, start: int, end: int) -> None:
        self.country = country
        self.start = start
        self.end = end
        known = sorted(country.yearly_used_exports.vehicles)
        self.days = Days(ordinal(f"{known[0]}-01-01"), ordinal(f"{known[-1] + 1}-01-01"))
        inside = (self.days.ordinals >= start) & (self.days.ordinals < end)
        self.retail_level = np.where(inside, retail_days(country, self.days), 0.0)
        self.export_level = np.where(inside, export_days(country, self.days), 0.0)
        self._retail = Draw(self.retail_level)
        self._export = Draw(self.export_level)
        self.registration_province = Draw(_by_province(country.registration_provinces.weights))
        exporters = _by_province(country.export_provinces.weights)
        self.export_weights = exporters / exporters.sum()
        self.exporter_province = Draw(exporters)
        pilot = np.array([name in country.pilot_provinces.provinces for name in PROVINCES])
        self.pilot_exporter_province = Draw(np.where(pilot, exporters, 0.0))
        self.pilot_until = ordinal(country.pilot_provinces.until)
        self.licences_from = ordinal(country.regime.licences_from)
        self.letter_from = ordinal(country.regime.letter_from)
        self.destinations = tuple(country.destinations.weights)
        weights = destination_weights(country, self.days)
        self._destinations = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
        self.brands = _brands(country)
        self.outages = tuple(
            (outage, start + int(outage.begins * (end - start))) for outage in country.outages
        )
        self.gates = _gates(country)

    def retail_day(self, rng: np.random.Generator, size: int) -> IntArray:
        """Days of first registrations."""
        return self.days.ordinals[self._retail(rng, size)]

    def export_day(self, rng: np.random.Generator, size: int) -> IntArray:
        """Days of export declarations."""
        return self.days.ordinals[self._export(rng, size)]

    def destination(self, rng: np.random.Generator, day: IntArray) -> IntArray:
        """Destinations (indices) of cars declared on the given days."""
        row = np.clip(day - self.days.ordinals[0], 0, len(self.days.ordinals) - 1)
        drawn = rng.random(len(day))[:, None]
        passed: IntArray = (self._destinations[row] < drawn).sum(axis=1, dtype=np.int64)
        return np.minimum(passed, len(self.destinations) - 1)

    def exporters_province(self, rng: np.random.Generator, day: IntArray) -> IntArray:
        """Provinces (indices) of exporters that declare on the given days."""
        anywhere = self.exporter_province(rng, len(day))
        pilot = self.pilot_exporter_province(rng, len(day))
        return np.where(day < self.pilot_until, pilot, anywhere)

    def exporter(self, rng: np.random.Generator, province: IntArray) -> IntArray:
        """Exporters (identity numbers) of the given provinces; a few of them do most of it."""
        pool = self.country.exporters
        rank = pool.per_province * rng.random(len(province)) ** pool.concentration
        return EXPORTERS + province * PARTIES_A_PROVINCE + rank.astype(np.int64)

    def dealer(self, rng: np.random.Generator, province: IntArray) -> IntArray:
        """Dealers (identity numbers) of the given provinces."""
        return DEALERS + province * PARTIES_A_PROVINCE + rng.integers(0, 400, len(province))


def _by_province(weights: dict[str, float]) -> FloatArray:
    return np.array([weights[name] for name in PROVINCES])


def _gates(country: SimulatedCountry) -> tuple[tuple[str, ...], ...]:
    customs = {name: gate.customs for gate in country.gates for name in gate.destinations}
    return tuple(customs[name] for name in country.destinations.weights)


def _brands(country: SimulatedCountry) -> Brands:
    listed = country.brands
    models = [model for brand in listed for model in brand.models]
    counts = np.array([len(brand.models) for brand in listed])
    return Brands(
        names=tuple(brand.name for brand in listed),
        retail=Draw(np.array([brand.retail for brand in listed])),
        export=Draw(np.array([brand.export for brand in listed])),
        wmi=tuple(
            np.frombuffer("".join(brand.wmi).encode(), dtype=np.uint8).reshape(-1, 3)
            for brand in listed
        ),
        first_model=tuple((counts.cumsum() - counts).tolist()),
        model=tuple(Draw(np.array([model.share for model in brand.models])) for brand in listed),
        model_names=tuple(model.name for model in models),
        price=np.array([model.price for model in models]),
        fuel=np.array([FUELS.index(model.fuel) for model in models], dtype=np.int64),
        since=np.array([ordinal(f"{model.since or 1:04}-01-01") for model in models]),
        brand_of=np.repeat(np.arange(len(listed)), counts),
        oldest=np.array(
            [
                first + int(np.argmin([model.since for model in brand.models]))
                for first, brand in zip(counts.cumsum() - counts, listed, strict=True)
            ]
        ),
        classic=Draw(
            np.array(
                [
                    0.0 if model.since else model.share * brand.retail
                    for brand in listed
                    for model in brand.models
                ]
            )
        ),
    )
