"""What all tests share."""

import gc
import os
from collections.abc import Iterator

import pytest

# Tables and error boxes wrap at the width of the terminal; tests read them at a fixed, wide one.
os.environ["COLUMNS"] = "200"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Ways to run the tests on a broker that are not for every run."""
    parser.addoption(
        "--kafka",
        choices=("process", "container"),
        default="process",
        help="how to start Apache Kafka: as a process (Java, Maven) or in a container (Docker)",
    )
    parser.addoption(
        "--golden", action="store_true", help="write down what the shipped feeds make of their samples"
    )
    parser.addoption(
        "--soak",
        type=float,
        default=0.0,
        metavar="MINUTES",
        help="how long the soak test loads a worker, 30 for example; without it there is none",
    )


@pytest.fixture(autouse=True, scope="module")
def left_open() -> Iterator[None]:
    """Sockets, files and loops that a module leaves open are reported there, not somewhere later."""
    yield
    gc.collect()
