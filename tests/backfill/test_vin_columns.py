"""What VINs say by themselves: a column of them as one by one."""

from datetime import date

import numpy as np
import pytest

from detectors.summaries import vin_fault, year_gap
from streams.backfill.arrays import spell
from streams.backfill.vin_columns import VinColumns

GOOD = "LSVAU2180N2183294"
VINS = [
    GOOD,
    *(GOOD[:place] + letter + GOOD[place + 1 :] for place in range(len(GOOD)) for letter in "IOQ*09XU"),
    GOOD[:-1],
    GOOD + "1",
    "X",
    "1" * 40,
]
DAYS = (date(1999, 12, 31), date(2022, 1, 1), date(2026, 11, 28), date(2039, 6, 30))


@pytest.mark.parametrize("vins", [VINS, VINS[:1], VINS[-4:], VINS[:-4]])
def test_columns_say_what_each_vin_says(vins: list[str]):
    columns = VinColumns(spell(vins))
    faults = [vin_fault(vin) for vin in vins]
    assert columns.faults().tolist() == faults
    for day in (one.toordinal() for one in DAYS):
        gaps = columns.year_gaps(np.full(len(vins), day, np.int32)).tolist()
        for vin, well_formed, gap in zip(vins, columns.well_formed.tolist(), gaps, strict=True):
            if well_formed:
                assert gap == year_gap(vin, day)
