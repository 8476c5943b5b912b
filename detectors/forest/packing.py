"""Pack a fitted scikit-learn isolation forest into perfect trees that numpy can walk.

Every tree is stored as if it were perfect (all leaves at the same depth): an early leaf is repeated
over all the places below it. A row then needs exactly `depth` steps in every tree and no branch, so
all trees advance together. Nodes are numbered as in a binary heap: the root is 1, the children of
``i`` are ``2i`` and ``2i + 1``.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from detectors.errors import ZeromileError

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]

MAX_DEPTH = 16
"""Deepest tree that is packed: 65,536 training rows a tree, 100 MB for 100 trees; deeper ones are
refused."""


class ForestError(ZeromileError, ValueError):
    """A forest that cannot be used: unfitted, damaged or outside the limits; says why."""


class FittedForest(Protocol):
    """What packing reads from a fitted ``sklearn.ensemble.IsolationForest``."""

    estimators_: list[Any]
    estimators_features_: list[npt.NDArray[np.intp]]
    n_features_in_: int
    max_samples_: int


@dataclass(frozen=True, eq=False)
class PackedForest:
    """An isolation forest as flat arrays.

    Attributes
    ----------
    feature
        Column tested at each node, shape ``(trees, 2**depth)``; slot 0 is unused.
    threshold
        A row goes right when its value (as float32) is greater; ``+inf`` below an early leaf.
        float32, rounded *down* from scikit-learn's float64: for float32 values both give the same
        answer, at half the memory.
    leaf_length
        Path length credited at each bottom place, ``(trees, 2**depth)``: depth of the leaf plus the
        expected further depth of the training rows that ended in it.
    expectation
        Mean of `leaf_length` below each node, weighted by the training rows, ``(trees, 2 *
        2**depth)``.
    normaliser
        Path length at which the score is one half: number of trees times the mean of a random
        search tree.
    n_features
        Columns of a row.
    """

    feature: IndexArray
    threshold: npt.NDArray[np.float32]
    leaf_length: FloatArray
    expectation: FloatArray
    normaliser: float
    n_features: int

    @property
    def trees(self) -> int:
        """Number of trees."""
        return int(self.feature.shape[0])

    @property
    def depth(self) -> int:
        """Steps from the root to a bottom place."""
        return int(self.feature.shape[1]).bit_length() - 1

    @cached_property
    def levels(self) -> tuple[tuple[IndexArray, npt.NDArray[np.float32]], ...]:
        """Features and thresholds level by level, tree after tree within a level.

        Place ``i`` of one level has the children ``2i`` and ``2i + 1`` in the next, whatever its tree:
        that spares the walk an addition for every step of every tree.
        """
        return tuple(
            (self.feature[:, first : 2 * first].ravel(), self.threshold[:, first : 2 * first].ravel())
            for first in (1 << level for level in range(self.depth))
        )


_PAIR = 2  # so many rows are told apart by one cut


def average_path_length(rows: npt.ArrayLike) -> FloatArray:
    """Give the expected depth at which a random search tree of so many rows isolates one.

    Parameters
    ----------
    rows
        Numbers of training rows, any shape.

    Returns
    -------
    ndarray
        ``2 (ln(n - 1) + Euler's gamma) - 2 (n - 1) / n``; 1 for two rows, 0 for fewer. Liu, Ting
        and Zhou (2008), eq. 1.
    """
    n = np.asarray(rows, dtype=np.float64)
    safe = np.where(n > _PAIR, n, 3.0)  # keeps the logarithm away from zero where the value is not used
    length = 2.0 * (np.log(safe - 1.0) + np.euler_gamma) - 2.0 * (safe - 1.0) / safe
    result: FloatArray = np.where(n > _PAIR, length, np.where(n == _PAIR, 1.0, 0.0))
    return result


def pack(forest: FittedForest) -> PackedForest:
    """Pack a fitted isolation forest.

    Parameters
    ----------
    forest
        A fitted ``sklearn.ensemble.IsolationForest``. Its node tables are checked first, so a
        damaged one raises here instead of reading outside its memory later.

    Raises
    ------
    ForestError
        When the forest is not fitted, a node table is inconsistent, or a tree is too deep.
    """
    if not getattr(forest, "estimators_", None):
        raise ForestError("the isolation forest is not fitted: it has no trees")
    features = int(forest.n_features_in_)
    tables = [
        _TreeTable(number, estimator.tree_, columns, features)
        for number, (estimator, columns) in enumerate(
            zip(forest.estimators_, forest.estimators_features_, strict=True)
        )
    ]
    depth = max(1, *(table.depth for table in tables))
    if depth > MAX_DEPTH:
        raise ForestError(f"a tree is {depth} levels deep; at most {MAX_DEPTH} are packed")
    shape = (len(tables), 1 << depth)
    packed = PackedForest(
        feature=np.zeros(shape, np.intp),
        threshold=np.full(shape, np.inf, np.float32),
        leaf_length=np.zeros(shape),
        expectation=np.zeros((len(tables), 2 << depth)),
        normaliser=float(len(tables) * average_path_length([forest.max_samples_])[0]),
        n_features=features,
    )
    for number, table in enumerate(tables):
        table.write(packed, number)
    return packed


def round_down(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Give the greatest float32 that is not above each value.

    For a float32 ``x`` and a float64 threshold ``t``, ``x <= t`` exactly when ``x <=
    round_down(t)``.
    """
    wide = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        near = wide.astype(np.float32)
        lower = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(np.float64) > wide, lower, near)


