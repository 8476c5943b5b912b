"""What can be wrong with a feed file, or with the data that it is to read."""

from typing import Literal

from detectors.errors import ZeromileError

RefusalReason = Literal[
    "bad_encoding",
    "unbalanced_quote",
    "too_many_columns",
    "too_few_columns",
    "wrong_width",
    "not_json",
    "missing_value",
    "unmapped_code",
    "no_document",
    "bad_date",
    "bad_number",
    "bad_identity",
    "bad_text",
]
"""Stable classes of rows that become no document although nothing says to ignore them."""


class FeedError(ZeromileError):
    """A feed file with a wrong key or value, or data that it cannot be meant for.

    Names the file, the key or column, its value, and what is allowed.
    """


class RowRefused(ZeromileError):  # noqa: N818 - a row is refused; nothing is in error
    """A row that becomes no document.

    Parameters
    ----------
    reason
        Stable class of the fault.
    column
        The column at fault as the feed names it, ``None`` where the whole row is.
    value
        What it holds.
    allowed
        What would have been accepted.
    """

    def __init__(self, reason: RefusalReason, column: str | None, value: str, allowed: str) -> None:
        self.reason: RefusalReason = reason
        self.column = column
        self.value = value
        self.allowed = allowed
        where = f"column {column!r}" if column else "the row"
        super().__init__(f"{where} is {value}; allowed: {allowed}")


class RowIgnored(ZeromileError):  # noqa: N818 - the same
    """A row that the feed says is no document: a renewal, a reprint.

    Parameters
    ----------
    why
        The feed's word for it.
    """

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)
