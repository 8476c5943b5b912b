"""The wall clock, which no finding depends on."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present time in UTC."""
    return datetime.now(UTC)
