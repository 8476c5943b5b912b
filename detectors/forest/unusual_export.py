"""An export unlike the other exports."""

from detectors.base import DetectorSpec
from detectors.forest.detector import ForestDetector
from detectors.forest.export_path import observe_export
from detectors.forest.life_cycle import Observation
from detectors.forest.trained import ForestModel, TrainedForest
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen


class UnusualExport(ForestDetector):
    """Fires on a used export whose documents are rarer than the limit among used exports."""

    spec = DetectorSpec(
        id="unusual_export",
        version=2,
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
        screen=screen(ScreenCase(Content.INITIAL | Content.USED_EXPORT, documents=2)),
    )
    population = "used exports"

    @staticmethod
    def forest_of(model: ForestModel) -> TrainedForest | None:
        """The forest among exports."""
        return model.exports

    def observe(self, history: VehicleHistory) -> Observation | None:
        """Measure the first declaration as used."""
        return observe_export(history)
