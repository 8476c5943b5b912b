"""Taken abroad as personal effects by somebody who had hardly owned it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Margin, Parameters
from detectors.documents import CustomsExport, Registration, counts_days
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen
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
    """Fires on a young car that leaves outside general trade weeks after its owner got it.

    Who moves abroad takes a car along that is his. One that was bought, or passed on, a few weeks ago
    and is declared at once is a sale abroad in other clothes: no licence, no inspection.
    """

    spec = DetectorSpec(
        id="effects_hardly_owned",
        version=2,
        title="Personal effects hardly owned",
        status="stable",
        severities=("medium",),
        description=(
            "A car under a year old leaves outside general trade soon after whoever takes it along got "
            "it."
        ),
        abnormal_because=(
            "Personal effects are spared the licence and the rules on young cars because they were "
            "used by whoever moves: relief from duty asks for months of use in many countries. A straw "
            "man's were not."
        ),
        known_gaps=(
            "Sees one car at a time: whether one person moves with five cars only a view by party can "
            "tell."
        ),
        look_alikes=(
            "Somebody who moves with a car that he has had for months stays quiet, and so do diplomats "
            "when their posting ends. A firm's own new car that leaves for a time, for trials, stays "
            "quiet too. A declaration without a trade mode counts as general trade."
        ),
        references=(
            "Declaration guide: trade modes 3339 and 9739; limits: assumption",
            "Regulation (EC) 1186/2009, article 4: relief for property used for six months",
        ),
        runbook=(
            "Ask customs for the exporter's residence papers and other declarations of the year.",
            "Ask the first owner how long the car was used in the days before it was passed on.",
        ),
        screen=screen(ScreenCase(Content.INITIAL | Content.USED_EXPORT)),
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
        if got is None or not _got_it(got) or not counts_days(initial, got, declaration):
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
                "bought_new": got.kind == "initial",
            },
            evidence=(initial, got, declaration),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the days."""
        limit = f"limit {count(facts['maximum_held_days'], 'day')}"
        return (
            f"Declared for {facts['destination']} on {facts['declared']} under trade mode "
            f"{facts['trade_mode']}, {count(facts['days'], 'day')} after first registration"
            + (
                f" to the person who takes it along ({limit})."
                if facts["bought_new"]
                else f" and {count(facts['held_days'], 'day')} after it passed to another owner on "
                f"{facts['transferred']} ({limit})."
            )
        )


def _got_it(document: Registration) -> bool:
    """Whether somebody got the car with a registration who can move with a household.

    A firm that bought the car new has none: its own car leaves for a time.
    """
    if document.kind == "initial":
        return document.owner_type in {None, "person"}
    return document.kind == "transfer"
