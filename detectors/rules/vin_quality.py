"""A number that cannot be a VIN."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

from msgspec import Meta

from detectors import vin as vins
from detectors.base import Detector, DetectorSpec, Parameters
from detectors.findings import Fact, Finding
from detectors.history import VehicleHistory
from detectors.screens import ImplausibleVin, ScreenCase, screen


class VinQualityParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    check_digit_regions: str
    """First characters of VINs whose standards make the check digit compulsory."""
    year_tolerance: Annotated[int, Meta(ge=0, le=30)]
    """Years between the VIN's year and first registration that are plausible."""
    sources_without_vins: tuple[str, ...]
    """Sources whose identities are no VINs: vehicles known only to them stay quiet."""


class VinQuality(Detector[VinQualityParameters]):
    """Fires on a VIN with the wrong length, alphabet, check digit or year."""

    spec = DetectorSpec(
        id="vin_quality",
        version=1,
        title="Implausible VIN",
        status="stable",
        of_documents=True,
        severities=("low",),
        description="The VIN fails ISO 3779 or GB 16735: length, alphabet, check digit or year.",
        abnormal_because=(
            "Documents of one car meet under its VIN. A mistyped one hides the car's other documents; "
            "an invented one never had a car."
        ),
        known_gaps="A well-formed number may still belong to no car. Lawful re-marking is not seen.",
        look_alikes=(
            "Typing errors are far more frequent than invention. Where the policy's country or the "
            "maker's makes no check digit compulsory, VINs are judged by length and alphabet."
        ),
        references=("ISO 3779:2009", "GB 16735-2019"),
        runbook=(
            "Look for a VIN one keystroke away with documents of the same 7 days.",
            "Ask the source for the original document.",
        ),
        screen=screen(
            ScreenCase(
                conditions=(
                    ImplausibleVin("check_digit_regions", "year_tolerance", "sources_without_vins"),
                )
            )
        ),
    )
    parameters_type = VinQualityParameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding, on the number itself."""
        fault = self._fault(history)
        if fault is None or all(
            document.source in self.parameters.sources_without_vins for document in history.documents
        ):
            return
        first = history.documents[0]
        yield self.finding(
            history,
            first,
            anchor="vin",
            severity="low",
            closeness=0.5,
            facts={"fault": fault[0], "found": fault[1], "expected": fault[2]},
            evidence=(first,),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell what is wrong with the number."""
        return _FAULTS[facts["fault"]].format_map(facts)

    def _fault(self, history: VehicleHistory) -> tuple[str, Fact, Fact] | None:
        vin = history.vin
        if not vins.is_well_formed(vin):
            return None if vins.is_other_number(vin) else _malformed(vin)
        if vin[0] not in self.parameters.check_digit_regions:
            return None
        regime = self.country.vin
        digit = vins.check_digit(vin)
        if regime.check_digit and vin[vins.CHECK_POSITION] != digit:
            return "check_digit", vin[vins.CHECK_POSITION], digit
        if not regime.model_year or not history.initials:
            return None
        return self._year_fault(vin, history.initials[0].day)

    def _year_fault(self, vin: str, registered_on: int) -> tuple[str, Fact, Fact] | None:
        registered = date.fromordinal(registered_on).year
        tolerance = self.parameters.year_tolerance
        year = vins.model_year(vin, registered + tolerance)
        if year is not None and registered - year <= tolerance:
            return None
        expected = f"the car was first registered in {registered}"
        if year is None:
            return "year_character", vin[vins.YEAR_POSITION], expected
        return "year", year, expected


def _malformed(vin: str) -> tuple[str, Fact, Fact]:
    if len(vin) != vins.LENGTH:
        return "length", len(vin), vins.LENGTH
    strange = "".join(sorted(set(vin) - set(vins.ALPHABET)))
    return "alphabet", strange, f"{vins.LENGTH} letters and digits without I, O and Q"


_FAULTS = {
    "length": "The VIN has {found} characters, not {expected}.",
    "alphabet": "The VIN holds {found}; allowed are {expected}.",
    "check_digit": "The VIN's check digit is {found}; its other 16 characters give {expected}.",
    "year_character": "The VIN's tenth character, {found}, stands for no model year; {expected}.",
    "year": "The VIN stands for model year {found}; {expected}.",
}
