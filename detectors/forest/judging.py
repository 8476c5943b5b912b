"""Judge a batch of vehicles by a trained forest."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectors.forest.attribution import attribute
from detectors.forest.conformal import p_values
from detectors.forest.packing import FloatArray
from detectors.forest.scoring import anomaly_scores
from detectors.forest.trained import TrainedForest


@dataclass(frozen=True, slots=True)
class Judgements:
    """What a forest says of some vehicles, one row each.

    Attributes
    ----------
    score
        Anomaly score in (0, 1].
    p_value
        Share of held-out reference vehicles that look at least as abnormal.
    columns
        The columns before standardising, NaN where not stated.
    standardised
        The columns as the forest saw them.
    """

    score: FloatArray
    p_value: FloatArray
    columns: FloatArray
    standardised: FloatArray


def judge(forest: TrainedForest, values: FloatArray, provinces: list[str]) -> Judgements:
    """Judge vehicles; each row's judgement is independent of the others', to the last bit.

    Parameters
    ----------
    forest
        The trained forest.
    values
        Measured features, shape ``(vehicles, features)``, natural units, NaN where missing.
    provinces
        Province of each vehicle; empty when unknown.
    """
    columns = forest.preparation.columns(values)
    rows = forest.preparation.standardise(columns, forest.preparation.province_rows(provinces))
    score = anomaly_scores(forest.packed, rows)
    return Judgements(
        score=score,
        p_value=p_values(forest.calibration.forest, score),
        columns=columns,
        standardised=rows,
    )


def agreeing(
    forest: TrainedForest, standardised: FloatArray, level: float | FloatArray
) -> npt.NDArray[np.intp]:
    """How many of the two second opinions find each row abnormal too, at a level: 0, 1 or 2."""
    calibration = forest.calibration
    mahalanobis = p_values(calibration.mahalanobis, forest.mahalanobis.scores(standardised))
    ecod = p_values(calibration.ecod, forest.ecod.scores(standardised))
    return (mahalanobis <= level).astype(np.intp) + (ecod <= level)


def contributions(forest: TrainedForest, standardised: FloatArray) -> FloatArray:
    """Give how much each column shortens rows' paths, in levels per tree; positive isolates."""
    shortening: FloatArray = -attribute(forest.packed, standardised).contributions / forest.packed.trees
    return shortening
