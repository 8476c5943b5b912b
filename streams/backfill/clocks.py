"""Times of documents, a whole column of them at once: those that are written as nearly all feeds do."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.civil_time import EARLIEST, LAST_DAYLIGHT_SAVING, LATEST, OFFSET_TEXT
from streams.backfill.arrays import Spelled, spell
from streams.backfill.vin_columns import EPOCH

_DATE: Final = "YYYY-MM-DD"
_STAMP: Final = f"YYYY-MM-DDThh:mm:ss{OFFSET_TEXT}"
_LETTERS: Final = frozenset("YMDhms")
_SECOND: Final = 1_000_000
"""In microseconds."""


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


def read_times(texts: Sequence[str | None]) -> Times:
    """Read bare dates, and times to the second with China's offset after its last daylight saving."""
    spelled, number = spell(texts), len(texts)
    lengths = spelled.lengths
    times = Times(
        np.zeros(number, np.int32), np.zeros(number, np.int64),
        lengths == len(_STAMP), np.zeros(number, np.bool_),
    )  # fmt: skip
    for form in (_DATE, _STAMP):
        _read(spelled, np.flatnonzero(lengths == len(form)), form, times)
    return times


def _read(texts: Spelled, places: NDArray[np.intp], form: str, times: Times) -> None:
    """Read the texts at some places, all as long as their form."""
    if not len(places):
        return
    characters = texts.data[texts.ends[places, None] + np.arange(len(form), dtype=np.int32)]
    digits = (characters.T - np.uint8(ord("0"))).astype(np.int32)
    fields = dict.fromkeys(_LETTERS, np.zeros(len(places), np.int32))
    formed = np.ones(len(places), np.bool_)
    for place, letter in enumerate(form):
        if letter in _LETTERS:
            formed &= digits[place] <= 9  # noqa: PLR2004 - other characters wrap round to more
            fields[letter] = fields[letter] * 10 + digits[place]
        else:
            formed &= characters[:, place] == ord(letter)
    days, real = _days(fields["Y"], fields["M"], fields["D"])
    formed &= real & (days >= EARLIEST) & (days <= LATEST)
    if form == _STAMP:
        formed &= (fields["h"] < 24) & (fields["m"] < 60) & (fields["s"] < 60)  # noqa: PLR2004
        formed &= days > LAST_DAYLIGHT_SAVING
        seconds = (fields["h"] * 60 + fields["m"]) * 60 + fields["s"]
        times.clocks[places] = seconds.astype(np.int64) * _SECOND
    times.days[places] = days
    times.read[places] = formed


def _days(
    years: NDArray[np.int32], months: NDArray[np.int32], days: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Ordinals of civil days, and whether there are such days."""
    month = ((years - 1970) * 12 + months - 1).astype("datetime64[M]")
    first = month.astype("datetime64[D]").astype(np.int64)
    after = (month + 1).astype("datetime64[D]").astype(np.int64)
    real = (months >= 1) & (months <= 12) & (days >= 1) & (days <= after - first)  # noqa: PLR2004
    return (first + days - 1 + EPOCH).astype(np.int32), real
