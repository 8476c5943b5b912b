"""One VIN, first registered in two provinces."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Parameters
from detectors.documents import Registration, counts_days
from detectors.edit_distance import edit_distance
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import Marked, ScreenCase, screen
from detectors.wording import days_later


class ClonedVinParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    maximum_edits: Annotated[int, Meta(ge=0, le=10)]
    """Invoice numbers or plates this few keystrokes apart are one document, typed twice."""
    strong_days: Annotated[int, Meta(ge=0, le=3650)]
    """Within this many days the two registrations weigh more."""


class ClonedVin(Detector[ClonedVinParameters]):
    """Fires when two initial registrations of one VIN stand in different provinces.

    A car is registered for the first time once. Two first registrations far apart mean that a second
    car wears the number. A correction looks alike: it names the same owner, or it falls on the same
    day with almost the same invoice number or plate.
    """

    spec = DetectorSpec(
        id="cloned_vin",
        version=1,
        title="Cloned VIN",
        status="stable",
        severities=("high", "critical"),
        description="Two live initial registrations of one VIN in different provinces.",
        abnormal_because=(
            "A number that is new in two places at once identifies two cars; clones are found by a "
            "registration a day later elsewhere."
        ),
        known_gaps=(
            "Registrations without a province are not compared. A correction under another owner and "
            "on another day is taken for a clone."
        ),
        look_alikes=(
            "A correction (same owner; or same day and nearly the same invoice or plate). A car that "
            "was returned or whose registration was revoked in between may be registered anew; one "
            "that was scrapped or exported may not."
        ),
        references=(
            "Evidence on cloned vehicles before a Canadian parliamentary committee",
            "GB 16735-2019, rules on re-marking a VIN",
        ),
        runbook=(
            "Ask both offices for photographs of the VIN plate and the engine number.",
            "Check the plates of both registrations for traffic records of the same day.",
        ),
        screen=screen(ScreenCase(Content.INITIAL, (Marked("several_initial_provinces"),), documents=2)),
    )
    parameters_type = ClonedVinParameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per initial registration that follows one in another province."""
        placed = [document for document in history.initials if document.province is not None]
        for earlier, later in pairwise(placed):
            if earlier.province == later.province:
                continue
            if self._is_correction(earlier, later) or _was_ended(history, earlier, later):
                continue
            days = later.day - earlier.day
            yield self.finding(
                history,
                later,
                severity="critical" if self._is_soon(earlier, later) else "high",
                closeness=1 / (1 + days / 30),
                facts={
                    "first_province": earlier.province,
                    "second_province": later.province,
                    "first_registered": civil_time.day_text(earlier.day),
                    "second_registered": civil_time.day_text(later.day),
                    "days": days,
                    "strong_days": self.parameters.strong_days,
                },
                evidence=(earlier, later),
            )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell both registrations."""
        return (
            f"First registered in {facts['first_province']} on {facts['first_registered']}, and once "
            f"more as a first registration in {facts['second_province']} on "
            f"{facts['second_registered']}, {days_later(facts['days'])}."
        )

    def _is_soon(self, earlier: Registration, later: Registration) -> bool:
        return counts_days(earlier, later) and later.day - earlier.day <= self.parameters.strong_days

    def _is_correction(self, earlier: Registration, later: Registration) -> bool:
        if earlier.owner_id is not None and earlier.owner_id == later.owner_id:
            return True
        return earlier.day == later.day and (
            self._nearly(earlier.invoice_no, later.invoice_no)
            or self._nearly(earlier.plate, later.plate)
        )

    def _nearly(self, one: str | None, other: str | None) -> bool:
        if one is None or other is None:
            return False
        return edit_distance(one, other) <= self.parameters.maximum_edits


def _was_ended(history: VehicleHistory, earlier: Registration, later: Registration) -> bool:
    """Whether the first registration was undone: a scrapped or exported car stays what it is."""
    return any(
        earlier.day <= document.day <= later.day and document.reason in {"returned", "revoked"}
        for document in history.deregistrations
    )
