"""An exported vehicle's life cycle unlike that of honest exports, whatever the reason."""

from detectors.base import DetectorSpec
from detectors.forest.detector import ForestDetector
from detectors.forest.life_cycle import Observation, observe_life_cycle
from detectors.forest.trained import ForestModel, TrainedForest
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen


class UnusualLifeCycle(ForestDetector):
    """Fires on an export whose life cycle is rarer than the limit among exports that no rule finds.

    Compared with these alone, so that the scheme, which is most of all exports, is not taken for
    normal. Vehicles that stay are not judged: on a country written by somebody else none of 2,876
    alerts on them was right.
    """

    spec = DetectorSpec(
        id="unusual_life_cycle",
        version=2,
        title="Unusual life cycle",
        status="experimental",
        severities=("low", "medium"),
        description=(
            "Age, odometer, prices and holding times that hardly any export without a rule's finding "
            "shows together."
        ),
        abnormal_because=(
            "Rules know the schemes somebody wrote down. A forest trained on the exports that no rule "
            "finds sees what is rare among them, also where nobody has described it."
        ),
        known_gaps=(
            "Says nothing of vehicles that stay. Blind inside the scheme: among zero-mileage exports "
            "it cannot tell the odd one (unusual_export does). A scheme that passes the rules in "
            "numbers becomes ordinary. Vehicles with too few stated features are not judged. As good "
            "as the population it was trained on; the shipped model knows a simulated country."
        ),
        look_alikes=(
            "Young exports with a reason: dealer and demonstration cars, returned cars, moves abroad, "
            "rental fleets; collectors' cars: rare and lawful. The limit is the share of exports "
            "without a rule's finding that are reported."
        ),
        references=(
            "Liu, Ting and Zhou 2008, Isolation Forest",
            "Rousseeuw and Van Driessen 1999, minimum covariance determinant",
            "Vovk, Gammerman and Shafer 2005, conformal prediction",
        ),
        runbook=(
            "Read the named features against the documents: is one of them a clerk's error?",
            "Look at the vehicle's other alerts; a rule that fires explains more than a rarity.",
            "Nothing wrong with the documents: compare with vehicles of the same owner in the 30 days "
            "around the closing document.",
        ),
        screen=screen(
            ScreenCase(Content.INITIAL | Content.PENDING_EXPORT, documents=2),
            ScreenCase(Content.INITIAL | Content.USED_EXPORT, documents=2),
        ),
    )
    population = "exports that no rule finds"

    @staticmethod
    def forest_of(model: ForestModel) -> TrainedForest:
        """The reference forest."""
        return model.reference

    def observe(self, history: VehicleHistory) -> Observation | None:
        """Measure the life cycle up to the first export document."""
        return observe_life_cycle(history)
