"""An odometer reading that no odometer showed."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Parameters
from detectors.documents import FULL_REGISTERS, CustomsExport, Registration, is_before
from detectors.findings import Fact, Finding
from detectors.history import Content, Reading, VehicleHistory
from detectors.screens import Limit, ScreenCase, screen


class ImplausibleReadingParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    tolerance_km: Annotated[float, Meta(ge=0, le=100_000)]
    """Readings may differ by this much from rounding."""
    maximum_km_a_day: Annotated[float, Meta(ge=1, le=10_000)]
    """More than this no car drives day after day."""


class ImplausibleReading(Detector[ImplausibleReadingParameters]):
    """Fires on a lone reading that its neighbours contradict, and on what a full register shows.

    A reading below the one before it is a slip where the next one is back above both. One above the
    next is a slip where the car would have had to drive faster than any car to reach it.
    """

    spec = DetectorSpec(
        id="implausible_reading",
        version=1,
        title="Implausible odometer reading",
        status="stable",
        of_documents=True,
        severities=("low",),
        description="A lone odometer reading that cannot be right: a slip, or a full register.",
        abnormal_because=(
            "999,999 and 65,535 are what a counter shows that nobody filled; a digit too many or too "
            "few makes a car leap and fall back. The reading tells of the clerk, not of the car."
        ),
        known_gaps=(
            "Two wrong readings in a row are taken for right. A car that really drove 65,535 km is "
            "told as well. A true rollback that is undone before the next reading looks like a slip."
        ),
        look_alikes=(
            "A rollback: the lower readings go on from where it began, and the higher one could have "
            "been driven. Rounding stays within the tolerance."
        ),
        references=("Two bytes hold 65,535, six digits 999,999, four bytes 4,294,967,295",),
        runbook=(
            "Compare the reading with the inspection report of the same 30 days.",
            "Count the source's readings of this kind in the month: many mean a broken feed.",
        ),
        screen=screen(
            ScreenCase(Content.FULL_REGISTER),
            ScreenCase(conditions=(Limit("odometer_fall", ">", "tolerance_km"),), documents=2),
        ),
    )
    parameters_type = ImplausibleReadingParameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per such reading."""
        if history.content & Content.FULL_REGISTER:
            for document in history.sale_documents:
                if document.odometer_km in FULL_REGISTERS:
                    yield self._finding_of(history, document, "full_register", ())
        limits = self.parameters
        slips = slips_of(history, limits.tolerance_km, limits.maximum_km_a_day)
        for reading, (kind, neighbours) in slips.items():
            yield self._finding_of(history, reading.document, kind, neighbours)

    def _finding_of(
        self,
        history: VehicleHistory,
        document: Registration | CustomsExport,
        kind: str,
        neighbours: tuple[Reading, ...],
    ) -> Finding:
        told = "; ".join(
            f"{reading.kilometres:,.0f} km on {civil_time.day_text(reading.day)}"
            for reading in neighbours
        )
        facts: dict[str, Fact] = {
            "kind": kind,
            "odometer_km": document.odometer_km,
            "read_on": civil_time.day_text(document.day),
            "neighbours": told,
            "tolerance_km": self.parameters.tolerance_km,
            "maximum_km_a_day": self.parameters.maximum_km_a_day,
        }
        return self.finding(
            history,
            document,
            severity="low",
            closeness=0.5,
            facts=facts,
            evidence=(document, *[reading.document for reading in neighbours]),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the reading and what contradicts it."""
        text = f"{facts['odometer_km']:,.0f} km were read on {facts['read_on']}"
        if facts["kind"] == "full_register":
            return f"{text}, which is what a counter shows that nobody filled; it counts as not read."
        return f"{text}, which cannot be beside its neighbours: {facts['neighbours']}."


Slips = dict[Reading, tuple[str, tuple[Reading, ...]]]
"""Readings that cannot be right, with the kind of slip and the neighbours that show it."""


def slips_of(history: VehicleHistory, tolerance_km: float, maximum_km_a_day: float) -> Slips:
    """Lone readings that their neighbours of other days contradict."""
    slips: Slips = {}
    if rises(history.readings):
        return slips
    ordered = sorted(history.readings, key=lambda reading: (reading.day, reading.kilometres))
    placed = [
        (reading, _previous(reading, ordered[:index]), later)
        for index, reading in enumerate(ordered)
        if (later := _next(reading, ordered[index + 1 :])) is not None
    ]
    consistent = [
        (reading, earlier, later)
        for reading, earlier, later in placed
        if earlier is None or later.kilometres >= earlier.kilometres - tolerance_km
    ]
    for reading, earlier, later in consistent:
        if earlier is not None and reading.kilometres < earlier.kilometres - tolerance_km:
            slips[reading] = "dip", (earlier, later)
    for reading, earlier, later in consistent:
        falls = reading.kilometres - later.kilometres > tolerance_km and later not in slips
        if falls and _is_too_far(history, earlier, reading, maximum_km_a_day):
            slips[reading] = "leap", (later,) if earlier is None else (earlier, later)
    return slips


def rises(readings: tuple[Reading, ...]) -> bool:
    """Whether no reading lies below the one before it."""
    return all(one.kilometres <= other.kilometres for one, other in pairwise(readings))


def _next(reading: Reading, later: list[Reading]) -> Reading | None:
    return next((each for each in later if is_before(reading.document, each.document)), None)


def _previous(reading: Reading, earlier: list[Reading]) -> Reading | None:
    before = (each for each in reversed(earlier) if is_before(each.document, reading.document))
    return next(before, None)


def _is_too_far(
    history: VehicleHistory, earlier: Reading | None, reading: Reading, maximum_km_a_day: float
) -> bool:
    """Whether no car drives so far since it was last read or, before that, since it was new."""
    if earlier is not None:
        return reading.kilometres - earlier.kilometres > maximum_km_a_day * (reading.day - earlier.day)
    initial = history.initial
    if initial is None or initial.day > reading.day:
        return False
    return reading.kilometres > maximum_km_a_day * (reading.day - initial.day + 1)
