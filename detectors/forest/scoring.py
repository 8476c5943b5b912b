"""Score rows with a packed forest: scikit-learn's numbers to the last bit, without overhead."""

import numpy as np
import numpy.typing as npt

from detectors.forest.compiled import FEW, compiled_places, compiling_pays
from detectors.forest.packing import FloatArray, IndexArray, PackedForest

_BLOCK = 512  # rows walked together: their places stay in the processor's cache


class RowError(ValueError):
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
    sums = [_sums(forest, bottom_places(forest, block)) for block in row_blocks(forest, rows)]
    return sums[0] if len(sums) == 1 else np.concatenate(sums)


def places_of(forest: PackedForest, rows: npt.ArrayLike) -> IndexArray:
    """Check rows and say where they end in the trees, see `bottom_places`."""
    places = [bottom_places(forest, block) for block in row_blocks(forest, rows)]
    return places[0] if len(places) == 1 else np.concatenate(places)


def row_blocks(forest: PackedForest, rows: npt.ArrayLike) -> list[npt.NDArray[np.float32]]:
    """Check rows and cut them into blocks that are walked together, at least one."""
    values = as_rows(forest, rows)
    return [values[start : start + _BLOCK] for start in range(0, max(len(values), 1), _BLOCK)]


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
