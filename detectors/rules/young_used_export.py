"""A "used" export hardly older than a new car, and hardly driven, as far as anybody says."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Margin, Parameters
from detectors.documents import CustomsExport, Registration, counts_days
from detectors.findings import Finding
from detectors.history import Content, Reading, VehicleHistory
from detectors.rules.zero_mileage_export import reading_at
from detectors.screens import ScreenCase, screen
from detectors.wording import count
from detectors.wrecks import is_wreck


class YoungUsedExportParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    maximum_days: Annotated[int, Meta(ge=1, le=3650)]
    """Declared up to this many days after first registration."""
    strong_days: Annotated[int, Meta(ge=0, le=3650)]
    """Up to this many days in the first owner's hands: high severity."""
    least_km_a_day: Annotated[float, Meta(ge=0, le=1000)]
    """A car that somebody uses drives this far on average."""
    least_km: Annotated[float, Meta(ge=0, le=100_000)]
    """And this far in all before it is sold as used."""
    zero_km: Annotated[float, Meta(ge=0, le=100_000)]
    """A reading up to this is told by zero_mileage_export."""
    maximum_reading_age_days: Annotated[int, Meta(ge=0, le=3650)]
    """Where the declaration has no reading, how old the last one may be."""
    wreck_share: Annotated[float, Meta(ge=0, le=1)]
    """A car that was sold at home, and abroad, below this share of its first price was damaged."""
    letter_days: Annotated[int, Meta(ge=1, le=3650)]
    """A licence applied for up to this many days after first registration is told by
    early_export_without_letter: of such a car that there is no letter says it all."""
    letter_from: date
    """First civil day of a licence application to which the rules on the letter apply; where a
    policy has them off, a day that never comes, or nobody would tell such a car."""
    pending_export_before: date
    """A transfer pending export endorsed before this day is exempt from that rule."""
    parked_km: Annotated[float, Meta(ge=0, le=100_000)]
    """A car whose readings differ by no more, and that is older, is told by parked_until_eligible."""
    parked_span_days: Annotated[int, Meta(ge=1, le=3650)]
    """Readings less than this many days apart do not show that a car stood still."""
    most_km_a_day: Annotated[float, Meta(ge=1, le=10_000)]
    """Nobody drives a private car farther than this a day for all its life."""
    general_trade_modes: tuple[str, ...]
    """Customs codes of ordinary trade; declarations under others are not judged."""


