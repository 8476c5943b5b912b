"""What nearly fires: the findings of a rule whose thresholds are relaxed, one at a time."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from detectors.base import Detector, Margin
from detectors.findings import Fact, Finding
from detectors.history import VehicleHistory


class NearMiss(NamedTuple):
    """A finding that a threshold keeps quiet."""

    finding: Finding
    """What would be found under the relaxed threshold."""
    parameter: str
    threshold: float
    observed: Fact
    unit: str


def near_misses(history: VehicleHistory, detector: Detector[Any]) -> Iterator[NearMiss]:
    """Find what nearly fires, by how much.

    Every margin of a detector names a threshold and how far to relax it; what then fires and did not
    before is a near miss.
    """
    if not history.documents:
        return
    found = {finding.anchor for finding in detector.judge(history)}
    for margin in detector.margins:
        threshold = getattr(detector.parameters, margin.parameter)
        for finding in _relaxed(detector, margin, threshold).judge(history):
            if finding.anchor not in found:
                observed = finding.facts[margin.fact]
                yield NearMiss(finding, margin.parameter, threshold, observed, margin.unit)


def _relaxed(detector: Detector[Any], margin: Margin, threshold: float) -> Detector[Any]:
    value = threshold * margin.factor
    relaxed = round(value) if isinstance(threshold, int) else value
    parameters = msgspec.structs.replace(detector.parameters, **{margin.parameter: relaxed})
    return type(detector)(parameters)
