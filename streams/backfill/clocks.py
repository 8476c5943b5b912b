"""Times of documents, a whole column of them at once: those that are written as nearly all feeds do."""

from datetime import date
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.civil_time import EARLIEST, LAST_DAYLIGHT_SAVING, LATEST, OFFSET_TEXT
from streams.backfill.arrays import Spelled
from streams.backfill.vin_columns import EPOCH

_DATE: Final = "YYYY-MM-DD"
_STAMP: Final = f"YYYY-MM-DDThh:mm:ss{OFFSET_TEXT}"
_LETTERS: Final = frozenset("YMDhms")
_SECOND: Final = 1_000_000
"""In microseconds."""
_FIRST_YEAR: Final = date.fromordinal(EARLIEST).year
_MONTHS: Final = np.arange(
    f"{_FIRST_YEAR}-01", f"{date.fromordinal(LATEST).year + 1}-02", dtype="datetime64[M]"
).astype("datetime64[D]").astype(np.int32) + np.int32(EPOCH)
_FIRST_DAYS: Final = _MONTHS[:-1]
"""Of each month from the first year on, as proleptic ordinals."""
_LENGTHS: Final = np.diff(_MONTHS)
"""Of the months, in days."""


class Times(NamedTuple):
    """Civil times of Asia/Shanghai, and which of them could be read here."""

    days: NDArray[np.int32]
    """Proleptic ordinals."""
    clocks: NDArray[np.int64]
    """Microseconds of the day."""
    timed: NDArray[np.bool_]
    """Whether there is a clock."""
    read: NDArray[np.bool_]
    """False where the text is missing, or for :mod:`detectors.civil_time` to read."""


def read_times(texts: Spelled) -> Times:
    """Read bare dates, and times to the second with China's offset after its last daylight saving."""
    number = len(texts.lengths)
    times = Times(
        np.zeros(number, np.int32), np.zeros(number, np.int64),
        np.zeros(number, np.bool_), np.zeros(number, np.bool_),
    )  # fmt: skip
    for form in (_DATE, _STAMP):
        there, characters = texts.where(len(form))
        if len(characters):
            days, clocks, read = _read(np.ascontiguousarray(characters.T), form)
            times.days[there], times.clocks[there], times.read[there] = days, clocks, read
    times.timed[:] = texts.lengths == len(_STAMP)
    return times


def _read(
    characters: NDArray[np.uint8], form: str
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.bool_]]:
    """Days and clocks of texts that are as long as their form, and whether they were read.

    The characters come place by place.
    """
    digits = characters - np.uint8(ord("0"))
    number = characters.shape[1]
    fields = dict.fromkeys(_LETTERS, np.zeros(number, np.int32))
    formed = np.ones(number, np.bool_)
    for place, letter in enumerate(form):
        if letter in _LETTERS:
            formed &= digits[place] <= 9  # noqa: PLR2004 - other characters wrap round to more
            fields[letter] = fields[letter] * np.int32(10) + digits[place]
        else:
            formed &= characters[place] == ord(letter)
    months = (fields["Y"] - _FIRST_YEAR) * 12 + fields["M"] - 1
    formed &= (fields["M"] >= 1) & (fields["M"] <= 12)  # noqa: PLR2004
    formed &= (months >= 0) & (months < len(_LENGTHS))
    formed &= (fields["D"] >= 1) & (fields["D"] <= _LENGTHS.take(months, mode="clip"))
    days = _FIRST_DAYS.take(months, mode="clip") + fields["D"] - 1
    clocks = np.zeros(number, np.int64)
    if form == _STAMP:
        formed &= (fields["h"] < 24) & (fields["m"] < 60) & (fields["s"] < 60)  # noqa: PLR2004
        formed &= days > LAST_DAYLIGHT_SAVING
        clocks += (fields["h"] * 60 + fields["m"]) * 60 + fields["s"]
        clocks *= _SECOND
    return days, clocks, formed
