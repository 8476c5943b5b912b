"""Where the recorded real series are, and how they are read."""

import os
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data"


def path_of(name: str) -> Path:
    """Return the path of a recorded file; skip the test where it is absent, fail in CI."""
    path = FOLDER / name
    if not path.exists():
        message = f"{path} is absent: the comparison with recorded real data cannot run"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


def table_of(name: str) -> np.ndarray:
    """Read one of R's recorded outputs as a structured array."""
    return np.genfromtxt(path_of(f"r_reference/{name}.csv"), delimiter=",", names=True)
