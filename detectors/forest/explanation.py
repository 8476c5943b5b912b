"""Why a vehicle was isolated: its most telling features with value, place and weight."""

from dataclasses import dataclass

import numpy as np

from detectors.forest.feature_set import FeatureSet
from detectors.forest.judging import Judgements, contributions
from detectors.forest.packing import FloatArray, IndexArray
from detectors.forest.trained import TrainedForest

REASONS = 3
"""Features that an alert names."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One column's part in a judgement.

    Attributes
    ----------
    column
        Name of the column.
    label
        What an alert calls it.
    value
        The measured value, in `unit`; for a residual that of its target.
    unit
        Unit of `value`, empty for counts and shares.
    usual
        For a residual, what the reference population would let expect instead; else ``None``.
    percentile
        Share of the reference population below the column's value, 0 to 100.
    weight
        The column's share of all that isolates the vehicle, 0 to 1.
    """

    column: str
    label: str
    value: float
    unit: str
    usual: float | None
    percentile: float
    weight: float


def explain_rows(
    forest: TrainedForest, values: FloatArray, judged: Judgements, rows: IndexArray
) -> list[tuple[Reason, ...]]:
    """Name the features that isolate some of the judged vehicles, the heaviest first.

    Parameters
    ----------
    forest
        The forest that judged.
    values
        The measured values of all judged vehicles.
    judged
        Its judgements.
    rows
        Which of them to explain.

    Returns
    -------
    list of tuple of Reason
        At most three reasons a vehicle. A value that is not stated is never a reason, nor is a
        column that makes the vehicle look more ordinary.
    """
    weights = np.maximum(contributions(forest, judged.standardised[rows]), 0.0)
    weights[np.isnan(judged.columns[rows])] = 0.0
    return [
        tuple(
            _reason(forest, values[row], judged.columns[row], column, part[column] / part.sum())
            for column in np.argsort(-part, kind="stable")[:REASONS]
            if part[column] > 0
        )
        for row, part in zip(rows, weights, strict=True)
    ]


def _reason(
    forest: TrainedForest, values: FloatArray, columns: FloatArray, column: int, weight: float
) -> Reason:
    features = forest.preparation.features
    measured, usual = _measured(features, columns, column)
    feature = features.features[measured]
    below = np.searchsorted(forest.percentiles[column], columns[column], side="left")
    above = np.searchsorted(forest.percentiles[column], columns[column], side="right")
    value = float(values[measured])
    return Reason(
        column=features.columns[column],
        label=features.labels[column],
        value=value,
        unit=feature.unit,
        usual=None if usual is None else _unscale(features, measured, value, usual),
        percentile=min(100.0, float(below + above) / 2),
        weight=float(weight),
    )


def _measured(features: FeatureSet, columns: FloatArray, column: int) -> tuple[int, float | None]:
    """Position of the measured feature behind a column, and its residual if the column is one."""
    seen = features.seen
    if column < len(seen):
        return seen[column], None
    target = features.relations[column - len(seen)].target
    return features.measured.index(target), float(columns[column])


def _unscale(features: FeatureSet, measured: int, value: float, residual: float) -> float:
    """Usual value from the observed one and its residual, in natural units."""
    if features.features[measured].scale == "log":
        return max(0.0, float(np.expm1(np.log1p(value) - residual)))
    return value - residual
