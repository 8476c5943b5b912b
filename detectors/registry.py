"""The catalogue: every detector of single vehicles, put to work with one policy."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from detectors.base import Declared, Detector
from detectors.findings import Finding
from detectors.history import VehicleHistory
from detectors.policy import Policy
from detectors.rules.cloned_vin import ClonedVin
from detectors.rules.deregistration_overdue import DeregistrationOverdue
from detectors.rules.document_conflict import DocumentConflict
from detectors.rules.double_sale import DoubleSale
from detectors.rules.duplicate_export import DuplicateExport
from detectors.rules.early_export_without_letter import EarlyExportWithoutLetter
from detectors.rules.export_not_declared import ExportNotDeclared
from detectors.rules.flash_registration import FlashRegistration
from detectors.rules.odometer_rollback import OdometerRollback
from detectors.rules.overfull_history import OverfullHistory
from detectors.rules.parked_until_eligible import ParkedUntilEligible
from detectors.rules.price_gap import PriceGap
from detectors.rules.resale_after_export import ResaleAfterExport
from detectors.rules.restricted_destination import RestrictedDestination
from detectors.rules.revision_conflict import RevisionConflict
from detectors.rules.vin_quality import VinQuality
from detectors.rules.zero_mileage_export import ZeroMileageExport
from detectors.spikes.declared import PROVINCE_DETECTORS

RULES: Final[tuple[type[Detector[Any]], ...]] = (
    DoubleSale,
    ZeroMileageExport,
    FlashRegistration,
    EarlyExportWithoutLetter,
    ParkedUntilEligible,
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
    RevisionConflict,
    OverfullHistory,
)
"""Every rule, headline first."""

DETECTORS: Final[dict[str, type[Detector[Any]]]] = {rule.spec.id: rule for rule in RULES}

DECLARED: Final[dict[str, type[Declared]]] = {**DETECTORS, **PROVINCE_DETECTORS}
"""Everything that has a spec and a section of the policy: the judges of vehicles and of provinces."""

_SEVERAL: Final = max(rule.spec.least_documents for rule in RULES)

Failed = Callable[[str, Exception], None]
"""Told the id of a detector that raised, and what it raised."""


class Catalogue:
    """The enabled detectors with their parameters.

    Parameters
    ----------
    policy
        Where the parameters come from.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.known: dict[str, Detector[Any]] = {
            identity: detector(policy.parameters[identity]) for identity, detector in DETECTORS.items()
        }
        """Every detector: one that is switched off still explains the alerts it left behind."""
        self.detectors: dict[str, Detector[Any]] = {
            identity: detector
            for identity, detector in self.known.items()
            if policy.parameters[identity].enabled
        }
        self._for_content: dict[tuple[int, int], Sequence[Detector[Any]]] = {}

    def findings(self, history: VehicleHistory, failed: Failed) -> list[Finding]:
        """Judge a history with every detector it concerns, deadlines not yet considered.

        A detector that raises is reported, says nothing this time, and the others go on.
        """
        findings: list[Finding] = []
        for detector in self._concerned(history):
            try:
                findings += list(detector.judge(history))
            except Exception as error:  # noqa: BLE001 - whatever it is, the others must go on
                failed(detector.spec.id, error)
        return findings

    def _concerned(self, history: VehicleHistory) -> Sequence[Detector[Any]]:
        """Detectors that could find something, remembered by the kinds of documents there are."""
        key = (history.content, min(len(history.documents), _SEVERAL))
        concerned = self._for_content.get(key)
        if concerned is None:
            concerned = self._for_content[key] = [
                detector for detector in self.detectors.values() if detector.concerns_content(*key)
            ]
        return concerned
