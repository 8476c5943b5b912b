"""Two models beside each other, on the same vehicles."""

from dataclasses import dataclass

import numpy as np

from detectors.forest.judging import judge
from detectors.forest.trained import TrainedForest
from streams.models.population import Rows

LEVEL = 0.01
_FEW = 2  # fewer vehicles have no rank correlation


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two forests judge the same vehicles at p <= 0.01.

    Attributes
    ----------
    vehicles
        How many were judged.
    both, only_first, only_second
        Unusual to both, to one of them.
    rank_correlation
        Spearman's, of the anomaly scores; ``None`` where fewer than three were judged.
    """

    vehicles: int
    both: int
    only_first: int
    only_second: int
    rank_correlation: float | None


def compare(first: TrainedForest, second: TrainedForest, rows: Rows) -> Agreement:
    """Judge vehicles by two forests."""
    values = rows.table()
    if not len(values):
        return Agreement(0, 0, 0, 0, None)
    one, other = judge(first, values, rows.provinces), judge(second, values, rows.provinces)
    by_first, by_second = one.p_value <= LEVEL, other.p_value <= LEVEL
    correlation = None
    if len(values) > _FEW:
        first_rank, second_rank = one.score.argsort().argsort(), other.score.argsort().argsort()
        correlation = round(float(np.corrcoef(first_rank, second_rank)[0, 1]), 4)
    return Agreement(
        vehicles=len(values),
        both=int((by_first & by_second).sum()),
        only_first=int((by_first & ~by_second).sum()),
        only_second=int((~by_first & by_second).sum()),
        rank_correlation=correlation,
    )
