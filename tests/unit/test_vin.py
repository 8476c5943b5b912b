import pytest

from detectors import vin as vins
from detectors.edit_distance import edit_distance


@pytest.mark.parametrize(
    ("vin", "digit"),
    [
        ("1M8GDM9AXKP042788", "X"),  # the worked example of 49 CFR 565.15
        ("5GZCZ43D13S812715", "1"),
        ("11111111111111111", "1"),
        ("LRW3E7FS5PC695355", "5"),
    ],
)
def test_check_digits_of_published_vins(vin, digit):
    assert vins.check_digit(vin) == digit
    assert vins.check_digit(vin) == vin[vins.CHECK_POSITION]


def test_every_single_substitution_by_another_value_is_caught():
    """The modulus is prime and every weight but the check digit's own is not divisible by it."""
    vin = "1M8GDM9AXKP042788"
    for place in range(17):
        if place == vins.CHECK_POSITION:
            continue
        for digit in "0123456789":
            other = vin[:place] + digit + vin[place + 1 :]
            same_value = vins.check_digit(other) == vins.check_digit(vin)
            values = (digit + vin[place]).encode().translate(vins.VALUES)
            assert same_value == (values[0] == values[1])


@pytest.mark.parametrize(
    ("vin", "well_formed"),
    [
        ("1M8GDM9AXKP042788", True),
        ("1M8GDM9AXKP04278", False),
        ("1M8GDM9AXKP0427888", False),
        ("1M8GDM9AXKPO42788", False),
        ("IM8GDM9AXKP042788", False),
        ("1M8GDM9AXKP0427Q8", False),
        ("1m8gdm9axkp042788", False),
        ("1M8GDM9AXKP04278\n", False),
        ("", False),
    ],
)
def test_form(vin, well_formed):
    assert vins.is_well_formed(vin) is well_formed


@pytest.mark.parametrize(
    ("character", "latest", "year"),
    [
        ("A", 2010, 2010),
        ("A", 1982, 1980),
        ("S", 2025, 2025),
        ("T", 2026, 2026),
        ("Y", 2000, 2000),
        ("1", 2001, 2001),
        ("9", 2038, 2009),
        ("9", 2026, 2009),
        ("U", 2025, None),
        ("Z", 2025, None),
        ("0", 2025, None),
    ],
)
def test_model_years_run_in_cycles_of_thirty(character, latest, year):
    assert vins.model_year(f"LGXCE6CB0{character}K100074", latest) == year


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("A12345", "A12345", 0),
        ("A12345", "A12354", 2),
        ("A12345", "A1245", 1),
        ("kitten", "sitting", 3),
        ("粤A12345", "桂A12345", 1),
    ],
)
def test_edit_distance(one, other, edits):
    assert edit_distance(one, other) == edit_distance(other, one) == edits


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("WVGZZZCT3T***********", "masked"),
        ("LRW3E7FS?????????", "masked"),
        ("LRW3E7FSXXXXXXXXX", "masked"),
        ("00000000000000000", "repeated"),
        ("XXXXXXXXXXXXXXXXX", "repeated"),
        ("0", "repeated"),
        ("-", "repeated"),
        ("000-000", "repeated"),
        ("N/A", "word"),
        ("UNKNOWN", "word"),
        ("LRW3E7FS5PC695355", None),
        ("LLW3E7FS5PC695355", None),
        ("N777HN-680A0434", None),
        ("LXXXXX7FS5PC69535", None),
    ],
)
def test_numbers_that_identify_no_car(number, why):
    assert vins.no_car(number, ("N/A", "UNKNOWN")) == why
