"""Databases for the tests of the store: SQLite always, PostgreSQL where it is installed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from streams.store.database import migrate, open_database
from tests.broker.conftest import bootstrap_servers, prefix  # noqa: F401 - fixtures
from tests.store.postgres_cluster import PostgresCluster, PostgresUnavailableError


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """A running PostgreSQL with the deployment's roles; fails under CI=true where there is none."""
    try:
        cluster = PostgresCluster()
    except PostgresUnavailableError as error:
        message = f"NO POSTGRESQL, its tests did not run: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        warnings.warn(pytest.PytestWarning(message), stacklevel=1)
        pytest.skip(message)
    try:
        cluster.start()
        cluster.make_roles()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    cluster: PostgresCluster = request.getfixturevalue("postgres")
    return cluster.url(cluster.new_database())


@pytest.fixture
def store(url: str) -> Iterator[sa.Engine]:
    """An empty store with its tables."""
    engine = open_database(url)
    migrate(engine)
    yield engine
    engine.dispose()
