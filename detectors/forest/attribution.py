"""Which features isolate a row: path attribution, additive to the path length it explains.

Walking down a tree, the expected path length changes at every step from that of the node to that of
the child the row goes to. The change is credited to the feature that the step tests. Summed over
all trees, the credits of a row's features and the expectation at the roots give the row's path
length, exactly. (The idea is Saabas's for random forests, applied to isolation depth.) A *negative*
credit means "isolates the row sooner".
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from detectors.forest.packing import FloatArray, IndexArray, PackedForest
from detectors.forest.scoring import places_of

LARGEST_TABLE = 64 << 20
"""Bytes that the credits of all leaves of a forest may take; with 100 trees of 1,024 rows 8 MB."""

_BLOCK = 512  # rows explained together; a row needs trees x columns intermediate values


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
    parts = contributions_at(forest, places_of(forest, rows))
    return Attribution(baseline=float(forest.expectation[:, 1].sum()), contributions=parts)


def contributions_at(forest: PackedForest, places: IndexArray) -> FloatArray:
    """Contributions of the columns to the path lengths of rows that end at `places`.

    Parameters
    ----------
    forest
        The packed forest.
    places
        As :func:`detectors.forest.scoring.bottom_places` gives them.
    """
    table = _table(forest)
    result = np.empty((len(places), forest.n_features))
    for start in range(0, len(places), _BLOCK):
        block = places[start : start + _BLOCK]
        credited = _credits(forest, block) if table is None else table.take(block, axis=0)
        credited.sum(axis=1, out=result[start : start + _BLOCK])
    return result


def _table(forest: PackedForest) -> FloatArray | None:
    """Credits at every bottom place of every tree, ``None`` where they would take too much memory."""
    size = forest.leaf_length.size * forest.n_features * np.float64().itemsize
    if size > LARGEST_TABLE:
        return None
    table = _tables.get(forest)
    if table is None:
        places = np.arange(forest.leaf_length.size).reshape(forest.trees, -1).T
        credited = _credits(forest, places).swapaxes(0, 1)
        table = _tables[forest] = credited.reshape(-1, forest.n_features)
    return table


_tables: WeakKeyDictionary[PackedForest, FloatArray] = WeakKeyDictionary()


def _credits(forest: PackedForest, places: IndexArray) -> FloatArray:
    """Credits of every column in every tree, shape ``(rows, trees, columns)``.

    Parameters
    ----------
    forest
        The packed forest.
    places
        Where the rows end, as :func:`bottom_places` gives it. All places on the way there follow from
        that: the parent of ``i`` is ``i // 2``.
    """
    count, trees = places.shape
    result = np.zeros(count * trees * forest.n_features)
    start = np.arange(count * trees).reshape(count, trees) * forest.n_features
    tree, local = np.arange(trees), places + (1 << forest.depth)
    local -= tree << forest.depth
    before = forest.expectation[tree, 1]
    for below in range(forest.depth - 1, -1, -1):
        child = local >> below
        after = forest.expectation[tree, child]
        # a row has one step in a tree and level: no cell comes twice
        result[start + forest.feature[tree, child >> 1]] += after - before
        before = after
    return result.reshape(count, trees, forest.n_features)
