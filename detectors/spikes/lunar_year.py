"""First days of the Chinese lunar years.

The package `holidays` knows them too, but loads the calendars of all countries first: 0.3 seconds
in the middle of a stream. The tests hold this table against it, year by year.
"""

from datetime import date, timedelta
from typing import Final

FIRST_YEAR: Final = 1901
LAST_YEAR: Final = 2099

_DAYS: Final = (
    "uj9rf5od2lath6pf3mcvj8rg4od3lash6pf4mbuj7qg5od2l9sh7pe4nbtj8qg5od1k"
    "ash7qe3mbti8rg5odvk9sh7qf3lbui8rg4nc2k9ti6pe3lbuj8rg5nc2l9sh6oe3mbu"
    "j8qf4nc2lash6pd3mcuj8qf4nd1k9sg6pe3mbui7qg4nd2k9sh6pe4lati7qg5nc1"
)
"""Days from 20 January to New Year's Day, one digit to the base 36 a year."""


def chinese_new_year(year: int) -> date:
    """Return the first day of the lunar year that begins in a Gregorian year.

    Raises
    ------
    ValueError
        For a year that is not known.

    Examples
    --------
    >>> chinese_new_year(2026)
    datetime.date(2026, 2, 17)
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(
            f"no Chinese New Year is known for {year}; allowed: {FIRST_YEAR} to {LAST_YEAR}"
        )
    return date(year, 1, 20) + timedelta(days=int(_DAYS[year - FIRST_YEAR], 36))
