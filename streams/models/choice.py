"""Which model to judge by: none, the one that ships, or a directory's."""

from pathlib import Path
from typing import Final

from detectors.forest.trained import ForestModel

DEFAULT: Final = "default"
"""The word for the model that ships with the package."""


def model_directory(choice: str) -> Path:
    """Directory of a model named on the command line."""
    return Path(__file__).parent / "shipped" if choice == DEFAULT else Path(choice)


def choose_model(choice: str | None) -> ForestModel | None:
    """Load a model by its directory or the word ``default``; ``None`` for no choice.

    Raises
    ------
    streams.models.manifest.ModelError
        When the directory holds no model that may be used.
    """
    if choice is None:
        return None
    # scikit-learn and skops take a second to import: only who uses a model waits for them
    from streams.models.reading import read_model  # noqa: PLC0415

    return read_model(model_directory(choice)).model


def chosen_model_id(choice: str | None) -> str | None:
    """Id of a chosen model, by its manifest alone; ``None`` for no choice."""
    if choice is None:
        return None
    from streams.models.reading import read_manifest  # noqa: PLC0415 - as above

    return read_manifest(model_directory(choice)).model_id
