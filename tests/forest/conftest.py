"""One model of the small test country, trained once."""

from pathlib import Path

import pytest

from detectors.forest.training import TrainingSettings
from streams.models.training import NewModel, train_model
from streams.models.writing import write_model
from tests.forest.populations import admitted, offered_window


@pytest.fixture(scope="session")
def new_model() -> NewModel:
    """Trained on a window that holds 8 % of the scheme, through the admission rules."""
    found = admitted(offered_window(seed=1, ordinary=500, genuine=20_000, scheme=2_000))
    return train_model(found, TrainingSettings(seed=3))


@pytest.fixture(scope="session")
def small_model() -> NewModel:
    """Few trees: quick to write and read."""
    found = admitted(offered_window(seed=21, ordinary=100, genuine=2_200, scheme=1_100))
    return train_model(found, TrainingSettings(seed=3, trees=20, samples=256))


@pytest.fixture
def model_directory(small_model: NewModel, tmp_path: Path) -> Path:
    """A fresh model directory."""
    write_model(tmp_path / "model", small_model.manifest, small_model.payload)
    return tmp_path / "model"
