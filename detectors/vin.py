"""What a vehicle identification number must look like.

References
----------
ISO 3779:2009 and GB 16735-2019: 17 characters without I, O and Q; the ninth is a check digit; the
tenth gives the year, from a cycle of 30.
"""

import re
from operator import mul
from typing import Final

LENGTH: Final = 17
ALPHABET: Final = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_WELL_FORMED = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_VALUES = bytes.maketrans(
    b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
    bytes([*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)]),
)
"""The value of every character; O, I and Q have none."""
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
CHECK_POSITION: Final = 8
YEAR_POSITION: Final = 9
_YEARS = {character: 1980 + n for n, character in enumerate("ABCDEFGHJKLMNPRSTVWXY123456789")}
_CYCLE: Final = len(_YEARS)


def is_well_formed(vin: str) -> bool:
    """Whether a VIN has 17 characters of the right alphabet."""
    return _WELL_FORMED.fullmatch(vin) is not None


def check_digit(vin: str) -> str:
    """The check digit that a well-formed VIN should have.

    >>> check_digit("LRW3E7FS5PC695355")
    '5'
    """
    total = sum(map(mul, vin.encode().translate(_VALUES), _WEIGHTS))
    return "0123456789X"[total % 11]


def model_year(vin: str, near: int) -> int | None:
    """Year that the tenth character of a well-formed VIN stands for, in the cycle nearest a year.

    ``None`` for characters that stand for no year.

    >>> model_year("LRW3E7FS5PC695355", near=2024)
    2023
    """
    year = _YEARS.get(vin[YEAR_POSITION])
    return None if year is None else year + _CYCLE * round((near - year) / _CYCLE)
