"""Read a model directory; anything that is not exactly what the manifest says is refused.

The digest tells accidents and swapped files; it is no signature: whoever may write the directory
may write a matching manifest. So nothing is trusted beyond it either: the file is a skops archive
in which one type outside its safe list is allowed (scikit-learn's tree), every node table is
checked before it is walked, and scikit-learn's own compiled code never walks a tree that was read
from a file.
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.ensemble import IsolationForest

from detectors.forest.ecod import FrozenEcod
from detectors.forest.export_path import EXPORT_PATH
from detectors.forest.feature_set import FeatureSet
from detectors.forest.life_cycle import LIFE_CYCLE
from detectors.forest.mahalanobis import RobustMahalanobis
from detectors.forest.packing import FloatArray, ForestError, pack
from detectors.forest.preparation import Preparation
from detectors.forest.trained import Calibration, ForestModel, TrainedForest, model_identity
from streams.models.manifest import (
    ForestEntry,
    Manifest,
    ModelError,
    check_libraries,
    parse_manifest,
)
from streams.models.regular_files import read_regular
from streams.models.writing import MANIFEST, digest

TRUSTED = ["sklearn.tree._tree.Tree"]
"""The one type a model file may hold beyond what skops considers safe."""

LARGEST_MANIFEST = 1 << 20
LARGEST_FILE = 64 << 20
LARGEST_UNPACKED = 512 << 20
"""Limits of a model file in bytes, on disk and unpacked; a default model has 2 MB."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that passed every check, with its manifest."""

    model: ForestModel
    manifest: Manifest


def read_model(directory: Path) -> LoadedModel:
    """Read the current model of a directory.

    Raises
    ------
    ModelError
        With its reason; nothing of the file has been executed then.
    """
    manifest = read_manifest(directory)
    where = str(directory / MANIFEST)
    check_libraries(manifest, where)
    _check_features(manifest.reference, LIFE_CYCLE, where)
    if manifest.exports is not None:
        _check_features(manifest.exports, EXPORT_PATH, where)
    payload = _read_payload(directory, manifest)
    return LoadedModel(_build(_load(payload, manifest.model_file), manifest), manifest)


def read_manifest(directory: Path) -> Manifest:
    """Read a directory's manifest without touching the model file."""
    path = directory / MANIFEST
    try:
        raw = read_regular(path, LARGEST_MANIFEST)
    except OSError as fault:
        raise ModelError(
            "not_found",
            f"{directory} is no model directory: {MANIFEST} cannot be read ({fault.strerror})",
        ) from fault
    return parse_manifest(raw, str(path))


def _check_features(entry: ForestEntry, expected: FeatureSet, where: str) -> None:
    if entry.features != expected.columns:
        raise ModelError(
            "other_features",
            f"{where}: the {expected.name} forest was trained on {', '.join(entry.features)}; "
            f"this version measures {', '.join(expected.columns)}: train again with "
            "`zeromile train`",
        )


def _read_payload(directory: Path, manifest: Manifest) -> bytes:
    name = manifest.model_file
    if Path(name).name != name or name in {"", ".", ".."} or not name.endswith(".skops"):
        raise ModelError(
            "bad_file_name", f"model_file is {name!r}; a plain name ending in .skops is allowed"
        )
    path = directory / name
    try:
        size = path.stat().st_size
        if max(size, manifest.size) > LARGEST_FILE:
            raise ModelError("too_large", f"{path} has {size} bytes; at most {LARGEST_FILE} are read")
        payload = read_regular(path, LARGEST_FILE)
    except OSError as fault:
        raise ModelError("not_found", f"{path} cannot be read: {fault.strerror}") from fault
    if len(payload) != manifest.size:
        raise ModelError(
            "wrong_size", f"{path} has {len(payload)} bytes, its manifest says {manifest.size}"
        )
    if digest(payload) != manifest.sha256:
        raise ModelError(
            "wrong_digest",
            f"{path} has SHA-256 {digest(payload)}, its manifest says {manifest.sha256}: the "
            "file was changed or damaged after training",
        )
    return payload


