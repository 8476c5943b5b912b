"""What the broker tells of the service: workers, lag, dead letters; asked now and then, and kept."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from streams.service.diagnosis import diagnose_running
from streams.service.settings import Settings
from streams.setup.visible_text import visible

SECONDS: Final = 30.0
"""Between two questions."""


class Said(msgspec.Struct, frozen=True):
    """One thing that was looked at, as `zeromile doctor` says it."""

    state: Literal["ok", "note", "problem"]
    what: str
    remedy: str


class InstallationNow(msgspec.Struct, frozen=True):
    """What was found, and when."""

    asked_at: datetime
    found: tuple[Said, ...]


def look_at_installation(settings: Settings, now: datetime) -> InstallationNow:
    """Ask the broker; one that does not answer is a finding."""
    found = tuple(
        Said(one.state, visible(one.what), visible(one.remedy)) for one in diagnose_running(settings)
    )
    return InstallationNow(now, found)


def names_a_broker(settings: Settings) -> bool:
    """Whether a broker was named: a desk over files has none to ask."""
    return "bootstrap_servers" in settings.model_fields_set
