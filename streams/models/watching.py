"""Notice that a model directory holds another model, for a service that goes on running."""

from pathlib import Path

from streams.models.manifest import ModelError
from streams.models.reading import LARGEST_MANIFEST, LoadedModel, read_model
from streams.models.regular_files import read_regular
from streams.models.writing import MANIFEST

_Content = tuple[bytes, frozenset[tuple[str, int, int]]]
"""The manifest, and name, size and time of change of every model file."""


class ModelDirectory:
    """A directory whose model may be exchanged at any time.

    A directory that holds no usable model changes nothing.

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
        self._seen: _Content | None = None

    def load(self) -> LoadedModel:
        """Give the model to begin with.

        Raises
        ------
        ModelError
            The directory holds none that may be used.
        """
        loaded = self.poll()
        if loaded is None:
            raise self.refused or ModelError("not_found", f"{self.path} was read already")
        return loaded

    def poll(self) -> LoadedModel | None:
        """Give the directory's model if it is another than at the last poll, else ``None``.

        Reads the manifest and looks at the files, no more, unless something has changed. What was
        refused is not tried again until then.
        """
        try:
            content = self._content()
        except OSError as error:
            if self._seen is not None or self.refused is None:
                self.refused = ModelError("not_found", f"{self.path}: {error.strerror}")
            self._seen = None
            return None
        if content == self._seen:
            return None
        self._seen = content
        try:
            loaded = read_model(self.path)
        except ModelError as refused:
            self.refused = refused
            return None
        self.refused = None
        if loaded.model.model_id == self.model_id:
            return None
        self.model_id = loaded.model.model_id
        return loaded

    def _content(self) -> _Content:
        manifest = read_regular(self.path / MANIFEST, LARGEST_MANIFEST)
        files = ((path.name, path.stat()) for path in self.path.glob("*.skops"))
        return manifest, frozenset((name, about.st_size, about.st_mtime_ns) for name, about in files)
