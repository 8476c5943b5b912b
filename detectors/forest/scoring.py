"""Score rows with a packed forest: scikit-learn's numbers to the last bit, without overhead."""

import numpy as np
import numpy.typing as npt

from detectors.errors import ZeromileError
from detectors.forest.compiled import FEW, compiled_places, compiling_pays
from detectors.forest.packing import FloatArray, IndexArray, PackedForest

WIDE_BATCH = 4096
"""From so many rows on, scores alone are had faster one tree at a time over all rows than all trees
at once over blocks of rows (measured, 100 trees of 1,024, 12 columns: 10,000 rows in 33 ms against 54;
scikit-learn takes 55)."""

_WIDE_BLOCK = 16_384  # rows walked together through one tree
_BLOCK = 512  # rows walked together: their places stay in the processor's cache


class RowError(ZeromileError, ValueError):
    """Rows that cannot be scored: wrong number of columns, or a value that is not a number."""


def anomaly_scores(forest: PackedForest, rows: npt.ArrayLike) -> FloatArray:
    """Score rows; higher is more abnormal.

    Parameters
    ----------
    forest
        The packed forest.
    rows
        Shape ``(rows, features)``, no NaN. Values are compared as float32, as scikit-learn does.

    Returns
    -------
    ndarray
        ``2 ** (-mean path length / expected path length)``, in (0, 1]: exactly the negative of
        ``IsolationForest.score_samples``. A row's score does not depend on the rows beside it.
    """
    return _scores(forest, path_length_sums(forest, rows))


def scores_at(forest: PackedForest, places: IndexArray) -> FloatArray:
    """Score rows of which :func:`bottom_places` has said where they end."""
    return _scores(forest, _sums(forest, places))


def path_length_sums(forest: PackedForest, rows: npt.ArrayLike) -> FloatArray:
    """Sum each row's path length over all trees, adding in the order of the trees.

    Parameters
    ----------
    forest, rows
        As in `anomaly_scores`.

    Returns
    -------
    ndarray
        Shape ``(rows,)``, in tree levels.
    """
    values = as_rows(forest, rows)
    if len(values) < WIDE_BATCH:
        sums = [_sums(forest, bottom_places(forest, block)) for block in _cut(values, _BLOCK)]
    else:
        sums = [_walk_tree_by_tree(forest, block) for block in _cut(values, _WIDE_BLOCK)]
    return sums[0] if len(sums) == 1 else np.concatenate(sums)


def places_of(forest: PackedForest, rows: npt.ArrayLike) -> IndexArray:
    """Check rows and say where they end in the trees, see `bottom_places`."""
    blocks = _cut(as_rows(forest, rows), _BLOCK)
    places = [bottom_places(forest, block) for block in blocks]
    return places[0] if len(places) == 1 else np.concatenate(places)


def _cut(values: npt.NDArray[np.float32], size: int) -> list[npt.NDArray[np.float32]]:
    """Cut rows into blocks, at least one."""
    return [values[start : start + size] for start in range(0, max(len(values), 1), size)]


def as_rows(forest: PackedForest, rows: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Check rows and give them as a contiguous float32 table.

    Raises
    ------
    RowError
        When the table is not two-dimensional, has another number of columns, or holds NaN (a
        missing value must be filled in before: where it would go in a tree is no part of the packed
        form).
    """
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(rows, dtype=np.float32)
    if values.shape != (len(values), forest.n_features):
        raise RowError(f"rows of shape {values.shape}; expected (rows, {forest.n_features})")
    if np.isnan(values).any():
        row, column = np.argwhere(np.isnan(values))[0]
        raise RowError(f"row {row}, column {column} is NaN; fill missing values in before scoring")
    return values


def bottom_places(forest: PackedForest, values: npt.NDArray[np.float32]) -> IndexArray:
    """Let rows fall through all trees.

    Parameters
    ----------
    forest
        The packed forest.
    values
        Rows as `as_rows` gives them.

    Returns
    -------
    ndarray
        Shape ``(rows, trees)``: where each row ends in the bottom level of each tree, as a flat index
        into `leaf_length`.
    """
    if len(values) <= FEW and compiling_pays():
        return compiled_places(forest, values)
    return walk(forest, values)


def walk(forest: PackedForest, values: npt.NDArray[np.float32]) -> IndexArray:
    """Do the same with numpy alone: all rows and trees advance together, level by level."""
    count, columns = values.shape
    flat = values.ravel()
    row_start = (np.arange(count) * columns)[:, None]
    place = np.empty((count, forest.trees), np.intp)
    place[:] = np.arange(forest.trees)
    for feature, threshold in forest.levels:
        cell = feature.take(place)
        if count > 1:
            cell += row_start
        right = flat.take(cell) > threshold.take(place)
        place += place
        place += right
    return place


def _walk_tree_by_tree(forest: PackedForest, values: npt.NDArray[np.float32]) -> FloatArray:
    """Walk one tree after the other with all rows; nothing is allocated in the loop."""
    count, columns = values.shape
    flat = values.ravel()
    row_start = np.arange(count) * columns
    place, column = np.empty(count, np.intp), np.empty(count, np.intp)
    value, threshold = np.empty(count, np.float32), np.empty(count, np.float32)
    right, length = np.empty(count, np.bool_), np.empty(count)
    total = np.zeros(count)
    for tree in range(forest.trees):
        features, thresholds = forest.feature[tree], forest.threshold[tree]
        np.greater(
            values[:, features[1]], thresholds[1], out=right
        )  # the root is the same for every row
        np.add(right, 2, out=place)
        for _ in range(forest.depth - 1):
            # mode="clip" skips numpy's second, buffered pass; the indices are in range by
            # construction
            features.take(place, out=column, mode="clip")
            column += row_start
            flat.take(column, out=value, mode="clip")
            thresholds.take(place, out=threshold, mode="clip")
            np.greater(value, threshold, out=right)
            np.add(place, place, out=place)
            place += right
        place -= 1 << forest.depth
        forest.leaf_length[tree].take(place, out=length, mode="clip")
        total += length
    return total


def _sums(forest: PackedForest, places: IndexArray) -> FloatArray:
    lengths = forest.leaf_length.ravel().take(places)
    # cumsum adds strictly from left to right; sum() would add pairwise and differ in the last bit
    totals: FloatArray = np.cumsum(lengths, axis=1)[:, -1]
    return totals


def _scores(forest: PackedForest, total: FloatArray) -> FloatArray:
    if forest.normaliser == 0.0:
        return np.full(len(total), 0.5)
    result: FloatArray = 2 ** -(total / forest.normaliser)
    return result
