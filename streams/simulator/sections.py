"""The sections of a country file: what is set of each part of life, and where the figures come from."""

import msgspec


class Sourced(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A group of parameters that share one source."""

    source: str


class Defaults(Sourced, frozen=True):
    """What the command line uses unless told otherwise."""

    start: str
    days: int
    vehicles: int
    export_share: float
    national_export_share: float


class Yearly(Sourced, frozen=True):
    """Vehicles per year, nationally."""

    vehicles: dict[int, float]


class MonthlyExports(Sourced, frozen=True):
    """Shape of a year of exports; `growth_within` is the growth that the shape already holds."""

    thousands: tuple[float, ...]
    growth_within: float


class MonthlyRegistrations(Sourced, frozen=True):
    """Shape of a year of first registrations, holidays taken out."""

    relative: tuple[float, ...]


class NewYear(Sourced, frozen=True):
    """Chinese New Year: days of the festival, and the days around it in which business slows."""

    days: tuple[str, ...]
    retail_from: int
    retail_to: int
    retail_factor: float
    export_from: int
    export_to: int
    export_factor: float


class GoldenWeek(Sourced, frozen=True):
    """1-7 October."""

    retail_factor: float
    export_factor: float


class WorkingWeek(Sourced, frozen=True):
    """Relative business from Monday to Sunday."""

    retail: tuple[float, ...]
    exports: tuple[float, ...]


class PeriodEnd(Sourced, frozen=True):
    """The last `days` of a month, quarter or year."""

    days: int
    month_factor: float
    quarter_factor: float
    year_factor: float
    export_quarter_factor: float


class PolicyEffect(Sourced, frozen=True, rename={"begin": "from", "end": "to"}):
    """Exports to one destination (or to all) multiplied by `factor` between two days, both included."""

    begin: str
    end: str
    factor: float
    destination: str | None = None


class Regime(Sourced, frozen=True):
    """The dated rules of the country as its exporters know them."""

    licences_from: str
    letter_from: str
    letter_days: int


class RegimeMix(Sourced, frozen=True):
    """What zero-mileage exports turn into under the letter rule (shares, days since registration)."""

    early_without_letter: float
    letter: float
    parked: float
    parked_from: int


class PilotProvinces(Sourced, frozen=True):
    """Where exporters could sit before the nationwide licence system."""

    until: str
    provinces: tuple[str, ...]


class ProvinceWeights(Sourced, frozen=True):
    """Relative weight of every province."""

    weights: dict[str, float]


class ExportGeography(Sourced, frozen=True):
    """Share of exported cars registered in the exporter's own province."""

    same_province: float


class Exporters(Sourced, frozen=True):
    """Exporters a province, and how strongly the first of them dominate (1 = all equal)."""

    per_province: int
    concentration: float


class Destinations(Sourced, frozen=True):
    """Relative weight of every destination before policy effects."""

    weights: dict[str, float]


class Gate(Sourced, frozen=True):
    """Customs offices by which cars for some destinations leave."""

    destinations: tuple[str, ...]
    customs: tuple[str, ...]


class SimulatedRestriction(Sourced, frozen=True, rename={"begin": "from"}):
    """Cars that a destination does not take from a day on; empty `brands` or `fuels` mean all."""

    brands: tuple[str, ...]
    destination: str
    begin: str
    breach: bool
    fuels: tuple[str, ...] = ()
    older_than_days: int | None = None
    younger_than_days: int | None = None


class Lags(Sourced, frozen=True):
    """Days between documents; pairs are the least and the greatest."""

    pending_median: float
    pending_p95: float
    licence: tuple[int, int]
    declaration: tuple[int, int]
    exit: tuple[int, int]
    deregistration: tuple[int, int]
    genuine_median_years: float
    genuine_p5_years: float


class ZeroMileage(Sourced, frozen=True):
    """Share of used exports that never drove, and how many of them show at most `strong_km`."""

    share: float
    strong_km: int
    strong_share: float


class Mileage(Sourced, frozen=True):
    """Kilometres a year and their spread between vehicles (log scale)."""

    km_a_year: float
    sigma: float


class Prices(Sourced, frozen=True):
    """Price spread, export margin, refunded tax, yearly depreciation, share of missing prices."""

    spread: float
    margin: float
    margin_spread: float
    value_added_tax: float
    first_year: float
    later_years: float
    missing: float


class FirstOwners(Sourced, frozen=True):
    """Who registers a car first."""

    company_ordinary: float
    dealer_ordinary: float
    company_scheme: float
    dealer_scheme: float


class Domestic(Sourced, frozen=True):
    """Lives of the cars that stay."""

    stock_share: float
    second_transfer: float
    transfer_hazard_a_year: float
    scrapped_share: float
    cross_region: float


class Delays(Sourced, frozen=True):
    """Days from a document's day to its arrival, per feed."""

    registration_median_days: float
    deregistration_median_days: float
    customs_median_days: float
    sigma: float
    straggler_share: float
    straggler_days: tuple[float, float]


class Noise(Sourced, frozen=True):
    """Shares of documents repeated, restated by a second source, amended, malformed, without owner."""

    duplicate: float
    restated: float
    amendment: float
    malformed: float
    malformed_lost: float
    owner_missing: float


class Outage(Sourced, frozen=True):
    """A feed held back: `begins` is a share of the stream; no province means the whole feed."""

    event_type: str
    begins: float
    days: int
    province: str | None = None


class SimulatedSpikes(Sourced, frozen=True):
    """Provincial spikes: one per `vehicles_a_spike` exports, a multiple of the ordinary week."""

    vehicles_a_spike: int
    most: int
    weeks: tuple[int, int]
    factor: tuple[float, float]
    least_a_week: int
    quiet_weeks_before: int


class LifeShares(Sourced, frozen=True):
    """Share of each special life among exports or among domestic vehicles."""

    shares: dict[str, float]


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A model of a brand: fuel, price as new (CNY), share of the brand, first year (0: long ago)."""

    name: str
    fuel: str
    price: float
    share: float
    since: int = 0


class Brand(Sourced, frozen=True):
    """A brand: manufacturer codes, retail and export weight, models."""

    name: str
    wmi: tuple[str, ...]
    retail: float
    export: float
    models: tuple[Model, ...]
