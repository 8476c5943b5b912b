"""Documents in one line each, for unit tests."""

from datetime import date
from typing import Any

from detectors.documents import CustomsExport, Deregistration, Registration, RegistrationKind

VIN = "LGXCE6CB0SK100074"


def day(text: str) -> int:
    """Civil day of a date."""
    return date.fromisoformat(text).toordinal()


def _common(event_id: str, source: str, at: str, fields: dict[str, Any]) -> dict[str, Any]:
    common = {
        "event_id": event_id,
        "source": source,
        "vin": VIN,
        "day": day(at),
        "time": None,
        "recorded_day": None,
        "recorded_time": None,
        "revision": 0,
        "status": "valid",
    }
    return common | fields


def registration(
    kind: RegistrationKind,
    at: str,
    owner: str | None = None,
    *,
    event_id: str | None = None,
    **fields: Any,
) -> Registration:
    """A registration."""
    identity = event_id or f"{kind}-{at}-{owner}"
    common = _common(identity, "register", at, fields)
    return Registration(kind=kind, owner_id=owner, **common)


def export(
    at: str, exporter: str = "x", *, event_id: str | None = None, **fields: Any
) -> CustomsExport:
    """A used export declaration."""
    fields = {"declaration_no": f"51-{at}", "destination": "AE", "condition": "used"} | fields
    common = _common(event_id or f"export-{at}-{exporter}", "customs", at, fields)
    return CustomsExport(exporter_id=exporter, **common)


def deregistration(at: str, **fields: Any) -> Deregistration:
    """A deregistration."""
    return Deregistration(**_common(f"dereg-{at}", "register", at, {"reason": "export"} | fields))
