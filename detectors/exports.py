"""Which export a vehicle counts for: one per VIN, by province and civil day."""

from typing import NamedTuple

import msgspec

from detectors.documents import CustomsExport
from detectors.history import VehicleHistory
from detectors.rules.zero_mileage_export import reading_at


class CountedExport(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The used export that a vehicle adds to its province's count.

    Every vehicle counts once, with its first used declaration, whatever is declared again later.
    """

    province: str
    """The exporter's province or, where the declaration has none, the registering one."""
    day: int
    """Civil day of the declaration."""
    source: str
    """The customs source that published it; late counts are corrected per source."""
    exporter_id: str
    destination: str
    brand: str | None
    exit_customs: str | None
    """The gate through which it left: reported beside the province, never instead of it."""
    odometer_km: float | None
    """The reading at export, where somebody took it."""


class ExportChange(NamedTuple):
    """How one vehicle's counted export changed; ``None`` stands for not counted."""

    vin: str
    before: CountedExport | None
    after: CountedExport | None


def counted_export(history: VehicleHistory) -> CountedExport | None:
    """The export that a vehicle counts for, ``None`` without a used declaration or a province."""
    if not history.used_exports:
        return None
    declaration = history.used_exports[0]
    province = declaration.exporter_province or _registering_province(history, declaration)
    if province is None:
        return None
    reading = reading_at(history, declaration)
    return CountedExport(
        province=province,
        day=declaration.day,
        source=declaration.source,
        exporter_id=declaration.exporter_id,
        destination=declaration.destination,
        brand=history.labels(declaration).get("brand"),
        exit_customs=declaration.exit_customs,
        odometer_km=None if reading is None else reading.kilometres,
    )


def _registering_province(history: VehicleHistory, declaration: CustomsExport) -> str | None:
    registered = history.registered_before(declaration)
    return declaration.source_province if registered is None else registered.province
