"""What the two forest findings share: judging a batch of histories at once."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, NamedTuple

import numpy as np
from msgspec import Meta

from detectors.base import Detector, Parameters
from detectors.findings import Fact, Finding, Severity, anchor_of, score_in_band
from detectors.forest.explanation import REASON_FACTS, explain_rows
from detectors.forest.feature_set import MONEY
from detectors.forest.judging import judge, second_opinions
from detectors.forest.life_cycle import Observation
from detectors.forest.trained import ForestModel, TrainedForest
from detectors.forest.wording import tell
from detectors.history import VehicleHistory
from detectors.screens import AnySummary


class ForestParameters(Parameters, frozen=True, kw_only=True):
    """Limits of a forest's finding."""

    minimum_features: Annotated[int, Meta(ge=1, le=20)]
    """Fewest features that the documents must state; with fewer a vehicle is not judged."""
    p_export: Annotated[float, Meta(gt=0, le=0.5)]
    """Greatest p-value reported: the share of the exports compared with that are."""


class ForestDetector(Detector[ForestParameters]):
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

    parameters_type = ForestParameters
    population: ClassVar[str]
    """What vehicles are compared with, in words."""

    def __init__(self, parameters: ForestParameters, model: ForestModel | None = None) -> None:
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

    def concerns_content(self, content: int, documents: int) -> bool:
        """Nothing concerns a finding without a forest."""
        return self._forest is not None and super().concerns_content(content, documents)

    def passes(self, summary: AnySummary) -> bool:
        """Nothing passes the screen of a finding without a forest."""
        return self._forest is not None and super().passes(summary)

    def screen_sql(self) -> str:
        """The same over a row of summaries."""
        return "false" if self._forest is None else super().screen_sql()

    def concerned(self, histories: Sequence[VehicleHistory]) -> list[int]:
        """Places of the histories that hold the kinds of documents the detector needs."""
        several = self.spec.screen.documents
        kinds = [(history.content, min(len(history.documents), several)) for history in histories]
        concerned = {kind for kind in set(kinds) if self.concerns_content(*kind)}
        return [place for place, kind in enumerate(kinds) if kind in concerned]

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding."""
        return iter(self.findings_of([history])[0])

    def judge_batch(self, histories: Sequence[VehicleHistory]) -> list[list[Finding]]:
        """Findings of many histories within the period of validity, in their order."""
        results = self.findings_of(histories)
        if self._always_in_force:
            return results
        return [list(filter(self.parameters.in_force, found)) for found in results]

    def findings_of(self, histories: Sequence[VehicleHistory]) -> list[list[Finding]]:
        """Judge many histories at once, regardless of the period of validity."""
        results: list[list[Finding]] = [[] for _ in histories]
        if self._forest is None:
            return results
        observed = [
            (place, observation)
            for place, history in enumerate(histories)
            if (observation := self.observe(history)) is not None
        ]
        if observed:
            for place, observation, rarity, reasons in self._unusual(self._forest, observed):
                finding = self._finding(histories[place], observation, rarity, reasons)
                results[place].append(finding)
        return results

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell how rare such a vehicle is and what sets it apart."""
        return tell(facts, self.population)

    def _unusual(
        self, forest: TrainedForest, observed: list[tuple[int, Observation]]
    ) -> Iterator[tuple[int, Observation, "_Rarity", dict[str, Fact]]]:
        """Judge all, and of those with enough evidence explain the ones within the limit."""
        values = np.array([observation.values for _, observation in observed])
        judged = judge(forest, values, [observation.province for _, observation in observed])
        stated = np.count_nonzero(~np.isnan(values), axis=1)
        suffices = stated >= self.parameters.minimum_features
        limit = self.parameters.p_export
        rows = np.flatnonzero(suffices & (judged.p_value <= limit))
        if len(rows) == 0:
            return
        levels = np.full(len(rows), limit)
        opinions = second_opinions(forest, judged.standardised[rows], levels)
        rarities = zip(
            judged.score[rows].tolist(),
            judged.p_value[rows].tolist(),
            opinions.agreeing.tolist(),
            opinions.distant.tolist(),
            opinions.closeness.tolist(),
            strict=True,
        )
        compared_with = len(forest.calibration.forest)
        reasons = explain_rows(forest, values, judged, rows)
        for row, rarity, why in zip(rows.tolist(), rarities, reasons, strict=True):
            yield *observed[row], _Rarity(*rarity, compared_with), why

    def _finding(
        self,
        history: VehicleHistory,
        observation: Observation,
        rarity: "_Rarity",
        reasons: dict[str, Fact],
    ) -> Finding:
        closing = observation.closing
        # the distance leads the rank, so it also decides between the bands
        severity: Severity = "medium" if rarity.distant else "low"
        facts: dict[str, Fact] = {
            "p_value": round(rarity.p_value, 7),
            "p_limit": self.parameters.p_export,
            "anomaly_score": round(rarity.score, 6),
            "second_opinions": rarity.second_opinions,
            "compared_with": rarity.compared_with,
        }
        facts.update(reasons)
        facts |= {each: self.country.currency for each in _UNITS if facts.get(each) == MONEY}
        return Finding(
            self.spec.id,
            anchor_of(closing),
            closing.occurred_at,
            severity,
            score_in_band(severity, rarity.closeness),
            facts,
            history.evidence(*observation.documents(history)),
            history.labels(closing),
            None,
            self._model_id,
        )


_UNITS: Final = tuple(names[2] for names in REASON_FACTS)
"""Facts that hold the units of reasons."""


class _Rarity(NamedTuple):
    """How unusual a vehicle is."""

    score: float
    p_value: float
    second_opinions: int
    distant: bool
    """Whether the robust Mahalanobis distance is beyond the limit too."""
    closeness: float
    """How far out by that distance, from 0 to 1."""
    compared_with: int
    """Held-out vehicles that the p-value counts among."""