class YoungUsedExport(Detector[YoungUsedExportParameters]):
    """Fires on a used car declared within a year of its first registration that nobody shows was used.

    Nobody is told to read the odometer of a car that was never driven, and who reads it may write what
    he likes: so an unread, a silent or a low odometer leaves the suspicion standing, and so does a
    figure that no owner drives. What lifts it is a reading that a used car would show, or the maker's
    letter.
    """

    spec = DetectorSpec(
        id="young_used_export",
        version=4,
        title="Young used export",
        status="stable",
        severities=("low", "medium", "high"),
        description=(
            "A used export within a year of first registration, its odometer unread, hardly moved or "
            "moved farther than anybody drives, without a manufacturer letter."
        ),
        abnormal_because=(
            "Genuine used exports are three to four years old, one in twenty is a year old. Who buys a "
            "car new and passes it abroad within the year without driving it never meant to use it."
        ),
        known_gaps=(
            "A plausible lie about the kilometres passes, and so does a car kept for a year. Silent "
            "where the first registration is missing."
        ),
        look_alikes=(
            "A young car that was driven: 20 km a day and 3,000 km in all tell. Official exports carry "
            "the maker's letter; personal effects go under other trade modes. A demonstration car that "
            "was driven beyond zero kilometres stays quiet. What another rule says of the same "
            "declaration is not said again: a reading of next to nothing (zero_mileage_export), a "
            "licence that needed a letter (early_export_without_letter), an odometer that stood still "
            "until none was needed (parked_until_eligible). Taxis and rental cars may be driven any "
            "distance a day. "
            "A wreck that was sold as one at home, and abroad, is told at low: a low value at customs "
            "alone shows no damage."
        ),
        references=(
            "CarNewsChina and Autohome 2025: age of genuine used exports; limits: assumption",
            "Ministry of Commerce notice 648 of November 2025: a car under 180 days counts as new",
        ),
        runbook=(
            "Ask the exporter for the inspection report of the 30 days before the declaration.",
            "Count the first owner's and the exporter's other cars that left within 365 days.",
        ),
        screen=screen(ScreenCase(Content.INITIAL | Content.USED_EXPORT)),
    )
    parameters_type = YoungUsedExportParameters
    margins = (Margin("maximum_days", "days", 1.2, "days"),)

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding, on the first used declaration."""
        initial = history.initial
        if initial is None or not history.used_exports:
            return
        declaration = history.used_exports[0]
        mode = declaration.trade_mode
        if mode is not None and mode not in self.parameters.general_trade_modes:
            return
        days = declaration.day - initial.day
        if not 0 <= days <= self.parameters.maximum_days or not counts_days(initial, declaration):
            return
        if declaration.manufacturer_letter:
            return
        reading = reading_at(history, declaration, self.parameters.maximum_reading_age_days)
        kilometres = None if reading is None else reading.kilometres
        hardly = self._is_hardly_driven(initial, kilometres, days)
        suspected = hardly or self._is_no_reading(initial, kilometres, days)
        if suspected and not self._is_told_elsewhere(history, initial, declaration, reading):
            yield self._finding_of(history, initial, declaration, kilometres)

    def _is_told_elsewhere(
        self,
        history: VehicleHistory,
        initial: Registration,
        declaration: CustomsExport,
        reading: Reading | None,
    ) -> bool:
        """Whether the rules on the letter say of this declaration what would be said here."""
        limits = self.parameters
        applied = declaration.licence_applied_day
        days = (declaration.day if applied is None else applied) - initial.day
        if initial.day + days < limits.letter_from.toordinal():
            return False
        if days <= limits.letter_days:
            exempt = limits.pending_export_before.toordinal()
            endorsed = any(document.day < exempt for document in history.pending_exports)
            return applied is not None and days >= 0 and not endorsed
        if reading is None or reading.day - history.readings[0].day < limits.parked_span_days:
            return False
        return 0 <= reading.kilometres - history.readings[0].kilometres <= limits.parked_km

    def _is_no_reading(self, initial: Registration, kilometres: float | None, days: int) -> bool:
        """Whether a reading that would show use is more likely a figure that somebody thought of."""
        if kilometres is None or kilometres <= self.parameters.zero_km:
            return False
        if initial.use in {"demo", "commercial", "rental"} or initial.owner_type == "rental":
            return False
        return kilometres > self.parameters.most_km_a_day * max(days, 1)

    def _is_hardly_driven(self, initial: Registration, kilometres: float | None, days: int) -> bool:
        limits = self.parameters
        if kilometres is None:
            return True
        if kilometres <= limits.zero_km or initial.use == "demo":
            return False
        return kilometres < max(limits.least_km, limits.least_km_a_day * days)

    def _finding_of(
        self,
        history: VehicleHistory,
        initial: Registration,
        declaration: CustomsExport,
        kilometres: float | None,
    ) -> Finding:
        left = next((each for each in history.registrations if _leaves(each, initial)), declaration)
        held, days = left.day - initial.day, declaration.day - initial.day
        doubted = kilometres is not None and not self._is_hardly_driven(initial, kilometres, days)
        wreck = is_wreck(history, self.parameters.wreck_share)
        strong = held <= self.parameters.strong_days and not doubted
        return self.finding(
            history,
            declaration,
            severity="low" if wreck else "high" if strong else "medium",
            closeness=1 - days / (self.parameters.maximum_days + 1),
            facts={
                "registered": civil_time.day_text(initial.day),
                "declared": civil_time.day_text(declaration.day),
                "days": days,
                "maximum_days": self.parameters.maximum_days,
                "held_days": held,
                "strong_days": self.parameters.strong_days,
                "odometer_km": kilometres,
                "least_km": self.parameters.least_km,
                "least_km_a_day": self.parameters.least_km_a_day,
                "doubted": doubted,
                "most_km_a_day": self.parameters.most_km_a_day,
                "wreck": wreck,
                "destination": declaration.destination,
            },
            evidence=(initial, left, declaration),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the age, the first owner's time and what is known of the kilometres."""
        return (
            f"Declared as used for {facts['destination']} on {facts['declared']}, "
            f"{count(facts['days'], 'day')} after first registration (limit "
            f"{count(facts['maximum_days'], 'day')}), {count(facts['held_days'], 'day')} in its first "
            f"owner's hands; {_driven(facts)}, and no manufacturer letter is mentioned."
            + (" It was sold as a wreck at home." if facts["wreck"] else "")
        )


def _driven(facts: Mapping[str, Any]) -> str:
    """What is known of the kilometres, and why it does not show use."""
    kilometres = facts["odometer_km"]
    if kilometres is None:
        return "nobody states that the odometer was read"
    if facts["doubted"]:
        return (
            f"{kilometres:,.0f} km were read, more than {facts['most_km_a_day']:g} km for every day of "
            f"its life"
        )
    return (
        f"{kilometres:,.0f} km were read (a used car shows {facts['least_km']:,.0f} km and "
        f"{facts['least_km_a_day']:g} km a day)"
    )


def _leaves(document: Registration, initial: Registration) -> bool:
    """Whether the first owner gave the car away with a document."""
    return document.kind in {"transfer", "pending_export"} and document.day >= initial.day
