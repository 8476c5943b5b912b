"""Vehicle identification numbers that pass the check digit (GB 16735, ISO 3779), made in bulk."""

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

LENGTH = 17
_CHECK_POSITION = 8
_YEAR_POSITION = 9
_WEIGHTS = np.array([8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2], dtype=np.int64)
_CHECK_CHARACTERS = np.frombuffer(b"0123456789X", dtype=np.uint8)
_DESCRIPTOR = np.frombuffer(b"ABCDEFGHJKLMNPRSTUVWXYZ0123456789", dtype=np.uint8)
# Model-year letters from 2001 on; the cycle of 30 years repeats (no I, O, Q, U, Z, 0).
_YEARS = np.frombuffer(b"123456789ABCDEFGHJKLMNPRSTVWXY", dtype=np.uint8)
_YEAR_OF_FIRST = 2001


def _values() -> IntArray:
    values = np.zeros(256, dtype=np.int64)
    for digit in range(10):
        values[ord("0") + digit] = digit
    for letters, first in (("ABCDEFGH", 1), ("JKLMN", 1), ("P", 7), ("R", 9), ("STUVWXYZ", 2)):
        for step, letter in enumerate(letters):
            values[ord(letter)] = first + step
    return values


_VALUES = _values()


def make_vins(wmi: Bytes, index: IntArray, model_year: IntArray, *, shift: int = 0) -> Bytes:
    """Make one number a vehicle; different vehicles get different numbers.

    Parameters
    ----------
    wmi
        World manufacturer identifiers, shape (n, 3), ASCII.
    index
        The vehicle's number in the country: the serial and a part of the descriptor are made from it.
    model_year
        Model years.
    shift
        Moves all serials: countries of different seeds hold different numbers.

    Returns
    -------
    Bytes
        Shape (n, 17), ASCII.
    """
    vins = np.empty((len(index), LENGTH), dtype=np.uint8)
    vins[:, 0:3] = wmi
    million, within = np.divmod(index, 1_000_000)
    # A bijection of 0..999999 (611953 shares no factor with it), so that neighbours do not look alike.
    serial = (within * 611_953 + 271_829 + shift % 1_000_000) % 1_000_000
    size = len(_DESCRIPTOR)
    mixed = (within * 7919 + million * 104_729) % size**3
    vins[:, 3] = _DESCRIPTOR[million % size]
    vins[:, 4] = _DESCRIPTOR[(million // size) % size]
    vins[:, 5] = _DESCRIPTOR[mixed % size]
    vins[:, 6] = _DESCRIPTOR[(mixed // size) % size]
    vins[:, 7] = _DESCRIPTOR[(mixed // size**2) % size]
    vins[:, _YEAR_POSITION] = _YEARS[(model_year - _YEAR_OF_FIRST) % len(_YEARS)]
    vins[:, 10] = _DESCRIPTOR[(wmi.astype(np.int64).sum(axis=1) * 13 + within % 3) % size]
    for place in range(6):
        vins[:, 16 - place] = ord("0") + serial % 10
        serial //= 10
    write_check_digits(vins)
    return vins


def write_check_digits(vins: Bytes) -> None:
    """Put the right check character into every number, in place."""
    total = (_VALUES[vins] * _WEIGHTS).sum(axis=1)
    vins[:, _CHECK_POSITION] = _CHECK_CHARACTERS[total % 11]


def mistype(vins: Bytes, rng: np.random.Generator) -> Bytes:
    """Change one serial digit of each number and keep the check digit right: a clerk's other car."""
    wrong = vins.copy()
    rows = np.arange(len(vins))
    place = rng.integers(12, LENGTH, len(vins))
    digit = wrong[rows, place] - ord("0")
    wrong[rows, place] = ord("0") + (digit + rng.integers(1, 10, len(vins))) % 10
    write_check_digits(wrong)
    return wrong


def spoil(vins: Bytes, rng: np.random.Generator) -> tuple[Bytes, IntArray]:
    """Break each number: 0 wrong check character, 1 a forbidden letter, 2 a digit lost at the end.

    Returns
    -------
    tuple[Bytes, IntArray]
        The broken numbers (a lost digit is a NUL byte at the end) and what was done to each.
    """
    broken = vins.copy()
    how = rng.integers(0, 3, len(vins))
    wrong_check = how == 0
    position = np.searchsorted(np.sort(_CHECK_CHARACTERS), broken[:, _CHECK_POSITION])
    step = rng.integers(1, 11, len(vins))
    broken[wrong_check, _CHECK_POSITION] = np.sort(_CHECK_CHARACTERS)[(position + step) % 11][
        wrong_check
    ]
    forbidden = np.frombuffer(b"IOQ", dtype=np.uint8)[rng.integers(0, 3, len(vins))]
    broken[how == 1, 5] = forbidden[how == 1]
    broken[how > 1, LENGTH - 1] = 0
    return broken, how.astype(np.int64)


def as_text(vins: Bytes) -> list[str]:
    """The numbers as strings."""
    flat = np.ascontiguousarray(vins).view(f"S{LENGTH}").ravel()
    texts: list[str] = flat.astype(f"U{LENGTH}").tolist()
    return texts
