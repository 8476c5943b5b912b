"""What all tests share."""

import gc
import os
from collections.abc import Iterator

import pytest

# Tables and error boxes wrap at the width of the terminal; tests read them at a fixed, wide one.
os.environ["COLUMNS"] = "200"


@pytest.fixture(autouse=True, scope="module")
def left_open() -> Iterator[None]:
    """Sockets, files and loops that a module leaves open are reported there, not somewhere later."""
    yield
    gc.collect()
