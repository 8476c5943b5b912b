"""Notice that a model directory holds another model, for a service that goes on running."""

from pathlib import Path

from detectors.forest.trained import ForestModel
from streams.models.manifest import ModelError
from streams.models.reading import read_model
from streams.models.writing import MANIFEST


class ModelDirectory:
    """A directory whose model may be exchanged at any time.

    The service polls between batches and, for a new model, calls
    ``engine.reconfigure(Catalogue(policy, model))``: every vehicle is judged again and what changes
    is reported as ``reconfigured``. A directory that holds no usable model changes nothing.

    Parameters
    ----------
    path
        The directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model_id: str | None = None
        """The model in use."""
        self.refused: ModelError | None = None
        """Why the newest content was not used, ``None`` while all is well."""
        self._seen: bytes | None = None

    def poll(self) -> ForestModel | None:
        """Give the directory's model if it is another than at the last poll, else ``None``.

        Reads the manifest's bytes only, unless they have changed. A refused model is not tried again
        until its manifest changes.
        """
        try:
            manifest = (self.path / MANIFEST).read_bytes()
        except OSError as error:
            self.refused = ModelError("not_found", f"{self.path}: {error.strerror}")
            return None
        if manifest == self._seen:
            return None
        self._seen = manifest
        try:
            model = read_model(self.path).model
        except ModelError as refused:
            self.refused = refused
            return None
        self.refused = None
        if model.model_id == self.model_id:
            return None
        self.model_id = model.model_id
        return model
