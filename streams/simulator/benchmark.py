"""The published benchmark: two countries by fixed parameters, to learn from and to be scored on."""

from dataclasses import dataclass
from typing import Final

VERSION: Final = 1
"""Raised when a split's documents change for the same parameters."""


@dataclass(frozen=True, slots=True)
class Split:
    """Parameters of one part of the benchmark."""

    seed: int
    start: str
    vehicles: int = 150_000
    days: int = 1_096
    export_share: float = 0.03


SPLITS: Final = {
    "train": Split(seed=20_260_101, start="2021-01-01"),
    "test": Split(seed=20_261_128, start="2023-10-01"),
}
"""Name to parameters; the two share neither seed nor years of birth."""