class _TreeTable:
    """One tree's node table, checked and measured."""

    def __init__(self, number: int, tree: Any, columns: IndexArray, features: int) -> None:
        self.number = number
        self.left = np.asarray(tree.children_left, np.intp)
        self.right = np.asarray(tree.children_right, np.intp)
        self.leaf = self.left < 0
        self.threshold = round_down(tree.threshold)
        self.rows = np.asarray(tree.n_node_samples, np.float64)
        local = np.asarray(tree.feature, np.intp)
        self._check_nodes(local, len(columns))
        columns = np.asarray(columns, np.intp)
        if columns.min(initial=0) < 0 or columns.max(initial=0) >= features:
            raise ForestError(f"tree {number} names a column outside 0..{features - 1}")
        self.feature = np.where(self.leaf, 0, columns[np.where(self.leaf, 0, local)])
        self._measure()

    def _check_nodes(self, local: IndexArray, columns: int) -> None:
        """Refuse node tables that are not one tree with children after their parents."""
        count = len(self.left)
        order = np.arange(count)
        inner = ~self.leaf
        children = np.sort(np.concatenate([self.left[inner], self.right[inner]]))
        sound = (
            count > 0
            and np.array_equal(self.leaf, self.right < 0)
            and np.array_equal(children, order[1:])  # every node but the root has exactly one parent
            and bool(np.all(self.left[inner] > order[inner]))
            and bool(np.all(self.right[inner] > order[inner]))
            and bool(np.all((local[inner] >= 0) & (local[inner] < columns)))
            and bool(np.all(self.rows >= 1))
            and not np.isnan(self.threshold[inner]).any()
        )
        if not sound:
            raise ForestError(f"the node table of tree {self.number} is damaged")

    def _measure(self) -> None:
        """Place every node in the heap and compute path lengths and expectations."""
        count = len(self.left)
        level = np.zeros(count, np.intp)
        place = np.ones(count, np.intp)
        for node in np.flatnonzero(~self.leaf):
            left, right = self.left[node], self.right[node]
            level[left] = level[right] = level[node] + 1
            if level[left] > MAX_DEPTH:
                raise ForestError(f"tree {self.number} is more than {MAX_DEPTH} levels deep")
            place[left], place[right] = 2 * place[node], 2 * place[node] + 1
        # scikit-learn counts the root as depth 1 and takes the 1 away at the end: the same order of
        # operations here, since floating-point addition would otherwise differ in the last bit.
        length = (level + 1) + average_path_length(self.rows) - 1.0
        weight = self.rows * np.where(self.leaf, length, 0.0)
        cover = np.where(self.leaf, self.rows, 0.0)
        for node in np.flatnonzero(~self.leaf)[::-1]:
            children = [self.left[node], self.right[node]]
            weight[node] = weight[children].sum()
            cover[node] = cover[children].sum()
        self.level, self.place, self.length = level, place, length
        self.expectation = np.where(self.leaf, length, weight / cover)
        self.depth = int(level.max())

    def write(self, packed: PackedForest, row: int) -> None:
        """Write this tree into its row of the packed arrays."""
        inner = ~self.leaf
        packed.feature[row, self.place[inner]] = self.feature[inner]
        packed.threshold[row, self.place[inner]] = self.threshold[inner]
        packed.expectation[row, self.place[inner]] = self.expectation[inner]
        bottom = 1 << packed.depth
        for node in np.flatnonzero(self.leaf):
            spread = packed.depth - self.level[node]
            first = (self.place[node] << spread) - bottom
            packed.leaf_length[row, first : first + (1 << spread)] = self.length[node]
            for below in range(spread + 1):
                start = self.place[node] << below
                packed.expectation[row, start : start + (1 << below)] = self.expectation[node]
