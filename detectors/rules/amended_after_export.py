"""What a declaration rested on was said otherwise before."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Parameters
from detectors.documents import (
    CustomsExport,
    Document,
    Registration,
    counts_days,
    read_odometer,
)
from detectors.findings import Finding
from detectors.history import Content, Revised, VehicleHistory
from detectors.screens import ScreenCase, screen
from detectors.wording import count

_NONE: Final = "none"


class AmendedAfterExportParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    young_days: Annotated[int, Meta(ge=1, le=3650)]
    """Up to this age at export an earlier statement was worth changing."""
    minimum_days: Annotated[int, Meta(ge=1, le=3650)]
    """A date that moved by less is a slip."""
    maximum_km: Annotated[float, Meta(ge=0, le=100_000)]
    """A reading up to this was worth changing."""
    clerk_days: Annotated[int, Meta(ge=0, le=365)]
    """A clerk notices a slip within so many days of the document."""


Change = tuple[str, Document, str, str, int | None]
"""What changed, the document that now stands in its place, both values, days gained."""


class AmendedAfterExport(Detector[AmendedAfterExportParameters]):
    """Fires where an amendment or a withdrawal made an exported car older, or its odometer unread.

    The register's last word counts, so an amendment ends the alerts that rested on the first. What was
    said first stays evidence: a first registration that moves back once the car has been declared, an
    odometer that was read and then was not, are told with what they were. So is a first registration
    that is withdrawn once the car has left: a used car that was never registered is none.
    """

    spec = DetectorSpec(
        id="amended_after_export",
        version=2,
        title="Amended after export",
        status="stable",
        severities=("medium", "high"),
        description=(
            "A registration, endorsement or declaration of an exported car was amended or withdrawn so "
            "that a young or unused car no longer looks so."
        ),
        abnormal_because=(
            "Dates and readings are checked before a car leaves. Who changes them afterwards clears "
            "what the first statement showed."
        ),
        known_gaps=(
            "Of a document's revisions the first and the last are kept. A document that was published "
            "once, already changed, shows nothing, nor does a withdrawal without a time of the only "
            "first registration. Owners and prices that change are not judged."
        ),
        look_alikes=(
            "A clerk's slip is noticed within days of the document, or before the car is declared; "
            "dates of cars that were old anyway do not matter: both stay quiet. An amendment that does "
            "not say when it was made weighs less."
        ),
        references=("Document contract of this project: amendments raise the revision", "Assumption"),
        runbook=(
            "Ask the source who amended the document and on what ground.",
            "Count the source's amendments of cars declared in the 60 days before.",
        ),
        screen=screen(ScreenCase(Content.CONTESTED | Content.CUSTOMS_EXPORT)),
    )
    parameters_type = AmendedAfterExportParameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per document that was changed so."""
        if not history.declarations:
            return
        declaration = history.declarations[0]
        for revised in history.revised:
            change = self._change(history, revised, declaration)
            if change is None or self._is_a_clerks(revised, declaration):
                continue
            yield self._finding_of(history, revised, declaration, change)

    def _is_a_clerks(self, revised: Revised, declaration: CustomsExport) -> bool:
        """Whether the change came before the declaration, or soon enough after what was said first."""
        amended = revised.now.recorded_day
        if amended is None:
            return False
        written = revised.before.recorded_day or revised.before.day
        return (amended <= declaration.day and not isinstance(revised.now, CustomsExport)) or (
            amended - written <= self.parameters.clerk_days
        )

    def _change(
        self, history: VehicleHistory, revised: Revised, declaration: CustomsExport
    ) -> Change | None:
        now, before = revised
        if not counts_days(now, before, declaration):
            return None
        if isinstance(before, Registration):
            return self._moved_registration(history, now, before, declaration)
        if isinstance(before, CustomsExport) and isinstance(now, CustomsExport) and not now.is_void:
            return self._moved_declaration(history, now, before)
        return None

    def _moved_registration(
        self, history: VehicleHistory, now: Document, before: Registration, declaration: CustomsExport
    ) -> Change | None:
        if before.kind == "initial":
            stands = history.initial if now.is_void else now
            if not self._was_young(declaration.day - before.day):
                return None
            if stands is not None:
                return self._moved("first registration", stands, before.day - stands.day, before)
            first = "first registration", now, civil_time.day_text(before.day), _NONE, None
            # An amendment that carries another VIN leaves a withdrawal behind that says no time.
            return None if now.recorded_day is None else first
        initial = history.initial
        if before.kind != "pending_export" or now.is_void or initial is None:
            return None
        if not self._was_young(before.day - initial.day):
            return None
        return self._moved("endorsement", now, now.day - before.day, before)

    def _moved_declaration(
        self, history: VehicleHistory, now: CustomsExport, before: CustomsExport
    ) -> Change | None:
        read, reads = read_odometer(before), read_odometer(now)
        limit = self.parameters.maximum_km
        if read is not None and read <= limit and (reads is None or reads > limit):
            last = "not read" if reads is None else f"{reads:,.0f} km"
            return "odometer", now, f"{read:,.0f} km", last, None
        initial = history.initial
        applied, applies = before.licence_applied_day, now.licence_applied_day
        if initial is None or not self._was_young(before.day - initial.day):
            return None
        if applied is not None and applies is not None and applies - applied >= self._least:
            first, last = civil_time.day_text(applied), civil_time.day_text(applies)
            return "licence application", now, first, last, applies - applied
        return self._moved("declaration", now, now.day - before.day, before)

    @property
    def _least(self) -> int:
        return self.parameters.minimum_days

    def _was_young(self, days: int) -> bool:
        return 0 <= days <= self.parameters.young_days

    def _moved(self, what: str, stands: Document, gained: int, before: Document) -> Change | None:
        if gained < self._least:
            return None
        first, last = civil_time.day_text(before.day), civil_time.day_text(stands.day)
        return what, stands, first, last, gained

    def _finding_of(
        self, history: VehicleHistory, revised: Revised, declaration: CustomsExport, change: Change
    ) -> Finding:
        what, stands, first, last, gained = change
        amended = revised.now.recorded_day
        documents = {
            (d.source, d.event_id, d.revision): d for d in (revised.before, stands, declaration)
        }
        return self.finding(
            history,
            revised.before,
            severity="medium" if amended is None else "high",
            closeness=0.5 if gained is None else min(1, gained / self.parameters.young_days),
            facts={
                "what": what,
                "source": revised.now.source,
                "before": first,
                "now": last,
                "withdrawn": revised.now.is_void,
                "amended_on": None if amended is None else civil_time.day_text(amended),
                "declared": civil_time.day_text(declaration.day),
                "gained_days": gained,
                "young_days": self.parameters.young_days,
                "clerk_days": self.parameters.clerk_days,
            },
            evidence=tuple(documents.values()),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell what was said first, what is said now, and when it was changed."""
        gone = "withdrew it" if facts["now"] == _NONE else "withdrew and replaced it"
        how = gone if facts["withdrawn"] else "amended it"
        when = "" if facts["amended_on"] is None else f" on {facts['amended_on']}"
        text = (
            f"The {facts['what']} was {facts['before']} by {facts['source']}, which {how}{when}: now "
            f"{_now(facts['now'])}; the car was declared for export on {facts['declared']}."
        )
        if facts["gained_days"] is not None:
            text += f" The car gains {count(facts['gained_days'], 'day')} by it."
        return text


def _now(value: str) -> str:
    return "there is none" if value == _NONE else f"it is {value}"
