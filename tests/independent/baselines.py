"""What somebody without any detector would look at: how old a used car is when it is exported."""

from __future__ import annotations

import gzip
from pathlib import Path

from detectors.decoding import decode
from detectors.documents import CustomsExport, Document, Registration


def ages_at_export(path: Path) -> dict[str, int]:
    """Days from the first registration to the first used export, by vehicle, of the documents in
    force."""
    latest: dict[tuple[str, str, str], Document] = {}
    with gzip.open(path, "rb") as lines:
        for line in lines:
            document = decode(line)
            if not isinstance(document, Registration | CustomsExport):
                continue
            key = document.vin, document.source, document.event_id
            before = latest.get(key)
            if before is None or before.revision <= document.revision:
                latest[key] = document
    registered: dict[str, int] = {}
    exported: dict[str, int] = {}
    for document in latest.values():
        if document.is_void:
            continue
        if isinstance(document, CustomsExport):
            if document.condition == "used":
                _keep_earliest(exported, document.vin, document.day)
        elif isinstance(document, Registration) and document.kind == "initial":
            _keep_earliest(registered, document.vin, document.day)
    return {
        vin: exported[vin] - day
        for vin, day in registered.items()
        if vin in exported and exported[vin] >= day
    }


def _keep_earliest(days: dict[str, int], vin: str, day: int) -> None:
    days[vin] = min(days.get(vin, day), day)
