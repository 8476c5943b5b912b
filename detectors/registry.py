"""The catalogue: every detector of single vehicles, put to work with one policy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, Final, NamedTuple

import msgspec

from detectors.base import Declared, Detector, Parameters
from detectors.documents import Document
from detectors.findings import Finding
from detectors.forest.detector import ForestDetector
from detectors.forest.trained import ForestModel
from detectors.forest.unusual_export import UnusualExport
from detectors.forest.unusual_life_cycle import UnusualLifeCycle
from detectors.history import VehicleHistory, content_of
from detectors.policy import Policy
from detectors.rules.amended_after_export import AmendedAfterExport
from detectors.rules.cloned_vin import ClonedVin
from detectors.rules.deregistration_overdue import DeregistrationOverdue
from detectors.rules.document_conflict import DocumentConflict
from detectors.rules.double_sale import DoubleSale
from detectors.rules.dropped_value import DroppedValue
from detectors.rules.duplicate_export import DuplicateExport
from detectors.rules.early_export_without_letter import EarlyExportWithoutLetter
from detectors.rules.effects_hardly_owned import EffectsHardlyOwned
from detectors.rules.endorsement_renewed import EndorsementRenewed
from detectors.rules.export_not_declared import ExportNotDeclared
from detectors.rules.flash_registration import FlashRegistration
from detectors.rules.implausible_reading import ImplausibleReading
from detectors.rules.new_though_registered import NewThoughRegistered
from detectors.rules.odometer_rollback import OdometerRollback
from detectors.rules.overfull_history import OverfullHistory
from detectors.rules.parked_until_eligible import ParkedUntilEligible
from detectors.rules.price_gap import PriceGap
from detectors.rules.resale_after_export import ResaleAfterExport
from detectors.rules.restricted_destination import RestrictedDestination
from detectors.rules.revision_conflict import RevisionConflict
from detectors.rules.vin_quality import VinQuality
from detectors.rules.young_used_export import YoungUsedExport
from detectors.rules.zero_mileage_export import ZeroMileageExport
from detectors.screens import Condition, all_hold
from detectors.spikes.declared import PROVINCE_DETECTORS
from detectors.summaries import LoneDocument
from detectors.vin import no_car

RULES: Final[tuple[type[Detector[Any]], ...]] = (
    DoubleSale,
    ZeroMileageExport,
    FlashRegistration,
    EarlyExportWithoutLetter,
    ParkedUntilEligible,
    YoungUsedExport,
    NewThoughRegistered,
    AmendedAfterExport,
    EndorsementRenewed,
    EffectsHardlyOwned,
    ResaleAfterExport,
    ExportNotDeclared,
    DeregistrationOverdue,
    DocumentConflict,
    DuplicateExport,
    ClonedVin,
    PriceGap,
    OdometerRollback,
    RestrictedDestination,
    VinQuality,
    ImplausibleReading,
    DroppedValue,
    RevisionConflict,
    OverfullHistory,
)
"""Every rule, headline first."""

FORESTS: Final[tuple[type[ForestDetector], ...]] = (UnusualLifeCycle, UnusualExport)
"""Findings of a trained model; they judge many vehicles at once."""

DETECTORS: Final[dict[str, type[Detector[Any]]]] = {
    detector.spec.id: detector for detector in (*RULES, *FORESTS)
}

DECLARED: Final[dict[str, type[Declared]]] = {**DETECTORS, **PROVINCE_DETECTORS}
"""Everything that has a spec and a section of the policy: the judges of vehicles and of provinces."""

_MOST_SCREENED: Final = 62
"""Bits of a number of the database; further rules are asked of every vehicle."""
EVERY_SCREEN: Final = -1
"""All bits: of a vehicle of which nobody has looked what screens it passes."""

Failed = Callable[[str, Exception], None]
"""Told the id of a detector that raised, and what it raised."""


class Verdict(msgspec.Struct, frozen=True):
    """What all detectors say of one history."""

    findings: list[Finding]
    failed: dict[str, Exception]
    """What detectors raised, by their id."""


class Beside(NamedTuple):
    """What a catalogue says of some histories."""

    catalogue: "Catalogue"
    findings: Sequence[Sequence[Finding] | None]
    """Of each history; ``None`` where a detector raised, which therefore says nothing for others."""


class Catalogue:
    """The enabled detectors with their parameters.

    Parameters
    ----------
    policy
        Where the parameters come from.
    model
        The trained model of the forest findings; without one they find nothing.
    """

    def __init__(self, policy: Policy, model: ForestModel | None = None) -> None:
        self.policy = policy
        self.model = model
        parameters: Mapping[str, Any] = policy.parameters  # each of its detector's own type
        self.known: dict[str, Detector[Any]] = {
            rule.spec.id: rule(parameters[rule.spec.id]) for rule in (*RULES, *outside(policy))
        } | {forest.spec.id: forest(parameters[forest.spec.id], model) for forest in FORESTS}
        """Every detector: one that is switched off still explains the alerts it left behind."""
        for detector in self.known.values():
            detector.country = policy.country
        self.detectors: dict[str, Detector[Any]] = {
            identity: detector
            for identity, detector in self.known.items()
            if policy.parameters[identity].enabled
        }
        enabled = self.detectors.values()
        forests = [each for each in enabled if isinstance(each, ForestDetector)]
        self._forests = [] if model is None else forests
        self._rules = [each for each in enabled if not isinstance(each, ForestDetector)]
        self._of_one: dict[int, Sequence[tuple[tuple[Condition, ...], Parameters]]] = {}
        conditional = [rule for rule in self._rules if rule.spec.screen.has_conditions]
        self.screened = conditional[:_MOST_SCREENED]
        """Rules whose screens ask for more than content: each has a bit in what a vehicle passes."""
        self._for_content: dict[tuple[int, int, int], Sequence[Detector[Any]]] = {}
        self._in_bulk: dict[tuple[int, int], bool] = {}
        self._several = max(each.spec.screen.documents for each in self.known.values())

    def judge(
        self,
        histories: Sequence[VehicleHistory],
        passed: Iterable[int] = repeat(EVERY_SCREEN),
        beside: "Beside | None" = None,
    ) -> list[Verdict]:
        """Judge histories with every detector they concern, deadlines not yet considered.

        A detector that raises for a history is reported, says nothing of it this time, and the
        others go on. Forests judge all histories together; the verdict on one does not depend on
        the others.

        Parameters
        ----------
        histories
            The vehicles.
        passed
            For each of them the rules of `screened` whose screens it passes, as bits. No other of these
            rules is asked.
        beside
            What another catalogue says of them, which may spare to look at them again.
        """
        if beside is None:
            verdicts = [self._by_rules(*each) for each in zip(histories, passed, strict=False)]
        else:
            verdicts = [
                self._by_rules(*each, beside.catalogue)
                for each in zip(histories, passed, beside.findings, strict=False)
            ]
        for forest in self._forests:
            self._add_forest(forest, histories, verdicts)
        return verdicts

    @property
    def has_forests(self) -> bool:
        """Whether some vehicles are judged faster many at once."""
        return bool(self._forests)

    def settles(self, document: Document) -> bool:
        """Whether no detector can find anything of a vehicle that has this document alone.

        Their screens say so, and its history needs not be put together.
        """
        content = content_of(document)
        cases = self._of_one.get(content)
        if cases is None:
            cases = self._of_one[content] = [
                (conditions, detector.parameters)
                for detector in self.detectors.values()
                if detector.concerns_content(content, 1)
                for conditions in detector.spec.screen.remaining(content, 1)
            ]
        if not cases:
            return True
        lone = LoneDocument(document, content)
        for conditions, parameters in cases:  # noqa: SIM110 - as in all_hold
            if all_hold(conditions, lone, parameters):
                return False
        return True

    def judges_in_bulk(self, history: VehicleHistory) -> bool:
        """Whether a forest looks at a history: it takes far less time for each of many at once."""
        if not self._forests:
            return False
        key = self._kind_of(history)
        in_bulk = self._in_bulk.get(key)
        if in_bulk is None:
            in_bulk = any(forest.concerns_content(*key) for forest in self._forests)
            self._in_bulk[key] = in_bulk
        return in_bulk

    def findings(self, history: VehicleHistory, failed: Failed) -> list[Finding]:
        """Judge one history with every detector it concerns, deadlines not yet considered."""
        [verdict] = self.judge([history])
        for detector, error in verdict.failed.items():
            failed(detector, error)
        return verdict.findings

    def _by_rules(
        self,
        history: VehicleHistory,
        passed: int,
        told: Sequence[Finding] | None = None,
        other: "Catalogue | None" = None,
    ) -> Verdict:
        """Judge by the rules, perhaps beside what another catalogue has told of the history."""
        findings: list[Finding] = []
        failed: dict[str, Exception] = {}
        if self.is_no_car(history):
            return Verdict(findings, failed)
        for detector in self._concerned(history, passed):
            known = len(findings)
            try:
                found = None
                if told is not None and other is not None:
                    found = _retold(detector, other, history, told)
                findings.extend(detector.judge(history) if found is None else found)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others must go on
                del findings[known:]
                failed[detector.spec.id] = error
        return Verdict(findings, failed)

    def is_no_car(self, history: VehicleHistory) -> bool:
        """Whether its documents belong to many cars or to none: together they say nothing."""
        return no_car(history.vin, self.policy.history.words_for_no_car) is not None

    def _kind_of(self, history: VehicleHistory) -> tuple[int, int]:
        """What decides which detectors a history concerns."""
        return history.content, min(len(history.documents), self._several)

    def _concerned(self, history: VehicleHistory, passed: int) -> Sequence[Detector[Any]]:
        """Detectors that could find something, remembered by the kinds of documents there are."""
        kind = self._kind_of(history)
        concerned = self._for_content.get((*kind, passed))
        if concerned is None:
            closed = [rule for bit, rule in enumerate(self.screened) if not passed >> bit & 1]
            concerned = self._for_content[*kind, passed] = [
                rule for rule in self._rules if rule not in closed and rule.concerns_content(*kind)
            ]
        return concerned

    def _add_forest(
        self,
        forest: ForestDetector,
        histories: Sequence[VehicleHistory],
        verdicts: list[Verdict],
    ) -> None:
        """Add a forest's findings; where the batch raises, each history is judged alone."""
        concerned = [
            place for place in forest.concerned(histories) if not self.is_no_car(histories[place])
        ]
        if not concerned:
            return
        try:
            found = forest.judge_batch([histories[place] for place in concerned])
        except Exception:  # noqa: BLE001 - one history must not take the others with it
            for place in concerned:
                try:
                    verdicts[place].findings.extend(forest.judge(histories[place]))
                except Exception as error:  # noqa: BLE001 - as for rules
                    verdicts[place].failed[forest.spec.id] = error
            return
        for place, findings in zip(concerned, found, strict=True):
            verdicts[place].findings.extend(findings)


def _retold(
    detector: Detector[Any], other: Catalogue, history: VehicleHistory, told: Sequence[Finding]
) -> list[Finding] | None:
    """What a detector finds by what it has found under another policy, where it judged there."""
    name = detector.spec.id
    rival = other.detectors.get(name)
    if type(rival) is not type(detector):
        return None
    return detector.retold(rival, history, [one for one in told if one.detector == name])


def outside(policy: Policy) -> list[type[Detector[Any]]]:
    """The rules of a policy that do not belong to the package."""
    known = policy.detectors
    return [kind for name, kind in known.items() if name not in DECLARED and issubclass(kind, Detector)]
