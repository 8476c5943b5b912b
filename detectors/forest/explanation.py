"""Why a vehicle was isolated: its most telling features with value, place and weight."""

from bisect import bisect_left, bisect_right

import numpy as np

from detectors.findings import Fact
from detectors.forest.feature_set import FeatureSet
from detectors.forest.judging import Judgements, contributions
from detectors.forest.packing import FloatArray, IndexArray
from detectors.forest.rounding import rounded
from detectors.forest.trained import TrainedForest

REASONS = 3
"""Features that an alert names."""


_PARTS = ("reason", "value", "unit", "usual", "percentile", "weight")
REASON_FACTS = tuple(tuple(f"{part}_{number}" for part in _PARTS) for number in range(1, REASONS + 1))
"""Names of the facts of the first reason, the second, the third."""


def explain_rows(
    forest: TrainedForest, values: FloatArray, judged: Judgements, rows: IndexArray
) -> list[dict[str, Fact]]:
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
    list of dict
        At most three reasons a vehicle, as facts ``reason_1`` (what an alert calls the column),
        ``value_1`` (as measured, for a residual that of its target), ``unit_1`` (empty for counts and
        shares), ``usual_1`` (for a residual what the reference population would let expect, else
        ``None``), ``percentile_1`` (share of the population below, 0 to 100), ``weight_1`` (share of
        all that isolates the vehicle, 0 to 1), ``reason_2`` and so on. A value that is not stated is
        never a reason, nor is a column that makes the vehicle look more ordinary.
    """
    columns, measured = judged.columns[rows], values[rows]
    weights = np.maximum(contributions(forest, judged, rows), 0.0)
    weights[np.isnan(columns)] = 0.0
    heaviest = np.argsort(-weights, axis=1, kind="stable")[:, :REASONS]
    row = np.arange(len(rows))[:, np.newaxis]
    features = forest.preparation.features
    reasons = np.stack(
        [
            heaviest,
            rounded(measured[:, features.behind][row, heaviest], 2),
            rounded(_usual(features, measured, columns)[row, heaviest], 2),
            columns[row, heaviest],
            rounded(weights[row, heaviest] / weights.sum(axis=1, keepdims=True), 3),
            weights[row, heaviest],
        ],
        axis=2,
    )
    return [_facts(forest, heaviest_first) for heaviest_first in reasons.tolist()]


def _facts(forest: TrainedForest, reasons: list[list[float]]) -> dict[str, Fact]:
    """Facts of one vehicle's reasons."""
    described, percentiles = forest.preparation.features.described, forest.percentile_lists
    facts: dict[str, Fact] = {}
    for names, (number, value, usual, place, share, weight) in zip(REASON_FACTS, reasons, strict=False):
        if not weight > 0:
            break
        column = int(number)
        grid = percentiles[column]
        label, value_name, unit, usual_name, percentile, weight_name = names
        facts[label], measured_in = described[column]
        facts[value_name] = value
        facts[unit] = measured_in
        facts[usual_name] = usual if usual == usual else None  # noqa: PLR0124 - NaN
        facts[percentile] = min(100.0, (bisect_left(grid, place) + bisect_right(grid, place)) / 2)
        facts[weight_name] = share
    return facts


def _usual(features: FeatureSet, measured: FloatArray, columns: FloatArray) -> FloatArray:
    """Usual values in natural units from the observed ones and their residuals; NaN elsewhere."""
    seen, targets = len(features.seen), features.targets
    observed, residuals = measured[:, targets], columns[:, seen:]
    usual = np.full(columns.shape, np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        usual[:, seen:] = np.where(
            features.logarithmic[targets],
            np.maximum(0.0, np.expm1(np.log1p(observed) - residuals)),
            observed - residuals,
        )
    return usual
