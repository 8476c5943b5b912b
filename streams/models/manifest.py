"""The manifest of a model: what it is, what it was trained on, and how its file is recognised."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
import numpy
import sklearn
import skops

from detectors.errors import ZeromileError
from streams import __version__

FORMAT = 2
"""Version of the layout of model directories."""


class ModelError(ZeromileError):
    """A model directory that is not used, and why.

    Parameters
    ----------
    reason
        Stable class of the fault.
    message
        What was found, where, and what would have been accepted.
    """

    def __init__(self, reason: "Reason", message: str) -> None:
        self.reason: Reason = reason
        super().__init__(message)


Reason = Literal[
    "not_found",
    "bad_manifest",
    "unknown_format",
    "other_library",
    "other_features",
    "bad_file_name",
    "too_large",
    "wrong_size",
    "wrong_digest",
    "not_a_model",
    "untrusted_type",
    "wrong_content",
    "wrong_identity",
]


class Libraries(msgspec.Struct, frozen=True):
    """Versions a model was written with; scikit-learn's must agree to the minor version."""

    zeromile: str
    scikit_learn: str
    numpy: str
    skops: str

    @classmethod
    def here(cls) -> "Libraries":
        """Versions in this process."""
        return cls(__version__, sklearn.__version__, numpy.__version__, skops.__version__)


class Window(msgspec.Struct, frozen=True):
    """Civil days of the documents that a model was trained on."""

    first_day: str
    last_day: str


class ForestEntry(msgspec.Struct, frozen=True):
    """One trained forest.

    Attributes
    ----------
    features
        Names of the columns in their order.
    provinces
        Provinces with a scale of their own.
    rows, held_out
        Vehicles trained on and kept for calibration.
    trees, samples
        Size of the forest.
    score_at_1_percent
        Anomaly score that 1 % of the held-out vehicles reach.
    metrics
        Measured at training time, by name.
    """

    features: tuple[str, ...]
    provinces: tuple[str, ...]
    rows: int
    held_out: int
    trees: int
    samples: int
    score_at_1_percent: float
    metrics: dict[str, float]


class Population(msgspec.Struct, frozen=True):
    """How the training population came about.

    Attributes
    ----------
    offered
        Vehicles in the files.
    admitted
        Vehicles that entered, by forest and kind.
    refused
        Vehicles that did not enter the reference population, by reason.
    """

    offered: int
    admitted: dict[str, int]
    refused: dict[str, int]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``manifest.json`` of a model directory."""

    format: int
    model_id: str
    trained_at: Annotated[datetime, msgspec.Meta(tz=True)]
    model_file: str
    sha256: str
    size: int
    libraries: Libraries
    seed: int
    window: Window
    population: Population
    reference: ForestEntry
    exports: ForestEntry | None


def parse_manifest(raw: bytes, where: str) -> Manifest:
    """Read a manifest.

    Raises
    ------
    ModelError
        When it is not JSON, lacks a field, has a field of another type, or is of another format.
    """
    try:
        announced = msgspec.json.decode(raw, type=dict[str, object]).get("format")
        if announced != FORMAT:
            raise ModelError(
                "unknown_format", f"{where}: format is {announced!r}; this version reads {FORMAT}"
            )
        return msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise ModelError("bad_manifest", f"{where} is not a model manifest: {fault}") from fault


def check_libraries(manifest: Manifest, where: str) -> None:
    """Refuse a model written under another minor version of scikit-learn.

    Raises
    ------
    ModelError
        The layout of its trees may have changed; retrain with ``zeromile train``.
    """
    written, here = manifest.libraries.scikit_learn, sklearn.__version__
    if written.split(".")[:2] != here.split(".")[:2]:
        raise ModelError(
            "other_library",
            f"{where}: written with scikit-learn {written}, this is {here}; major and minor "
            "version must agree: train again with `zeromile train`",
        )
