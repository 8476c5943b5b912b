"""Walk packed trees in machine code where numba is installed (the optional extra ``compiled``).

Only the walk is compiled: it compares and does not compute, so everything stays equal to the last
bit. Measured for 100 trees of 1,024: one row takes a third of the time, from ten rows on hardly
anything is gained, and more than a second goes by before the first. So it is compiled for who scores
few rows at a time and does so often: a service, hardly ever a replay.
"""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.forest.packing import IndexArray, PackedForest

AVAILABLE = find_spec("numba") is not None
"""Whether numba is installed."""

FEW = 8
"""Most rows for which compiled code is faster than numpy."""

PATIENCE = 40_000
"""So many calls with few rows lose in numpy what compiling takes."""

_calls = count(1)


def compiling_pays() -> bool:
    """Note a call with few rows, and say whether there were enough of them to compile for."""
    return AVAILABLE and next(_calls) > PATIENCE


def compiled_places(forest: PackedForest, values: npt.NDArray[np.float32]) -> IndexArray:
    """Let rows fall through all trees: :func:`detectors.forest.scoring.bottom_places`.

    Raises
    ------
    ModuleNotFoundError
        Without numba.
    """
    places = np.empty((len(values), forest.trees), np.intp)
    _kernel()(forest.feature, forest.threshold, forest.depth, values, places)
    return places


@cache
def _kernel() -> Callable[..., None]:
    """Compile on first use, about a second."""
    from numba import njit  # noqa: PLC0415 - optional, and slow to import

    compiled: Callable[..., None] = njit(nogil=True)(_walk)
    return compiled


def _walk(feature: Any, threshold: Any, depth: int, values: Any, places: Any) -> None:
    """Walk row by row, tree by tree: the innermost loop is the descent."""
    bottom = 1 << depth
    for row in range(values.shape[0]):
        for tree in range(feature.shape[0]):
            place = 1
            for _ in range(depth):
                right = values[row, feature[tree, place]] > threshold[tree, place]
                place = 2 * place + (1 if right else 0)
            places[row, tree] = place - bottom + tree * bottom
