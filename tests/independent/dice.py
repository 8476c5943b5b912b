"""Draws of chance: one seeded stream, taken from NumPy in blocks because single draws are slow."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")
_BLOCK = 1 << 16


class Weighted(Generic[T]):
    """Things and how often each of them happens, beside the others."""

    def __init__(self, weights: Mapping[T, float]) -> None:
        self.things = tuple(weights)
        self.bounds = list(accumulate(weights.values()))

    def at(self, share: float) -> T:
        """The thing at a share (0 to 1) of the whole weight."""
        return self.things[bisect(self.bounds, share * self.bounds[-1])]


class Dice:
    """A seeded source of chance."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))
        self._shares: list[float] = []
        self._normals: list[float] = []

    def share(self) -> float:
        """Between 0 and 1, each as likely."""
        if not self._shares:
            self._shares = self._generator.random(_BLOCK).tolist()
        return self._shares.pop()

    def normal(self) -> float:
        """Around 0, with deviation 1."""
        if not self._normals:
            self._normals = self._generator.standard_normal(_BLOCK).tolist()
        return self._normals.pop()

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.share() < probability

    def between(self, low: float, high: float) -> float:
        """Between two bounds, each as likely."""
        return low + (high - low) * self.share()

    def about(self, median: float, spread: float) -> float:
        """Around a median, log-normally: a ``spread`` of 0.7 puts two thirds between a half and the
        double."""
        return median * math.exp(spread * self.normal())

    def number(self, least: int, most: int) -> int:
        """A whole number between two, both included."""
        return least + int(self.share() * (most - least + 1))

    def count(self, mean: float) -> int:
        """How often something rare happens (Poisson)."""
        limit, product, times = math.exp(-mean), self.share(), 0
        while product > limit:
            product *= self.share()
            times += 1
        return times

    def one_of(self, things: Sequence[T]) -> T:
        """One of several, each as likely."""
        return things[int(self.share() * len(things))]

    def front_of(self, things: Sequence[T], skew: float = 2.5) -> T:
        """One of several, the earlier ones more often: firms differ in size."""
        return things[int(self.share() ** skew * len(things))]

    def weighted(self, things: Weighted[T]) -> T:
        """One of several, by their weights."""
        return things.at(self.share())
