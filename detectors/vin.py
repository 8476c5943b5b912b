"""What a vehicle identification number must look like.

References
----------
ISO 3779:2009 and GB 16735-2019: 17 characters without I, O and Q; the ninth is a check digit; the
tenth gives the year, from a cycle of 30.
"""

import re
from collections.abc import Container
from operator import mul
from typing import Final, Literal

LENGTH: Final = 17
ALPHABET: Final = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_WELL_FORMED = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_OTHER_NUMBER = re.compile(r"[A-Z0-9-]{1,20}:")
VALUES = bytes.maketrans(
    b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
    bytes([*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)]),
)
"""The value of every character; O, I and Q have none."""
WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
NoCar = Literal["masked", "repeated", "word"]
"""Why a number identifies no car."""
_MASKED = re.compile(r"[*?#]|X{6}")
"""Characters put in the place of the serial: a European register has masked its VINs so since 2025."""
_REPEATED = re.compile(r"[^A-Z0-9]*(?:([A-Z0-9])(?:\1|[^A-Z0-9])*)?")
"""One letter or digit, however often, or none."""
CHECK_DIGITS: Final = "0123456789X"
CHECK_POSITION: Final = 8
YEAR_POSITION: Final = 9
YEARS = {character: 1980 + n for n, character in enumerate("ABCDEFGHJKLMNPRSTVWXY123456789")}
CYCLE: Final = len(YEARS)
"""Years after which a character stands for a year again."""


def no_car(vin: str, words: Container[str]) -> NoCar | None:
    """Why a number identifies no car, ``None`` if it may be one's.

    The check digit does not tell: that of seventeen zeros is right.

    Parameters
    ----------
    vin
        In upper case.
    words
        What clerks write in place of a number, in upper case; none of 17 letters and digits.

    >>> no_car("WVGZZZCT3T***********", ()), no_car("00000000000000000", ()), no_car("N/A", {"N/A"})
    ('masked', 'repeated', 'word')
    """
    if len(vin) == LENGTH and vin.isalnum() and vin[0] != vin[1] and "XXXXXX" not in vin:
        return None  # nearly all are of this kind
    if vin in words:
        return "word"
    if _REPEATED.fullmatch(vin):
        return "repeated"
    return "masked" if _MASKED.search(vin) else None


def is_well_formed(vin: str) -> bool:
    """Whether a VIN has 17 characters of the right alphabet."""
    return _WELL_FORMED.fullmatch(vin) is not None


def is_other_number(identity: str) -> bool:
    """Whether an identity names the register whose own number it is, and so claims to be no VIN.

    >>> is_other_number("US-WA:264827307")
    True
    """
    return _OTHER_NUMBER.match(identity) is not None


def check_digit(vin: str) -> str:
    """The check digit that a well-formed VIN should have.

    >>> check_digit("LRW3E7FS5PC695355")
    '5'
    """
    total = sum(map(mul, vin.encode().translate(VALUES), WEIGHTS))
    return CHECK_DIGITS[total % len(CHECK_DIGITS)]


def model_year(vin: str, latest: int) -> int | None:
    """Year that the tenth character of a well-formed VIN stands for, in the last cycle up to a year.

    ``None`` for characters that stand for no year.

    >>> model_year("LRW3E7FS5PC695355", latest=2024)
    2023
    >>> model_year("1FUJGLDR69LAC9984", latest=2026)
    2009
    """
    year = YEARS.get(vin[YEAR_POSITION])
    return None if year is None else year + CYCLE * ((latest - year) // CYCLE)
