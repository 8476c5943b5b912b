"""A trained forest with all that is needed to judge by it, and the model that holds two of them."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np

from detectors.forest.ecod import FrozenEcod
from detectors.forest.mahalanobis import RobustMahalanobis
from detectors.forest.packing import FloatArray, PackedForest
from detectors.forest.preparation import Preparation

GRID = 101
"""Points kept of each feature's distribution in the reference population: its percentiles."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores of held-out vehicles, each sorted ascending: the forest's and the second opinions'."""

    forest: FloatArray
    mahalanobis: FloatArray
    ecod: FloatArray


@dataclass(frozen=True)
class TrainedForest:
    """A packed forest, how its columns are made, and how its scores are read.

    Attributes
    ----------
    preparation
        From measured values to columns.
    packed
        The forest.
    calibration
        Scores of held-out reference vehicles.
    mahalanobis, ecod
        Second opinions: they rank alerts and never raise one.
    percentiles
        Shape ``(columns, 101)``: percentiles of every column before standardising, where stated.
    bin_edges, bin_shares
        Shape ``(features, 9)`` and ``(features, 11)``: the population that drift is measured
        against, see :mod:`detectors.forest.stability`; unused edges are ``+inf``.
    """

    preparation: Preparation
    packed: PackedForest
    calibration: Calibration
    mahalanobis: RobustMahalanobis
    ecod: FrozenEcod
    percentiles: FloatArray
    bin_edges: FloatArray
    bin_shares: FloatArray

    @cached_property
    def percentile_lists(self) -> list[list[float]]:
        """The percentiles as plain numbers: single values are looked up faster in them."""
        lists: list[list[float]] = self.percentiles.tolist()
        return lists

    def arrays(self) -> dict[str, FloatArray]:
        """All learnt numbers but the forest's own, by name: what a model file stores beside it."""
        preparation = self.preparation
        return {
            "coefficients": preparation.coefficients,
            "location": preparation.location,
            "spread": preparation.spread,
            "calibration_forest": self.calibration.forest,
            "calibration_mahalanobis": self.calibration.mahalanobis,
            "calibration_ecod": self.calibration.ecod,
            "mahalanobis_centre": self.mahalanobis.centre,
            "mahalanobis_precision": self.mahalanobis.precision,
            "ecod_quantiles": self.ecod.quantiles,
            "ecod_skewness": self.ecod.skewness,
            "percentiles": self.percentiles,
            "bin_edges": self.bin_edges,
            "bin_shares": self.bin_shares,
        }


@dataclass(frozen=True, slots=True)
class ForestModel:
    """The two forests that judge together, and their common identity.

    Attributes
    ----------
    reference
        Trained on ordinary domestic life cycles and vetted genuine used exports: is this life cycle
        abnormal?
    exports
        Trained on used exports: is this export unlike the other exports? ``None`` where too few
        were offered.
    model_id
        Digest of everything that a judgement depends on: equal id, equal judgements.
    """

    reference: TrainedForest
    exports: TrainedForest | None
    model_id: str


def model_identity(reference: TrainedForest, exports: TrainedForest | None) -> str:
    """Digest of all numbers and names that a judgement depends on."""
    digest = sha256()
    for forest in (reference, exports):
        if forest is None:
            digest.update(b"none")
            continue
        names = (*forest.preparation.features.columns, *forest.preparation.provinces)
        digest.update("\x1f".join(names).encode())
        packed = forest.packed
        digest.update(repr((packed.feature.shape, packed.normaliser)).encode())
        digest.update(packed.feature.astype(np.int64).tobytes())
        digest.update(packed.threshold.tobytes())
        digest.update(packed.leaf_length.tobytes())
        for name, array in forest.arrays().items():
            digest.update(f"{name}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return f"forest-{digest.hexdigest()[:16]}"
