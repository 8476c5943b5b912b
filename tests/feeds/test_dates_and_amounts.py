"""Days, times and numbers as registers write them."""

import re
from zoneinfo import ZoneInfo

import pytest

from streams.feeds.amounts import number_reader
from streams.feeds.dates import reader
from streams.feeds.folding import fold, to_latin

MADRID = ZoneInfo("Europe/Madrid")


@pytest.mark.parametrize(
    ("name", "text", "written"),
    [
        ("dd.mm.yyyy", "03.04.2025", "2025-04-03"),
        ("dd.mm.yyyy", "3.4.2025", "2025-04-03"),
        ("mm/dd/yyyy", "04/03/2025", "2025-04-03"),
        ("mm/dd/yyyy", "13/03/2025", None),
        ("dd.mm.yy", "03.04.25", "2025-04-03"),
        ("dd.mm.yy", "03.04.97", "1997-04-03"),
        ("ddmmyyyy", "03042025", "2025-04-03"),
        ("ddmmyyyy", "3042025", None),
        ("yyyymmdd", "20250403", "2025-04-03"),
        ("month dd yyyy", "April 3 2025", "2025-04-03"),
        ("month dd yyyy", "april  03 2025", "2025-04-03"),
        ("month dd, yyyy", "Apr 3, 2025", "2025-04-03"),
        ("month dd yyyy", "Aprikose 3 2025", None),
        ("yyyy年mm月dd日", "2025年4月3日", "2025-04-03"),
        ("dd.mm.yyyy", "31.06.2025", None),
        ("dd.mm.yyyy", "29.02.2025", None),
        ("iso", "2025-04-03", "2025-04-03"),
        ("iso", "2025-04-03T00:00:00.000", "2025-04-03"),
        ("iso", "2025-04-03 14:05:00", "2025-04-03T14:05:00+02:00"),
        ("iso", "2025-04-03T14:05:00Z", "2025-04-03T14:05:00+00:00"),
        ("iso", "2025-02-30", None),
        ("dd/mm/yyyy hh:mm", "03/04/2025 9:05", "2025-04-03T09:05:00+02:00"),
        ("dd/mm/yyyy hh:mm", "03/04/2025 25:05", None),
        ("excel", "45750", "2025-04-03"),
        ("excel", "45750.5", "2025-04-03"),
        ("excel", "3", None),
        ("iso", "", None),
    ],
)
def test_a_day_is_read_by_its_format(name: str, text: str, written: str | None) -> None:
    found = reader([name], 50, MADRID)(text)
    assert (found and found.text) == written


@pytest.mark.parametrize("text", ["202504", "2025-04"])
def test_a_month_says_that_it_is_one(text: str) -> None:
    found = reader(["yyyymm", "yyyy-mm"], 50, MADRID)(text)
    assert found == ("2025-04-01", "month")


@pytest.mark.parametrize(
    "name", ["", "yyyy", "mm.yyyy.mm", "dd.mm", "%d.%m.%Y", "dd.mm.yyyy hh", "yyyyyy", "isoo"]
)
def test_what_is_no_format_is_told(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(name)}$"):
        reader([name], 50, MADRID)


@pytest.mark.parametrize(
    ("decimal", "thousands", "text", "number"),
    [
        (".", "", "1234.5", 1234.5),
        (",", ".", "1.234,5", 1234.5),
        (".", ",", "1,234.50", 1234.5),
        (".", " ", "1 234", 1234),
        (".", "", "$1200", 1200),
        (".", "", "-3", -3),
        (".", "", "1,234", None),
        (".", "", "1e5", None),
        (".", "", "nan", None),
        (".", "", "", None),
        (".", "", "面议", None),
    ],
)
def test_a_number_is_read_by_its_signs(
    decimal: str, thousands: str, text: str, number: float | None
) -> None:
    assert number_reader(decimal, thousands)(text) == number


def test_texts_that_read_the_same_are_the_same() -> None:
    assert fold("КУПIВЛI-ПРОДАЖУ") == fold("купівлі-продажу ")
    assert fold("Física") == fold("FISICA")
    assert fold("ПЕРВИННА") != fold("ВТОРИННА")
    assert to_latin("ХТА21099") == "XTA21099"
