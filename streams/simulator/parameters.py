"""The country's parameters: one TOML file, every table with its source."""

import functools
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from detectors.errors import ZeromileError
from streams.simulator.sections import (
    Brand,
    Defaults,
    Delays,
    Destinations,
    Domestic,
    Exporters,
    ExportGeography,
    FirstOwners,
    Gate,
    GoldenWeek,
    Lags,
    LifeShares,
    Mileage,
    MonthlyExports,
    MonthlyRegistrations,
    NewYear,
    Noise,
    Outage,
    PeriodEnd,
    PilotProvinces,
    PolicyEffect,
    Prices,
    ProvinceWeights,
    Regime,
    RegimeMix,
    SimulatedRestriction,
    SimulatedSpikes,
    WorkingWeek,
    Yearly,
    ZeroMileage,
)


class ParameterError(ZeromileError, ValueError):
    """A parameter of the simulated country is missing, unknown or of the wrong type."""


class SimulatedCountry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything the simulator draws from."""

    defaults: Defaults
    yearly_used_exports: Yearly
    yearly_registrations: Yearly
    monthly_exports: MonthlyExports
    monthly_registrations: MonthlyRegistrations
    chinese_new_year: NewYear
    golden_week: GoldenWeek
    working_week: WorkingWeek
    period_end: PeriodEnd
    policy: tuple[PolicyEffect, ...]
    regime: Regime
    regime_mix: RegimeMix
    pilot_provinces: PilotProvinces
    export_provinces: ProvinceWeights
    registration_provinces: ProvinceWeights
    export_geography: ExportGeography
    exporters: Exporters
    destinations: Destinations
    gates: tuple[Gate, ...]
    restricted: tuple[SimulatedRestriction, ...]
    lags: Lags
    zero_mileage: ZeroMileage
    mileage: Mileage
    prices: Prices
    first_owners: FirstOwners
    domestic: Domestic
    delays: Delays
    noise: Noise
    outages: tuple[Outage, ...]
    spikes: SimulatedSpikes
    export_lives: LifeShares
    domestic_lives: LifeShares
    brands: tuple[Brand, ...]


@functools.cache
def load_country(path: Path | None = None) -> SimulatedCountry:
    """Read the country's parameters.

    Parameters
    ----------
    path
        A TOML file of the same shape; None reads the one shipped with the package.

    Raises
    ------
    ParameterError
        Naming the file and what is wrong with which key.
    """
    shipped = resources.files("streams.simulator").joinpath("country.toml")
    try:
        text = shipped.read_text("utf-8") if path is None else path.read_text("utf-8-sig")
        return msgspec.toml.decode(text, type=SimulatedCountry, dec_hook=_reject)
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise ParameterError(f"{path or 'country.toml'}: {error}") from error


def _reject(expected: type, value: Any) -> Any:
    raise ParameterError(f"cannot read {value!r} as {expected.__name__}")
