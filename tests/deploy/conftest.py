"""Fixtures shared with the tests of the store."""

from tests.broker.conftest import bootstrap_servers, prefix  # noqa: F401 - fixtures
from tests.store.conftest import postgres  # noqa: F401 - a fixture
