"""Write a model directory so that a reader, or a crash, never meets half a model."""

import os
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import skops.io
from sklearn.ensemble import IsolationForest

from detectors.forest.trained import ForestModel
from streams.models.manifest import Manifest
from streams.setup.outputs import OutputError

MANIFEST = "manifest.json"
PREVIOUS = "previous.json"


def model_bytes(
    model: ForestModel, reference: IsolationForest, exports: IsolationForest | None
) -> bytes:
    """Serialise the two forests and their tables with skops; no pickle is involved.

    Parameters
    ----------
    model
        The trained model.
    reference, exports
        The estimators it was packed from.
    """
    tables = {f"reference/{name}": array for name, array in model.reference.arrays().items()}
    if model.exports is not None:
        tables |= {f"exports/{name}": array for name, array in model.exports.arrays().items()}
    content: dict[str, Any] = {"reference": reference, "exports": exports, "tables": tables}
    return bytes(skops.io.dumps(content, compression=zipfile.ZIP_DEFLATED))


def write_model(directory: Path, manifest: Manifest, payload: bytes) -> None:
    """Write a model as the directory's current one; the one before stays as the previous.

    The model file has a name of its own and is complete on disk before the manifest names it; the
    manifest changes by one rename. Files that neither manifest names are removed last.

    Parameters
    ----------
    directory
        Created when missing.
    manifest
        The manifest; `model_file`, `sha256` and `size` must describe `payload`.
    payload
        Content of the model file.
    """
    check_model_directory(directory)
    directory.mkdir(parents=True, exist_ok=True)
    _replace(directory / manifest.model_file, payload)
    current = directory / MANIFEST
    if current.exists():
        _replace(directory / PREVIOUS, current.read_bytes())
    _replace(current, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    _remove_unnamed(directory)


def check_model_directory(directory: Path) -> None:
    """Refuse a folder of other things: unnamed model files in a model directory are removed.

    Raises
    ------
    OutputError
        If it is a file, or there is something in it and no manifest of a model.
    """
    if directory.exists() and not directory.is_dir():
        raise OutputError(f"{directory} is not a folder")
    if directory.exists() and any(directory.iterdir()) and not _holds_model(directory):
        raise OutputError(
            f"{directory} holds files and no model; "
            "allowed: a new or empty folder, or one that `zeromile train` wrote"
        )


def _holds_model(directory: Path) -> bool:
    """Whether there is a manifest, of this version or another."""
    try:
        announced = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=dict[str, object])
    except (OSError, msgspec.DecodeError):
        return False
    return announced.keys() >= {"format", "model_file", "sha256"}


def roll_back(directory: Path) -> None:
    """Make the previous model the current one, and the other way round.

    Raises
    ------
    FileNotFoundError
        When there is no previous model.
    """
    previous, current = (directory / PREVIOUS).read_bytes(), (directory / MANIFEST).read_bytes()
    _replace(directory / MANIFEST, previous)
    _replace(directory / PREVIOUS, current)


def digest(payload: bytes) -> str:
    """SHA-256 of a model file, as the manifest records it."""
    return sha256(payload).hexdigest()


def _replace(path: Path, content: bytes) -> None:
    """Write a file completely under another name, then move it over the old one."""
    waiting = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with waiting.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)
    finally:
        waiting.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove_unnamed(directory: Path) -> None:
    named = {
        msgspec.json.decode(path.read_bytes())["model_file"]
        for path in (directory / MANIFEST, directory / PREVIOUS)
        if path.exists()
    }
    for path in directory.glob("*.skops"):
        if path.name not in named:
            path.unlink()
