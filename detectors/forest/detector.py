"""What the two forest findings share: judging a batch of histories at once."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from math import isnan, log
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar

import msgspec
import numpy as np
from msgspec import Meta

from detectors.base import Detector, Parameters
from detectors.findings import Finding, Severity
from detectors.forest.explanation import Reason, explain_rows
from detectors.forest.judging import agreeing, judge
from detectors.forest.life_cycle import Observation
from detectors.forest.trained import ForestModel, TrainedForest
from detectors.forest.wording import reason_facts, tell
from detectors.history import VehicleHistory


class ForestParameters(Parameters, frozen=True, kw_only=True):
    """What every forest finding needs."""

    minimum_features: Annotated[int, Meta(ge=1, le=20)]
    """Fewest features that the papers must state; with fewer a vehicle is not judged."""


ForestParametersT = TypeVar("ForestParametersT", bound=ForestParameters)


class ForestDetector(Detector[ForestParametersT]):
    """A finding by a trained forest.

    The score is a function of the history and the model alone: the rows of a batch are judged
    together for speed and independently in effect.

    Parameters
    ----------
    parameters
        Its section of the policy.
    model
        The trained model, its id is on every finding; without one nothing is found.
    """

    population: ClassVar[str]
    """What vehicles are compared with, in words."""

    def __init__(self, parameters: ForestParametersT, model: ForestModel | None = None) -> None:
        super().__init__(parameters)
        self._forest = None if model is None else self.forest_of(model)
        self._model_id = None if model is None else model.model_id

    @staticmethod
    @abstractmethod
    def forest_of(model: ForestModel) -> TrainedForest | None:
        """Forest that this finding is judged by; ``None`` where the model has none."""

    @abstractmethod
    def observe(self, history: VehicleHistory) -> Observation | None:
        """Measure a history; ``None`` where there is nothing to judge."""

    @abstractmethod
    def limit(self, observation: Observation) -> float:
        """Greatest p-value that is reported."""

    @abstractmethod
    def severity(self, observation: Observation, second_opinions: int) -> Severity:
        """How bad an unusual vehicle is."""

    def concerns_content(self, content: int, documents: int) -> bool:
        """Nothing concerns a finding without a forest."""
        return self._forest is not None and super().concerns_content(content, documents)

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding."""
        return iter(self.findings_of([history])[0])

    def judge_batch(self, histories: Sequence[VehicleHistory]) -> list[list[Finding]]:
        """Findings of many histories within the period of validity, in their order."""
        return [list(filter(self.parameters.in_force, found)) for found in self.findings_of(histories)]

    def findings_of(self, histories: Sequence[VehicleHistory]) -> list[list[Finding]]:
        """Judge many histories at once, regardless of the period of validity."""
        results: list[list[Finding]] = [[] for _ in histories]
        forest = self._forest
        if forest is None:
            return results
        observed = [
            (number, observation)
            for number, history in enumerate(histories)
            if (observation := self.observe(history)) is not None and self._suffices(observation)
        ]
        if observed:
            for place, finding in self._unusual(forest, observed, histories):
                results[place].append(finding)
        return results

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell how rare such a vehicle is and what sets it apart."""
        return tell(facts, self.population)

    def _suffices(self, observation: Observation) -> bool:
        stated = sum(not isnan(value) for value in observation.values)
        return stated >= self.parameters.minimum_features

    def _unusual(
        self,
        forest: TrainedForest,
        observed: list[tuple[int, Observation]],
        histories: Sequence[VehicleHistory],
    ) -> Iterator[tuple[int, Finding]]:
        values = np.array([observation.values for _, observation in observed])
        judged = judge(forest, values, [observation.province for _, observation in observed])
        limits = np.array([self.limit(observation) for _, observation in observed])
        rows = np.flatnonzero(judged.p_value <= limits)
        if len(rows) == 0:
            return
        reasons = explain_rows(forest, values, judged, rows)
        opinions = agreeing(forest, judged.standardised[rows], limits[rows]).tolist()
        for row, why, agree in zip(rows, reasons, opinions, strict=True):
            place, observation = observed[row]
            rarity = _Rarity(
                score=float(judged.score[row]),
                p_value=float(judged.p_value[row]),
                limit=float(limits[row]),
                compared_with=len(forest.calibration.forest),
                second_opinions=agree,
            )
            yield place, self._finding(histories[place], observation, rarity, why)

    def _finding(
        self,
        history: VehicleHistory,
        observation: Observation,
        rarity: "_Rarity",
        reasons: tuple[Reason, ...],
    ) -> Finding:
        finding = self.finding(
            history,
            observation.closing,
            severity=self.severity(observation, rarity.second_opinions),
            closeness=rarity.closeness,
            facts={
                "p_value": round(rarity.p_value, 7),
                "p_limit": rarity.limit,
                "anomaly_score": round(rarity.score, 6),
                "second_opinions": rarity.second_opinions,
                "compared_with": rarity.compared_with,
                **reason_facts(reasons),
            },
            evidence=observation.sources,
        )
        return msgspec.structs.replace(finding, model_id=self._model_id)


class _Rarity(NamedTuple):
    """How unusual a vehicle is."""

    score: float
    p_value: float
    limit: float
    compared_with: int
    """Held-out vehicles that the p-value counts among."""
    second_opinions: int

    @property
    def closeness(self) -> float:
        """How bad from 0 to 1: half by the p-value's depth below the limit, half by opinions."""
        least = 1.0 / (self.compared_with + 1)
        span = log(self.limit / least)
        depth = log(self.limit / self.p_value) / span if span > 0 else 1.0
        return 0.5 * depth + 0.25 * self.second_opinions
