"""What VINs say by themselves, a whole column of them at once."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors import vin as vins
from detectors.summaries import MALFORMED, NO_YEAR, WRONG_CHECK_DIGIT
from streams.backfill.arrays import Spelled

EPOCH: Final = 719_163
"""Ordinal of 1970-01-01."""

_IN_ALPHABET: Final = np.zeros(256, dtype=np.bool_)
_IN_ALPHABET[list(vins.ALPHABET.encode())] = True
_VALUES: Final = np.frombuffer(bytes(range(256)).translate(vins.VALUES), np.uint8).astype(np.int32)
_WEIGHTS: Final = np.array(vins.WEIGHTS, dtype=np.int32)
_DIGITS: Final = np.frombuffer(vins.CHECK_DIGITS.encode(), np.uint8)
_YEARS: Final = np.full(256, -1, dtype=np.int64)
_YEARS[list("".join(vins.YEARS).encode())] = list(vins.YEARS.values())


class VinColumns:
    """The first 17 characters of VINs, and whether they are all, and of the right alphabet.

    Parameters
    ----------
    numbers
        The VINs.
    """

    def __init__(self, numbers: Spelled) -> None:
        places = numbers.ends[:-1, None] + np.arange(vins.LENGTH, dtype=np.int32)
        self._characters = numbers.data[np.minimum(places, len(numbers.data) - 1)]
        right_length = numbers.lengths == vins.LENGTH
        self.well_formed: NDArray[np.bool_] = right_length & _IN_ALPHABET[self._characters].all(axis=1)

    def faults(self) -> NDArray[np.uint8]:
        """How each fails, as :func:`detectors.summaries.vin_fault`."""
        # One weight after the other: whole numbers have no fast product of matrices.
        total = np.zeros(len(self._characters), np.int32)
        for place, weight in enumerate(_WEIGHTS):
            total += _VALUES[self._characters[:, place]] * weight
        expected = _DIGITS[total % len(_DIGITS)]
        wrong = np.where(self._characters[:, vins.CHECK_POSITION] != expected, WRONG_CHECK_DIGIT, 0)
        return np.where(self.well_formed, wrong, MALFORMED).astype(np.uint8)

    def year_gaps(self, days: NDArray[np.int32]) -> NDArray[np.int16]:
        """Years between each VIN's year and a civil day, as :func:`detectors.summaries.year_gap`."""
        dates = (days - EPOCH).astype("datetime64[D]")
        registered = dates.astype("datetime64[Y]").astype(np.int64) + 1970
        years = _YEARS[self._characters[:, vins.YEAR_POSITION]]
        latest = years + vins.CYCLE * ((registered - years) // vins.CYCLE)
        gaps = np.minimum(registered - latest, latest + vins.CYCLE - registered)
        return np.where(years < 0, NO_YEAR, gaps).astype(np.int16)
