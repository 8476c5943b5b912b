"""Judge a batch of vehicles by a trained forest."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectors.forest.attribution import attribute, contributions_at
from detectors.forest.conformal import p_values
from detectors.forest.packing import FloatArray, IndexArray
from detectors.forest.scoring import anomaly_scores, places_of, scores_at
from detectors.forest.trained import TrainedForest

_LEAST_DISTANCE = 1e-12  # where a row and the held-out ones all lie in the centre

_KEPT = 8192  # rows whose places are kept: 800 bytes each with 100 trees


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
    places
        Where the rows end in the trees, for an explanation to start from; ``None`` for more rows than
        a detector is ever asked about at once.
    """

    score: FloatArray
    p_value: FloatArray
    columns: FloatArray
    standardised: FloatArray
    places: IndexArray | None


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
    places = places_of(forest.packed, rows) if len(rows) <= _KEPT else None
    score = anomaly_scores(forest.packed, rows) if places is None else scores_at(forest.packed, places)
    return Judgements(
        score=score,
        p_value=p_values(forest.calibration.forest, score),
        columns=columns,
        standardised=rows,
        places=places,
    )


@dataclass(frozen=True, slots=True)
class SecondOpinions:
    """What robust Mahalanobis distance and frozen ECOD say of some vehicles, one row each.

    Attributes
    ----------
    agreeing
        How many of the two find the row abnormal too: 0, 1 or 2.
    distant
        Whether the distance does.
    closeness
        From 0 to 1, how far out the row lies: ``d / (d + limit)``, where ``d`` is its squared
        distance and ``limit`` that which a share of the level among the held-out vehicles reach.
        Unlike a p-value it still tells apart the rows that lie beyond all held-out ones.
    """

    agreeing: npt.NDArray[np.intp]
    distant: npt.NDArray[np.bool_]
    closeness: FloatArray


def second_opinions(
    forest: TrainedForest, standardised: FloatArray, levels: FloatArray
) -> SecondOpinions:
    """Ask for the second opinions.

    Parameters
    ----------
    forest
        The trained forest.
    standardised
        Rows as the forest saw them.
    levels
        Greatest p-value that counts as abnormal, of each row.
    """
    calibration = forest.calibration
    distance = forest.mahalanobis.scores(standardised)
    distant = p_values(calibration.mahalanobis, distance) <= levels
    ecod = p_values(calibration.ecod, forest.ecod.scores(standardised)) <= levels
    held_out = calibration.mahalanobis
    place = np.minimum(np.floor((1.0 - levels) * len(held_out)), len(held_out) - 1).astype(np.intp)
    closeness: FloatArray = distance / np.maximum(distance + held_out[place], _LEAST_DISTANCE)
    return SecondOpinions(distant.astype(np.intp) + ecod, distant, closeness)


def contributions(forest: TrainedForest, judged: Judgements, rows: IndexArray) -> FloatArray:
    """Give how much each column shortens rows' paths, in levels per tree; positive isolates."""
    if judged.places is None:
        lengthening = attribute(forest.packed, judged.standardised[rows]).contributions
    else:
        lengthening = contributions_at(forest.packed, judged.places[rows])
    shortening: FloatArray = -lengthening / forest.packed.trees
    return shortening
