"""Whose documents these are: civil days, regions, money, feasts. Without a word they are China's."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from functools import lru_cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from detectors import china, civil_time
from detectors.errors import PolicyError

MOVING_DAYS: Final = ("lunar new year", "easter", "orthodox easter")
"""Days of a feast that differ from year to year."""
_MONTH_AND_DAY = re.compile(r"\d\d-\d\d")
_FARTHEST: Final = 60
_LAST_INSTANT: Final = int(datetime(9999, 12, 30).timestamp())  # noqa: DTZ001 - a day off is as good
_GAP: Final = ".."
_THIS_AGE: Final = 2025
"""A year whose offsets from universal time are those of the documents."""

Share = Annotated[float, Meta(ge=0, lt=1)]


class Feast(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A feast of every year that moves counts.

    Raises
    ------
    PolicyError
        For a day that there is not in every year, or windows that are none.
    """

    name: str
    begins: str
    """Month and day (``12-24``), or one of `MOVING_DAYS`."""
    windows: tuple[tuple[int, int], ...]
    """Days after its first day, inclusive, each of which is learnt apart."""
    near_days: Annotated[int, Meta(ge=0, le=_FARTHEST)]
    """Within how many days of a finding it is named."""

    def __post_init__(self) -> None:
        if self.begins not in MOVING_DAYS and not _is_of_every_year(self.begins):
            allowed = "a month and day of every year (12-24), " + ", ".join(MOVING_DAYS)
            raise PolicyError(f"begins of {self.name!r} is {self.begins!r}; allowed: {allowed}")
        for first, last in self.windows:
            if not -_FARTHEST <= first <= last <= _FARTHEST:
                allowed = f"first and last day, from -{_FARTHEST} to {_FARTHEST}"
                raise PolicyError(f"windows of {self.name!r} has [{first}, {last}]; allowed: {allowed}")


class FeastCalendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a country's year does to counts, beside its seasons and the ends of months and quarters.

    Raises
    ------
    PolicyError
        For public holidays that nobody knows.
    """

    feasts: tuple[Feast, ...] = ()
    public_holidays: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    """Country whose public holidays, by the library ``holidays``, count as days without work."""

    def __post_init__(self) -> None:
        if self.public_holidays is None:
            return
        from holidays import country_holidays  # noqa: PLC0415 - a third of a second

        try:
            country_holidays(self.public_holidays)
        except NotImplementedError:
            raise PolicyError(
                f"country.calendar.public_holidays is {self.public_holidays!r}; allowed: the code of "
                "a country that the library holidays knows (ISO 3166-1)"
            ) from None


class DatedCause(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An event that is known to move exports."""

    day: date
    what: str

    def __str__(self) -> str:
        return f"{self.day.isoformat()}: {self.what}"


