"""What can go wrong with the store, and with a record that it is given."""

from __future__ import annotations

from detectors.errors import ZeromileError


class StoreError(ZeromileError):
    """The database cannot be used as configured."""


class RecordError(ZeromileError):
    """A record that is not what its topic promises.

    Parameters
    ----------
    field
        Field at fault, ``None`` where the whole record is.
    value
        The offending value, shortened.
    allowed
        What would have been stored.
    """

    def __init__(self, *, field: str | None, value: str, allowed: str) -> None:
        self.field = field
        where = f"field {field!r}" if field else "record"
        super().__init__(f"{where} is {value}; allowed: {allowed}")
