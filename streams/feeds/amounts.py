"""Numbers as people write them."""

import re
from collections.abc import Callable
from typing import Final

KILOMETRES_A_MILE: Final = 1.609344
_PLAIN: Final = re.compile(r"-?\d+(?:\.\d+)?")
_SURROUNDINGS: Final = " \t\u00a0\u202f$€£¥₴元"

Number = Callable[[str], float | None]
"""Gives a number, ``None`` for a text that is none."""


def number_reader(decimal: str, thousands: str) -> Number:
    """Make what reads numbers with certain signs."""
    simple = decimal == "." and not thousands

    def read(text: str) -> float | None:
        if not simple:
            text = text.replace(thousands, "") if thousands else text
            text = text.replace(decimal, ".") if decimal != "." else text
        if _PLAIN.fullmatch(text) is None:
            text = text.strip(_SURROUNDINGS)
            if _PLAIN.fullmatch(text) is None:
                return None
        return float(text)

    return read
