"""What the broker tells of the service: workers, lag, dead letters, watermarks; asked now and then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final, Literal

import msgspec
from kafka.errors import KafkaError

from detectors import civil_time
from detectors.documents import EVENT_TYPES
from streams.service.diagnosis import diagnose_running
from streams.service.kept_state import read_watermarks
from streams.service.settings import Settings
from streams.setup.policy import load_policy
from streams.setup.visible_text import visible

SECONDS: Final = 30.0
"""Between two questions."""


class Said(msgspec.Struct, frozen=True):
    """One thing that was looked at, as `zeromile doctor` says it."""

    state: Literal["ok", "note", "problem"]
    what: str
    remedy: str = ""


class InstallationNow(msgspec.Struct, frozen=True):
    """What was found, and when."""

    asked_at: datetime
    found: tuple[Said, ...]


def look_at_installation(settings: Settings, now: datetime) -> InstallationNow:
    """Ask the broker; one that does not answer is a finding."""
    found = [
        Said(one.state, visible(one.what), visible(one.remedy)) for one in diagnose_running(settings)
    ]
    answered = len(found) > 1  # else all that was found is that it does not
    with suppress(KafkaError):
        found += list(_watermarks(settings)) if answered else []
    return InstallationNow(now, tuple(found))


def _watermarks(settings: Settings) -> Iterator[Said]:
    """How far the feeds have come, and through which day they count as complete."""
    watermarks = read_watermarks(settings, load_policy(settings.policy_file))
    for kind in EVENT_TYPES:
        days = [day for (feed, _), day in watermarks.newest.items() if feed == kind]
        through = watermarks.complete_through(kind)
        if days and through is not None:
            name, newest = kind.replace("_", " "), civil_time.day_text(max(days))
            yield Said(
                "ok",
                f"{name} documents of {len(days)} source(s) have come to {newest}; complete through "
                f"{civil_time.day_text(through)}",
            )


def names_a_broker(settings: Settings) -> bool:
    """Whether a broker was named: a desk over files has none to ask."""
    return "bootstrap_servers" in settings.model_fields_set
