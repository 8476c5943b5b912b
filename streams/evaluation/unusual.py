"""What the findings of a trained model say of every class of vehicles."""

from collections import Counter
from typing import Final

from detectors.registry import FORESTS
from streams.evaluation.counting import share
from streams.evaluation.observing import ObservedRun
from streams.evaluation.score import UnusualScore
from streams.evaluation.truth import Truth

OF_A_MODEL: Final = tuple(forest.spec.id for forest in FORESTS)
"""Detectors whose findings are no accusation of a scheme: "unusual" is neither right nor wrong."""

_ORDINARY: Final = ("ordinary", "ordinary")


def score_unusual(truth: Truth, seen: ObservedRun) -> tuple[UnusualScore, ...]:
    """How many vehicles of every class a model flags; nothing where it flags none at all."""
    assert truth.country is not None  # noqa: S101 - read_truth refuses files without it
    classes = Counter((vehicle.kind, vehicle.label) for vehicle in truth.vehicles.values())
    classes[_ORDINARY] = truth.country.ordinary_vehicles
    flagged = _flagged(truth, seen)
    spoke = [detector for detector in OF_A_MODEL if any(name == detector for name, _, _ in flagged)]
    return tuple(
        UnusualScore(
            detector=detector,
            kind=kind,
            label=label,
            vehicles=vehicles,
            flagged=flagged[detector, kind, label],
            rate=share(flagged[detector, kind, label], vehicles),
        )
        for detector in spoke
        for (kind, label), vehicles in sorted(classes.items())
    )


def _flagged(truth: Truth, seen: ObservedRun) -> Counter[tuple[str, str, str]]:
    """Vehicles that fire at the end, by detector, kind and class."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for (vin, detector), sighting in seen.vehicles.items():
        if detector in OF_A_MODEL and sighting.firing:
            vehicle = truth.vehicles.get(vin)
            kind, label = _ORDINARY if vehicle is None else (vehicle.kind, vehicle.label)
            counts[detector, kind, label] += 1
    return counts
