"""A life cycle unlike ordinary ones, whatever the reason."""

from typing import Annotated

from msgspec import Meta

from detectors.base import DetectorSpec
from detectors.findings import Severity
from detectors.forest.detector import ForestDetector, ForestParameters
from detectors.forest.life_cycle import Observation, observe_life_cycle
from detectors.forest.trained import ForestModel, TrainedForest
from detectors.history import Content, VehicleHistory
from detectors.screens import Case, screen


class UnusualLifeCycleParameters(ForestParameters, frozen=True, kw_only=True):
    """Limits of the finding."""

    p_export: Annotated[float, Meta(gt=0, le=0.5)]
    """Greatest p-value reported for a vehicle with export documents: the rate of false alarms."""
    p_domestic: Annotated[float, Meta(gt=0, le=0.5)]
    """The same for a vehicle that stays; there are fifty times as many."""


class UnusualLifeCycle(ForestDetector[UnusualLifeCycleParameters]):
    """Fires on a vehicle whose life cycle is rarer than the limit among ordinary ones.

    Compared with domestic life cycles and vetted genuine used exports, so that the scheme, which is
    most of all exports, is not taken for normal.
    """

    spec = DetectorSpec(
        id="unusual_life_cycle",
        version=1,
        title="Unusual life cycle",
        status="experimental",
        severities=("low", "medium"),
        description=(
            "Age, odometer, prices and holding times that hardly any ordinary vehicle shows together."
        ),
        abnormal_because=(
            "Rules know the schemes somebody wrote down. A forest trained on ordinary life cycles "
            "sees what is rare among them, also where nobody has described it."
        ),
        known_gaps=(
            "Blind inside the scheme: among zero-mileage exports it cannot tell the odd one "
            "(unusual_export does). Vehicles with too few stated features are not judged. As good as "
            "the population it was trained on; the shipped model knows a simulated country."
        ),
        look_alikes=(
            "Dealer and demonstration cars, returned cars, rental fleets, collectors' cars: rare and "
            "lawful. The limit is the share of ordinary vehicles that are reported."
        ),
        references=(
            "Liu, Ting and Zhou 2008, Isolation Forest",
            "Vovk, Gammerman and Shafer 2005, conformal prediction",
        ),
        runbook=(
            "Read the named features against the documents: is one of them a clerk's error?",
            "Look at the vehicle's other alerts; a rule that fires explains more than a rarity.",
            "Nothing wrong with the documents: compare with vehicles of the same owner in the 30 days "
            "around the closing document.",
        ),
        screen=screen(
            Case(Content.INITIAL | Content.TRANSFER, documents=2),
            Case(Content.INITIAL | Content.PENDING_EXPORT, documents=2),
            Case(Content.INITIAL | Content.USED_EXPORT, documents=2),
            Case(Content.INITIAL | Content.DEREGISTRATION, documents=2),
        ),
    )
    parameters_type = UnusualLifeCycleParameters
    population = "ordinary life cycles"

    @staticmethod
    def forest_of(model: ForestModel) -> TrainedForest:
        """The reference forest."""
        return model.reference

    def observe(self, history: VehicleHistory) -> Observation | None:
        """Measure the life cycle up to its closing document."""
        return observe_life_cycle(history)

    def limit(self, observation: Observation) -> float:
        """Stricter for vehicles that stay."""
        parameters = self.parameters
        return parameters.p_export if observation.exported else parameters.p_domestic

    def severity(self, observation: Observation, second_opinions: int) -> Severity:
        """Medium for an export that a second opinion finds unusual too."""
        return "medium" if observation.exported and second_opinions else "low"
