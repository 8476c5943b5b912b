"""Stores for the tests of the desk, with alerts in them."""

from tests.store.conftest import postgres, store, url  # noqa: F401 - fixtures
