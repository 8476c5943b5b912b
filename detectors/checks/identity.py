"""Check of identity: an alert keeps its id while the values of its documents move."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from detectors.base import Detector
from detectors.checks.purity import judged, require
from detectors.documents import Document
from detectors.filing import FiledDocument
from detectors.history import VehicleHistory

MOVING: Final = ("price_cny", "value_cny", "odometer_km")
"""Values that an amendment commonly corrects."""
_CORRECTIONS: Final = (0.999, 1.001)


def check_stable_ids(detector: Detector[Any], history: VehicleHistory) -> None:
    """An amendment that corrects a value a little opens no other alert in place of the first.

    A correction may end an alert or start one, where the value crosses a threshold; it must not
    swap one id for another.
    """
    before = judged(detector, history)
    anchors = {finding.anchor for finding in before}
    require(all(anchors), "leaves an anchor empty")
    for amended in _amendments(history) if before else ():
        after = {finding.anchor for finding in judged(detector, amended)}
        swapped = after - anchors and anchors - after
        require(not swapped, f"moves its anchor from {anchors - after} to {after - anchors}")


def _amendments(history: VehicleHistory) -> Iterator[VehicleHistory]:
    filed = list(history._filed)  # noqa: SLF001 - withdrawn documents belong to it too
    for index, entry in enumerate(filed):
        for document in _corrected(entry.document):
            other = [*filed]
            other[index] = FiledDocument(document, entry.position, entry.contested)
            yield VehicleHistory(history.vin, other, overfull=history.overfull)


def _corrected(document: Document) -> Iterator[Document]:
    revision = document.revision + 1
    yield msgspec.structs.replace(document, revision=revision)
    for field in MOVING:
        value = getattr(document, field, None)
        if value is not None:
            for factor in _CORRECTIONS:
                yield msgspec.structs.replace(document, revision=revision, **{field: value * factor})
