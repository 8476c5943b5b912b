"""Stores for the tests of the desk, with alerts in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from streams.store.database import migrate, open_database
from tests.desk.served import fill
from tests.report.conftest import page, tab  # noqa: F401 - fixtures
from tests.store.conftest import postgres, store, url  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with alerts, made once."""
    path = tmp_path_factory.mktemp("filled") / "store.sqlite"
    made = open_database(f"sqlite:///{path}")
    migrate(made)
    fill(made)
    made.dispose()
    return path


@pytest.fixture
def engine(filled: Path, tmp_path: Path) -> Iterator[sa.Engine]:
    """A store with alerts, of the test's own."""
    path = shutil.copy(filled, tmp_path / "store.sqlite")
    made = open_database(f"sqlite:///{path}")
    yield made
    made.dispose()
