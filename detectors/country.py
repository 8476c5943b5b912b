"""Whose documents these are: civil days and regions. Without a word of it they are China's."""

from datetime import date, datetime, time
from functools import lru_cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from detectors import civil_time
from detectors.errors import PolicyError
from detectors.provinces import PROVINCES


class Country(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The section ``[country]`` of the policy.

    Raises
    ------
    PolicyError
        For a time zone that there is not, or a region of another country.
    """

    code: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    """ISO 3166-1."""
    timezone: str
    """Name of the tz database; a time with an offset means the civil day there."""
    regions: dict[str, str]
    """ISO 3166-2 codes of what documents call provinces, with names."""

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

    def parse(self, text: str) -> civil_time.CivilTime:
        """Read an RFC 3339 time with offset, or a bare date, as civil time there.

        Of a time in another country than China the civil day is kept, and not the clock.

        Raises
        ------
        ValueError
            As :func:`civil_time.parse`.
        """
        return _reader(self.timezone)(text)

    def day_of_instant(self, milliseconds: int) -> int:
        """Civil day there of an instant, in milliseconds since 1970; no later than the year 9999."""
        seconds = min(milliseconds // 1000, _LAST_INSTANT)
        return datetime.fromtimestamp(seconds, ZoneInfo(self.timezone)).toordinal()

    def start_of_day(self, day: int) -> float:
        """Start of a civil day there, in seconds since 1970."""
        return datetime.combine(date.fromordinal(day), time.min, ZoneInfo(self.timezone)).timestamp()


_LAST_INSTANT: Final = int(datetime(9999, 12, 30).timestamp())  # noqa: DTZ001 - a day off is as good


@lru_cache(maxsize=16)
def _reader(timezone: str) -> civil_time.Reader:
    return civil_time.parse if timezone == CHINA.timezone else civil_time.day_reader(ZoneInfo(timezone))


CHINA: Final = Country(code="CN", timezone="Asia/Shanghai", regions=PROVINCES)
