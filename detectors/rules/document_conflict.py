"""Documents of one car that contradict each other."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Parameters
from detectors.documents import (
    CustomsExport,
    Deregistration,
    Document,
    Registration,
    counts_days,
    is_before,
)
from detectors.findings import Fact, Finding, anchor_of
from detectors.history import Content, VehicleHistory
from detectors.screens import Marked, ScreenCase, screen


class DocumentConflictParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    licence_issue_days: Annotated[int, Meta(ge=0, le=60)]
    """Days from a licence application to the licence, weekends and holidays included."""
    licence_valid_months: Annotated[int, Meta(ge=1, le=60)]
    """Months that a licence is valid, never past 31 December."""


Conflict = tuple[str, Document, tuple[Document, ...], dict[str, Fact]]
"""Kind, the document it hangs on, the documents that show it, what they say."""


class DocumentConflict(Detector[DocumentConflictParameters]):
    """Fires on contradictions between a declaration and the register, one alert per contradiction.

    The exporter must be the registered owner; the licence must be in force; the dates must follow
    each other; the brand must be the same; a deregistration names the last owner.
    """

    spec = DetectorSpec(
        id="document_conflict",
        version=2,
        title="Contradicting documents",
        status="stable",
        of_documents=True,
        severities=("low", "medium"),
        description=(
            "Exporter is not the registered owner, licence expired, dates out of order, brand or "
            "owner differ between documents."
        ),
        abnormal_because=(
            "Licence, certificate and declaration are checked against each other before clearance; "
            "a contradiction means that one of them was made for another car or another owner."
        ),
        known_gaps=(
            "One licence used for more than 20 cars shows only across vehicles, which this rule does "
            "not see. Brand names are compared as written, without regard to case."
        ),
        look_alikes=(
            "A correction replaces its document by a higher revision; what is left is the last word. "
            "Documents without an owner contradict nobody. Heirs and spouses deregister cars: that is "
            "told at low."
        ),
        references=(
            "Announcement 6/2024 on the export of used vehicles: exporter, shipper and owner agree",
            "Licence practice guide 2025: valid 6 months, not past 31 December",
        ),
        runbook=(
            "Read both documents in the evidence and ask the source of the later one for the original.",
            "Look for other cars of the same exporter with the same contradiction in the 30 days.",
        ),
        screen=screen(
            ScreenCase(Content.CUSTOMS_EXPORT),
            ScreenCase(Content.DEREGISTRATION, (Marked("several_owners"),), documents=2),
        ),
    )
    parameters_type = DocumentConflictParameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per contradiction."""
        for kind, document, documents, facts in self._conflicts(history):
            yield self.finding(
                history,
                document,
                anchor=f"{kind}:{anchor_of(document)}",
                severity="low" if kind == "deregistered_by_another" else "medium",
                closeness=0.5,
                facts={"conflict": kind, **facts},
                evidence=documents,
            )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell what contradicts what."""
        return _SENTENCES[facts["conflict"]].format_map(facts)

    def _conflicts(self, history: VehicleHistory) -> Iterator[Conflict]:
        for declaration in history.declarations:
            found = (
                _owner_conflict(history, declaration),
                self._licence_conflict(declaration),
                _exit_conflict(declaration),
                _order_conflict(history, declaration),
                _licence_before_registration(history, declaration),
                _brand_conflict(history, declaration),
            )
            yield from filter(None, found)
        for document in history.deregistrations:
            conflict = _deregistration_conflict(history, document)
            if conflict is not None:
                yield conflict

    def _licence_conflict(self, declaration: CustomsExport) -> Conflict | None:
        applied = declaration.licence_applied_day
        if applied is None or not counts_days(declaration):
            return None
        issued = applied + self.parameters.licence_issue_days
        expires = min(
            civil_time.add_months(issued, self.parameters.licence_valid_months),
            civil_time.end_of_year(issued),
        )
        if applied <= declaration.day <= expires:
            return None
        kind = "licence_expired" if declaration.day > expires else "declared_before_licence"
        facts: dict[str, Fact] = {
            "declared": civil_time.day_text(declaration.day),
            "licence_applied": civil_time.day_text(applied),
            "licence_expires": civil_time.day_text(expires),
        }
        return kind, declaration, (declaration,), facts


def _owner_conflict(history: VehicleHistory, declaration: CustomsExport) -> Conflict | None:
    registered = history.holders_before(declaration)
    if not _is_another(declaration.exporter_id, registered):
        return None
    facts: dict[str, Fact] = {"declared": civil_time.day_text(declaration.day)}
    return "exporter_is_not_owner", declaration, (*registered, declaration), facts


def _is_another(holder: str, registered: tuple[Registration, ...]) -> bool:
    """Whether somebody is none of the registered holders; where one is not named, nobody knows."""
    for each in registered:
        if each.owner_id is None or each.owner_id == holder:
            return False
    return bool(registered)


def _exit_conflict(declaration: CustomsExport) -> Conflict | None:
    exited = declaration.exited_day
    if exited is None or exited >= declaration.day or not counts_days(declaration):
        return None
    facts: dict[str, Fact] = {
        "declared": civil_time.day_text(declaration.day),
        "exited": civil_time.day_text(exited),
    }
    return "exited_before_declared", declaration, (declaration,), facts


def _order_conflict(history: VehicleHistory, declaration: CustomsExport) -> Conflict | None:
    initial = history.initial
    if initial is None or declaration.condition != "used" or not is_before(declaration, initial):
        return None
    facts: dict[str, Fact] = {
        "declared": civil_time.day_text(declaration.day),
        "registered": civil_time.day_text(initial.day),
    }
    return "declared_before_registered", declaration, (declaration, initial), facts


def _licence_before_registration(
    history: VehicleHistory, declaration: CustomsExport
) -> Conflict | None:
    initial, applied = history.initial, declaration.licence_applied_day
    if initial is None or applied is None or declaration.condition != "used":
        return None
    if not applied < initial.day <= declaration.day or not counts_days(initial, declaration):
        return None
    facts: dict[str, Fact] = {
        "licence_applied": civil_time.day_text(applied),
        "registered": civil_time.day_text(initial.day),
    }
    return "licence_before_registration", declaration, (initial, declaration), facts


def _brand_conflict(history: VehicleHistory, declaration: CustomsExport) -> Conflict | None:
    declared = declaration.brand
    if declared is None:
        return None
    for register in history.registrations:
        if register.brand:
            break
    else:
        return None
    if register.brand == declared or register.brand.casefold() == declared.casefold():
        return None
    facts: dict[str, Fact] = {
        "registered_brand": register.brand,
        "registered": civil_time.day_text(register.day),
        "declared_brand": declared,
        "declared": civil_time.day_text(declaration.day),
    }
    return "brand_differs", declaration, (register, declaration), facts


def _deregistration_conflict(history: VehicleHistory, document: Deregistration) -> Conflict | None:
    if document.owner_id is None:
        return None
    registered = history.holders_before(document)
    if not _is_another(document.owner_id, registered):
        return None
    facts: dict[str, Fact] = {"deregistered": civil_time.day_text(document.day)}
    return "deregistered_by_another", document, (*registered, document), facts


_SENTENCES = {
    "exporter_is_not_owner": (
        "Declared on {declared} by an exporter who was not the registered owner that day."
    ),
    "licence_expired": (
        "Declared on {declared} under a licence applied for on {licence_applied}, which was valid "
        "until {licence_expires} at the latest."
    ),
    "declared_before_licence": (
        "Declared on {declared}, before its licence was applied for on {licence_applied}."
    ),
    "exited_before_declared": "Left the country on {exited}, before it was declared on {declared}.",
    "declared_before_registered": (
        "Declared as used on {declared}, before its first registration on {registered}."
    ),
    "licence_before_registration": (
        "Licence to export a used car applied for on {licence_applied}, before the first "
        "registration on {registered}."
    ),
    "brand_differs": (
        "Registered as {registered_brand} on {registered}, declared as {declared_brand} on {declared}."
    ),
    "deregistered_by_another": (
        "Deregistered on {deregistered} in the name of another owner than the registered one."
    ),
}
