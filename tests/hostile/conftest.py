"""The broker of `tests/broker`, for records that nobody should send."""

from tests.broker.conftest import bootstrap_servers, left_open_by_a_test, prefix

__all__ = ["bootstrap_servers", "left_open_by_a_test", "prefix"]
