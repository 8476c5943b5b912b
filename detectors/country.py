"""Whose documents these are: civil days and regions. Without a word of it they are China's."""

from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

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


CHINA: Final = Country(code="CN", timezone="Asia/Shanghai", regions=PROVINCES)
