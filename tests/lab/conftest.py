"""Databases, as the tests of the store have them."""

from tests.store.conftest import postgres, url  # noqa: F401 - fixtures
