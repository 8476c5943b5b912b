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
    """The characters of VINs that have them all, and whether they are of the right alphabet.

    Parameters
    ----------
    numbers
        The VINs.
    """

    def __init__(self, numbers: Spelled) -> None:
        self._of_length, characters = numbers.where(vins.LENGTH)
        in_alphabet = _IN_ALPHABET[characters].all(axis=1)
        self._characters = np.ascontiguousarray(characters.T)
        """Of those that have all their characters, place by place."""
        self._faults = np.where(in_alphabet, self._wrong(), MALFORMED).astype(np.uint8)
        self.well_formed: NDArray[np.bool_] = self._of_length.copy()
        self.well_formed[self._of_length] = in_alphabet

    def _wrong(self) -> NDArray[np.int64]:
        # One weight after the other: whole numbers have no fast product of matrices.
        total = np.zeros(self._characters.shape[1], np.int32)
        for place, weight in enumerate(_WEIGHTS):
            total += _VALUES[self._characters[place]] * weight
        expected = _DIGITS[total % len(_DIGITS)]
        return np.where(self._characters[vins.CHECK_POSITION] != expected, WRONG_CHECK_DIGIT, 0)

    def faults(self) -> NDArray[np.uint8]:
        """How each fails, as :func:`detectors.summaries.vin_fault`."""
        faults = np.full(len(self._of_length), MALFORMED, np.uint8)
        faults[self._of_length] = self._faults
        return faults

    def year_gaps(self, days: NDArray[np.int32]) -> NDArray[np.int16]:
        """Years between each VIN's year and a civil day, as :func:`detectors.summaries.year_gap`.

        Parameters
        ----------
        days
            Proleptic ordinals.
        """
        dates = (days - EPOCH).astype("datetime64[D]")
        registered = dates.astype("datetime64[Y]").astype(np.int64) + 1970
        years = np.full(len(self._of_length), -1, np.int64)
        years[self._of_length] = _YEARS[self._characters[vins.YEAR_POSITION]]
        latest = years + vins.CYCLE * ((registered - years) // vins.CYCLE)
        gaps = np.minimum(registered - latest, latest + vins.CYCLE - registered)
        return np.where(years < 0, NO_YEAR, gaps).astype(np.int16)