def _load(payload: bytes, name: str) -> dict[str, Any]:
    try:
        _check_archive(payload, name)
        content = skops.io.loads(payload, trusted=TRUSTED)
    except ModelError:
        raise
    except Exception as fault:  # whatever a foreign file makes the reader trip over
        raise ModelError("not_a_model", f"{name} is not a skops model: {fault}") from fault
    if not isinstance(content, dict) or set(content) != {"reference", "exports", "tables"}:
        raise ModelError("wrong_content", f"{name} does not hold two forests and their tables")
    return content


def _check_archive(payload: bytes, name: str) -> None:
    """Look at an archive's sizes and types without building anything from it."""
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > LARGEST_UNPACKED:
        raise ModelError(
            "too_large", f"{name} unpacks to {unpacked} bytes; at most {LARGEST_UNPACKED} are read"
        )
    strangers = sorted(set(skops.io.get_untrusted_types(data=payload)) - set(TRUSTED))
    if strangers:
        raise ModelError(
            "untrusted_type",
            f"{name} holds {', '.join(strangers)}; only {', '.join(TRUSTED)} is allowed",
        )


def _build(content: dict[str, Any], manifest: Manifest) -> ForestModel:
    name = manifest.model_file
    try:
        tables = content["tables"]
        reference = _forest("reference", content["reference"], tables, LIFE_CYCLE, manifest.reference)
        exports = None
        if manifest.exports is not None:
            exports = _forest("exports", content["exports"], tables, EXPORT_PATH, manifest.exports)
    except (ForestError, AttributeError, TypeError, KeyError, IndexError, ValueError) as fault:
        raise ModelError("wrong_content", f"{name}: {fault}") from fault
    identity = model_identity(reference, exports)
    if identity != manifest.model_id:
        raise ModelError(
            "wrong_identity", f"{name} is model {identity}, its manifest says {manifest.model_id}"
        )
    return ForestModel(reference=reference, exports=exports, model_id=identity)


def _forest(
    part: str, estimator: object, tables: dict[str, Any], features: FeatureSet, entry: ForestEntry
) -> TrainedForest:
    if not isinstance(estimator, IsolationForest):
        raise ForestError(f"the {part} forest is a {type(estimator).__name__}, not an IsolationForest")
    columns, measured = len(features.columns), len(features.features)
    packed = pack(estimator)
    if packed.n_features != columns:
        raise ForestError(f"the {part} forest has {packed.n_features} columns, not {columns}")

    def table(key: str, *shape: int | None, finite: bool = True) -> FloatArray:
        return _table(tables, f"{part}/{key}", shape, finite=finite)

    scales = 1 + len(entry.provinces)
    return TrainedForest(
        preparation=Preparation(
            features=features,
            coefficients=table("coefficients", len(features.relations), 1 + measured),
            provinces=entry.provinces,
            location=table("location", scales, columns),
            spread=table("spread", scales, columns),
        ),
        packed=packed,
        calibration=Calibration(
            forest=table("calibration_forest", None),
            mahalanobis=table("calibration_mahalanobis", None),
            ecod=table("calibration_ecod", None),
        ),
        mahalanobis=RobustMahalanobis(
            centre=table("mahalanobis_centre", columns),
            precision=table("mahalanobis_precision", columns, columns),
        ),
        ecod=FrozenEcod(
            quantiles=table("ecod_quantiles", columns, None),
            skewness=table("ecod_skewness", columns),
        ),
        percentiles=table("percentiles", columns, None),
        bin_edges=table("bin_edges", measured, None, finite=False),
        bin_shares=table("bin_shares", measured, None),
    )


def _table(
    tables: dict[str, Any], key: str, shape: tuple[int | None, ...], *, finite: bool
) -> FloatArray:
    """Take one table of numbers, of the expected shape (``None``: any length but zero)."""
    array = tables[key]
    if not isinstance(array, np.ndarray) or array.dtype != np.float64:
        raise ForestError(f"table {key} is not an array of float64")
    fits = array.ndim == len(shape) and all(
        found == wanted if wanted is not None else found > 0
        for found, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise ForestError(f"table {key} has shape {array.shape}, expected {shape}")
    if np.isnan(array).any() or (finite and not np.isfinite(array).all()):
        raise ForestError(f"table {key} holds numbers that are not finite")
    return array
