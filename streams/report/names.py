"""How provinces, money and counts are written for people."""

from typing import Final

from detectors.country import Country

NOT_STATED: Final = "not stated"


def province_name(country: Country, code: str | None) -> str:
    """Name of a province, the code where it is unknown, a word where there is none."""
    if code is None:
        return NOT_STATED
    return "All provinces" if code == country.code else country.name_of(code)


def count(number: float) -> str:
    """Write a count with thousands separated."""
    return f"{number:,.0f}"


def money(country: Country, amount: float) -> str:
    r"""Write an amount of money with three digits or so.

    >>> from detectors.country import CHINA
    >>> [money(CHINA, amount) for amount in (7_123_000_000, 18_240_000, 920)]
    ['7.12\xa0bn yuan', '18.2\xa0m yuan', '920 yuan']
    """
    for unit, word in ((1e9, "bn"), (1e6, "m")):
        if amount >= unit:
            scaled = amount / unit
            digits = 2 if scaled < 10 else 1 if scaled < 100 else 0  # noqa: PLR2004 - three digits
            return f"{scaled:,.{digits}f}\xa0{word} {country.money_word}"
    return f"{amount:,.0f} {country.money_word}"


def percent(share: float) -> str:
    r"""Write a share with one decimal, and say where it is smaller than that shows.

    >>> percent(0.0731), percent(0.0001), percent(0)
    ('7.3\xa0%', 'under 0.1\xa0%', '0\xa0%')
    """
    if share == 0:
        return "0\xa0%"
    return "under 0.1\xa0%" if share < 0.0005 else f"{share:.1%}".replace("%", "\xa0%")  # noqa: PLR2004 - half of the last digit
