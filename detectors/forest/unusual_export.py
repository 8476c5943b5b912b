"""An export unlike the other exports."""

from typing import Annotated

from msgspec import Meta

from detectors.base import DetectorSpec
from detectors.findings import Severity
from detectors.forest.detector import ForestDetector, ForestParameters
from detectors.forest.export_path import observe_export
from detectors.forest.life_cycle import Observation
from detectors.forest.trained import ForestModel, TrainedForest
from detectors.history import Content, VehicleHistory
from detectors.screens import Case, screen


class UnusualExportParameters(ForestParameters, frozen=True, kw_only=True):
    """Limits of the finding."""

    p_export: Annotated[float, Meta(gt=0, le=0.5)]
    """Greatest p-value reported: the share of ordinary exports that are."""


class UnusualExport(ForestDetector[UnusualExportParameters]):
    """Fires on a used export whose documents are rarer than the limit among used exports."""

    spec = DetectorSpec(
        id="unusual_export",
        version=1,
        title="Unusual among exports",
        status="experimental",
        severities=("low", "medium"),
        description="Values, delays and odometer that hardly any other used export shows together.",
        abnormal_because=(
            "Most used exports follow one pattern, lawful or not. The odd one among them is where "
            "values are moved, documents reused or a car never left."
        ),
        known_gaps=(
            "Takes the common scheme for normal (unusual_life_cycle does not). Judges the first "
            "declaration only. Needs a model that was trained on enough exports."
        ),
        look_alikes=(
            "Cars held up at a closed port, collectors' cars, diplomats' cars, corrected values."
        ),
        references=("Liu, Ting and Zhou 2008, Isolation Forest",),
        runbook=(
            "Read the named features against the declaration and the licence.",
            "Compare with the exporter's other declarations of the 30 days before.",
        ),
        screen=screen(Case(Content.INITIAL | Content.USED_EXPORT, documents=2)),
    )
    parameters_type = UnusualExportParameters
    population = "used exports"

    @staticmethod
    def forest_of(model: ForestModel) -> TrainedForest | None:
        """The forest among exports."""
        return model.exports

    def observe(self, history: VehicleHistory) -> Observation | None:
        """Measure the first declaration as used."""
        return observe_export(history)

    def limit(self, observation: Observation) -> float:  # noqa: ARG002 - one limit for all exports
        """One limit."""
        return self.parameters.p_export

    def severity(self, observation: Observation, second_opinions: int) -> Severity:  # noqa: ARG002
        """Medium where both second opinions find it unusual too."""
        return "medium" if second_opinions > 1 else "low"
