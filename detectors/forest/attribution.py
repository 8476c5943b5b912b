"""Which features isolate a row: path attribution, additive to the path length it explains.

Walking down a tree, the expected path length changes at every step from that of the node to that of
the child the row goes to. The change is credited to the feature that the step tests. Summed over
all trees, the credits of a row's features and the expectation at the roots give the row's path
length, exactly. (The idea is Saabas's for random forests, applied to isolation depth.) A *negative*
credit means "isolates the row sooner".
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectors.forest.packing import FloatArray, PackedForest
from detectors.forest.scoring import as_rows

_BLOCK = 1024  # rows explained together; a row needs trees x depth intermediate values


@dataclass(frozen=True, slots=True)
class Attribution:
    """The path length of some rows, taken apart.

    Attributes
    ----------
    baseline
        Expected sum of path lengths over all trees before anything is known of a row.
    contributions
        Shape ``(rows, features)``, in tree levels summed over trees; `baseline` plus a row's sum is
        its path length.
    """

    baseline: float
    contributions: FloatArray


def attribute(forest: PackedForest, rows: npt.ArrayLike) -> Attribution:
    """Take the path lengths of rows apart by feature.

    Parameters
    ----------
    forest
        The packed forest.
    rows
        Shape ``(rows, features)``, no NaN.
    """
    values = as_rows(forest, rows)
    blocks = [
        _contributions(forest, values[start : start + _BLOCK])
        for start in range(0, len(values), _BLOCK)
    ]
    parts = np.concatenate(blocks) if blocks else np.zeros((0, forest.n_features))
    return Attribution(baseline=float(forest.expectation[:, 1].sum()), contributions=parts)


def _contributions(forest: PackedForest, values: npt.NDArray[np.float32]) -> FloatArray:
    count, columns = values.shape
    feature, threshold = forest.feature.ravel(), forest.threshold.ravel()
    expectation = forest.expectation.ravel()
    node_start = np.arange(forest.trees) << forest.depth
    expectation_start = node_start * 2
    row_start = (np.arange(count) * columns)[:, None]
    flat = values.ravel()
    place = np.ones((count, forest.trees), np.intp)
    before = expectation.take(place + expectation_start)
    result = np.zeros(count * columns)
    for _ in range(forest.depth):
        node = place + node_start
        cell = feature.take(node) + row_start
        place += place + (flat.take(cell) > threshold.take(node))
        after = expectation.take(place + expectation_start)
        result += np.bincount(cell.ravel(), weights=(after - before).ravel(), minlength=result.size)
        before = after
    return result.reshape(count, columns)
