"""Taken abroad as personal effects by somebody who had hardly owned it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Margin, Parameters
from detectors.documents import CustomsExport, Registration, counts_days
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import Case, screen
from detectors.wording import count


class EffectsHardlyOwnedParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    maximum_days: Annotated[int, Meta(ge=1, le=3650)]
    """Declared up to this many days after first registration."""
    held_days: Annotated[int, Meta(ge=0, le=3650)]
    """Declared up to this many days after the exporter got the car."""
    general_trade_modes: tuple[str, ...]
    """Customs codes of ordinary trade; declarations under them are not judged."""


class EffectsHardlyOwned(Detector[EffectsHardlyOwnedParameters]):
    """Fires on a young car that leaves outside general trade weeks after its owner got it second-hand.

    Who moves abroad takes a car along that is his. One that was registered to somebody else a few weeks
    ago, passed on and declared at once is a sale abroad in other clothes: no licence, no inspection.
    """

    spec = DetectorSpec(
        id="effects_hardly_owned",
        version=1,
        title="Personal effects hardly owned",
        status="stable",
        severities=("medium",),
        description=(
            "A car under a year old leaves outside general trade soon after it passed to whoever takes "
            "it along."
        ),
        abnormal_because=(
            "Personal effects are spared the licence and the rules on young cars because they were "
            "used by whoever moves. A straw man's were not."
        ),
        known_gaps=(
            "Sees one car at a time: whether one person moves with five cars only a view by party can "
            "tell. A first owner who moves at once is not judged."
        ),
        look_alikes=(
            "Somebody who moves with a car that he bought new or has had for months stays quiet, and "
            "so do diplomats, who buy new. A declaration without a trade mode counts as general trade."
        ),
        references=("Declaration guide: trade modes 3339 and 9739; limits: assumption",),
        runbook=(
            "Ask customs for the exporter's residence papers and other declarations of the year.",
            "Ask the first owner how long the car was used in the days before it was passed on.",
        ),
        screen=screen(Case(Content.INITIAL | Content.TRANSFER | Content.USED_EXPORT)),
    )
    parameters_type = EffectsHardlyOwnedParameters
    margins = (Margin("held_days", "held_days", 2.0, "days"),)

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding, on the first used declaration."""
        initial = history.initial
        if initial is None or not history.used_exports:
            return
        declaration = history.used_exports[0]
        mode = declaration.trade_mode
        if mode is None or mode in self.parameters.general_trade_modes:
            return
        got = history.registered_before(declaration)
        if got is None or got.kind != "transfer" or not counts_days(initial, got, declaration):
            return
        young = 0 <= declaration.day - initial.day <= self.parameters.maximum_days
        if young and declaration.day - got.day <= self.parameters.held_days:
            yield self._finding_of(history, initial, got, declaration)

    def _finding_of(
        self,
        history: VehicleHistory,
        initial: Registration,
        got: Registration,
        declaration: CustomsExport,
    ) -> Finding:
        held = declaration.day - got.day
        return self.finding(
            history,
            declaration,
            severity="medium",
            closeness=1 - held / (self.parameters.held_days + 1),
            facts={
                "registered": civil_time.day_text(initial.day),
                "transferred": civil_time.day_text(got.day),
                "declared": civil_time.day_text(declaration.day),
                "trade_mode": declaration.trade_mode,
                "days": declaration.day - initial.day,
                "maximum_days": self.parameters.maximum_days,
                "held_days": held,
                "maximum_held_days": self.parameters.held_days,
                "destination": declaration.destination,
            },
            evidence=(initial, got, declaration),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the three days."""
        return (
            f"Declared for {facts['destination']} on {facts['declared']} under trade mode "
            f"{facts['trade_mode']}, {count(facts['days'], 'day')} after first registration and "
            f"{count(facts['held_days'], 'day')} after it passed to another owner on "
            f"{facts['transferred']} (limit {count(facts['maximum_held_days'], 'day')})."
        )
