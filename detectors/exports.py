"""Which export a vehicle counts for: one per VIN, by province and civil day."""

from typing import NamedTuple

from detectors.documents import CustomsExport, counts_days
from detectors.history import VehicleHistory
from detectors.policy import Policy
from detectors.rules.zero_mileage_export import (
    ZeroMileageExport,
    ZeroMileageExportParameters,
    reading_at,
)
from detectors.spikes.tally import Export


class ExportChange(NamedTuple):
    """How one vehicle's counted export changed; ``None`` stands for not counted."""

    vin: str
    before: Export | None
    after: Export | None


def counted_export(history: VehicleHistory, limits: ZeroMileageExportParameters) -> Export | None:
    """The export that a vehicle counts for, ``None`` without a used declaration or a province.

    Every vehicle counts once, with its first used declaration: in the exporter's province, else the one
    the goods came from, else the one that registered the car last before.

    Parameters
    ----------
    history
        The vehicle.
    limits
        Say up to which reading a car counts as zero-mileage.
    """
    if not history.used_exports:
        return None
    declaration = history.used_exports[0]
    if not counts_days(declaration):
        return None
    province = (
        declaration.exporter_province
        or declaration.source_province
        or _registering_province(history, declaration)
    )
    if province is None:
        return None
    reading = reading_at(history, declaration, limits.maximum_reading_age_days)
    return Export(
        province=province,
        day=declaration.day,
        recorded_day=declaration.recorded_day or declaration.day,
        exporter=declaration.exporter_id,
        brand=history.labels(declaration).get("brand", ""),
        destination=declaration.destination,
        exit_customs=declaration.exit_customs or "",
        zero_mileage=reading is not None and reading.kilometres <= limits.maximum_km,
        source=declaration.source,
    )


def hardly_used(policy: Policy) -> ZeroMileageExportParameters:
    """The part of a policy that says up to which reading a car counts as zero-mileage."""
    parameters = policy.parameters[ZeroMileageExport.spec.id]
    assert isinstance(parameters, ZeroMileageExportParameters)  # noqa: S101 - the policy converts to it
    return parameters


def _registering_province(history: VehicleHistory, declaration: CustomsExport) -> str | None:
    registered = history.registered_before(declaration)
    return None if registered is None else registered.province