class VinRegime(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the law there makes of a vehicle identification number, beside its length and alphabet."""

    check_digit: bool = True
    """Whether the ninth character is one where the maker's law says so; a wrong one is a fault then."""
    model_year: bool = True
    """Whether the tenth character tells the model year; ISO 3779 has no other place for it."""


class Country(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The section ``[country]`` of the policy.

    Raises
    ------
    PolicyError
        For a time zone that there is not, or a region of another country.
    """

    code: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    """ISO 3166-1; the nation as a whole goes by it."""
    timezone: str
    """Name of the tz database; a time with an offset means the civil day there."""
    regions: dict[str, str]
    """ISO 3166-2 codes of what documents call provinces, with names."""
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    """ISO 4217, of the amounts in documents."""
    money: str = ""
    """What people call it; by default its code."""
    vin: VinRegime = VinRegime()
    calendar: FeastCalendar = FeastCalendar()
    causes: tuple[DatedCause, ...] = ()
    """Published policy dates that are known to move exports."""
    value_added_tax: Share = 0.0
    """Contained in the price on a registration."""
    export_rebate: Share = 0.0
    """Share of a car's price that the exporter gets back; 0 where exports are simply free of tax."""
    map: tuple[str, ...] = ()
    """Rows of tiles, regions without the country's code, ``..`` for a gap; by default in order."""
    without_register: tuple[str, ...] = ()
    """Regions that stand in a map only where documents name them."""

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            allowed = "a name of the tz database, such as Europe/Madrid"
            raise PolicyError(f"country.timezone is {self.timezone!r}; allowed: {allowed}") from None
        for region in self.regions:
            if not region.startswith(f"{self.code}-"):
                allowed = f"codes of ISO 3166-2 that begin with {self.code}-"
                raise PolicyError(f"country.regions has {region!r}; allowed: {allowed}")
        self._check_named("map", (f"{self.code}-{tile}" for row in self.map for tile in _tiles(row)))
        self._check_named("without_register", self.without_register)

    def _check_named(self, key: str, regions: Iterable[str]) -> None:
        for region in regions:
            if region not in self.regions:
                raise PolicyError(f"country.{key} has {region!r}; allowed: what country.regions has")

    @property
    def zone(self) -> ZoneInfo:
        """Its clocks."""
        return ZoneInfo(self.timezone)

    @property
    def money_word(self) -> str:
        """What amounts are said to be in."""
        return self.money or self.currency

    @property
    def places(self) -> dict[str, tuple[int, int]]:
        """Region to row and column on a map of tiles, from 1."""
        rows = [row.split() for row in self.map] or _even_rows(
            [region.partition("-")[2] for region in self.regions]
        )
        return {
            f"{self.code}-{tile}": (row, column)
            for row, line in enumerate(rows, start=1)
            for column, tile in enumerate(line, start=1)
            if tile != _GAP
        }

    @property
    def offsets(self) -> tuple[str, ...]:
        """Offsets from universal time that its clocks have now, as documents write them."""
        instants = (datetime(_THIS_AGE, month, 1, tzinfo=self.zone) for month in range(1, 13))
        return tuple(sorted({instant.isoformat()[-6:] for instant in instants}))

    def name_of(self, code: str) -> str:
        """Name of a region, the code where it is unknown."""
        return self.regions.get(code, code)

    def parse(self, text: str) -> civil_time.CivilTime:
        """Read an RFC 3339 time with offset, or a bare date, as civil time there.

        Raises
        ------
        ValueError
            As :func:`civil_time.parse`.
        """
        return _reader(self.timezone)(text)

    def day_of_instant(self, milliseconds: int) -> int:
        """Civil day there of an instant, in milliseconds since 1970; no later than the year 9999."""
        seconds = min(milliseconds // 1000, _LAST_INSTANT)
        return datetime.fromtimestamp(seconds, self.zone).toordinal()

    def start_of_day(self, day: int) -> float:
        """Start of a civil day there, in seconds since 1970."""
        return datetime.combine(date.fromordinal(day), time.min, self.zone).timestamp()


@lru_cache(maxsize=16)
def _reader(timezone: str) -> civil_time.Reader:
    return (
        civil_time.parse if timezone == china.TIMEZONE else civil_time.zone_reader(ZoneInfo(timezone))
    )


def _is_of_every_year(text: str) -> bool:
    if _MONTH_AND_DAY.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        return False
    return True


def _tiles(row: str) -> Iterator[str]:
    return (tile for tile in row.split() if tile != _GAP)


def _even_rows(tiles: list[str]) -> list[list[str]]:
    """About twice as wide as high."""
    width = max(1, round((2 * len(tiles)) ** 0.5))
    return [tiles[first : first + width] for first in range(0, len(tiles), width)]


CHINA: Final = Country(
    code=china.CODE,
    timezone=china.TIMEZONE,
    regions=china.REGIONS,
    currency=china.CURRENCY,
    money=china.MONEY,
    calendar=FeastCalendar(
        feasts=tuple(
            Feast(name=name, begins=begins, windows=windows, near_days=near)
            for name, begins, windows, near in china.FEASTS
        )
    ),
    causes=tuple(DatedCause(day=date.fromisoformat(day), what=what) for day, what in china.CAUSES),
    value_added_tax=china.VALUE_ADDED_TAX,
    export_rebate=china.EXPORT_REBATE,
    map=china.MAP,
    without_register=china.WITHOUT_OWN_REGISTER,
)
"""The country that documents are of where the policy names no other."""
