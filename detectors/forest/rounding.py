"""Decimal rounding of many numbers at once."""

import numpy as np

from detectors.forest.packing import FloatArray

_NEAR_HALF = 1e-3  # of the last digit; the product with a power of ten errs by less
_LARGEST = 1e12  # product up to which that is so


def rounded(table: FloatArray, digits: int) -> FloatArray:
    """Round like Python's ``round``, whose result is the decimal nearest to the exact binary value.

    Multiplying, rounding and dividing gives the same except where the product lies next to a half or
    is huge: such numbers are left to ``round``.
    """
    with np.errstate(invalid="ignore"):
        product = table * 10.0**digits
        whole = np.rint(product)
        doubtful = np.abs(np.abs(product - whole) - 0.5) < _NEAR_HALF
    doubtful |= np.abs(product) > _LARGEST
    result: FloatArray = whole / 10.0**digits
    for place in zip(*np.nonzero(doubtful), strict=True):
        result[place] = round(float(table[place]), digits)
    return result
