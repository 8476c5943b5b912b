"""Walk packed trees in machine code where numba is installed (the optional extra ``compiled``).

Only the walk and the sum are compiled: both are exact, so the scores stay equal to the last bit.
"""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.forest.packing import FloatArray, PackedForest

AVAILABLE = find_spec("numba") is not None
"""Whether numba is installed."""


def compiled_path_length_sums(forest: PackedForest, values: npt.NDArray[np.float32]) -> FloatArray:
    """Sum each row's path length over all trees, in their order.

    Parameters
    ----------
    forest
        The packed forest.
    values
        Checked rows, contiguous float32.

    Raises
    ------
    ModuleNotFoundError
        Without numba.
    """
    total = np.zeros(len(values))
    arrays = (forest.feature, forest.threshold, forest.leaf_length)
    _kernel()(*arrays, forest.depth, values, total)
    return total


@cache
def _kernel() -> Callable[..., None]:
    """Compile on first use, about a second."""
    from numba import njit  # noqa: PLC0415 - optional, and slow to import

    compiled: Callable[..., None] = njit(nogil=True)(_walk)
    return compiled


def _walk(  # noqa: PLR0917 - numba calls by position
    feature: Any, threshold: Any, leaf_length: Any, depth: int, values: Any, total: Any
) -> None:
    """Walk row by row, tree by tree: the innermost loop is the descent."""
    bottom = 1 << depth
    for row in range(values.shape[0]):
        length = 0.0
        for tree in range(feature.shape[0]):
            place = 1
            for _ in range(depth):
                right = values[row, feature[tree, place]] > threshold[tree, place]
                place = 2 * place + (1 if right else 0)
            length += leaf_length[tree, place - bottom]
        total[row] = length
