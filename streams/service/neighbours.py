"""The other workers of the group: where they answer, and what they say of themselves."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from detectors.errors import ZeromileError
from streams.kafka.owners import last_marker
from streams.kafka.reading import committed_reader, partitions_of
from streams.service.layout import names_of
from streams.service.settings import Settings

ASK_SECONDS: Final = 5.0
AT_ONCE: Final = 16


class InstanceTakenError(ZeromileError):
    """Another worker is running under the same instance id."""


class Readiness(msgspec.Struct):
    """What a worker answers on `/readyz`, as far as others read it."""

    assigned: list[int] = []
    recovered: list[int] = []
    failing: dict[str, str] = {}
    held_back: int = 0
    instance_id: str | None = None
    unreadable: dict[str, int] = {}


class Neighbour(msgspec.Struct, frozen=True):
    """A worker that owned a partition last.

    Parameters
    ----------
    url
        Where it answers.
    readiness
        What it said; None where it did not answer, or not as a worker does.
    answered
        Whether anything answered.
    """

    url: str
    readiness: Readiness | None
    answered: bool


def owner_urls(settings: Settings) -> list[str]:
    """Where the last owners of the partitions answer, if they still run."""
    with committed_reader(settings) as consumer:
        changelogs = partitions_of(consumer, names_of(settings).vehicles)
        markers = [last_marker(consumer, where) for where in changelogs]
    return sorted({marker.url for marker in markers if marker is not None})


def ask_all(urls: Iterable[str]) -> list[Neighbour]:
    """Ask workers how they are, several at once: who has gone takes seconds not to answer."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(_ask, urls))


def _ask(url: str) -> Neighbour:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=ASK_SECONDS) as page:  # noqa: S310 - a worker's
            said = page.read()
    except urllib.error.HTTPError as error:
        said = error.read()
    except (OSError, ValueError):
        return Neighbour(url, None, answered=False)
    try:
        return Neighbour(url, msgspec.json.decode(said, type=Readiness), answered=True)
    except msgspec.MsgspecError:
        return Neighbour(url, None, answered=True)


def check_instance(settings: Settings) -> None:
    """Refuse to run beside a worker of the same instance id: each would throw the other out, for ever.

    Raises
    ------
    InstanceTakenError
        Names the other worker.
    """
    ours = settings.instance_id
    if ours is None:
        return
    urls = [url for url in owner_urls(settings) if url != settings.web_url]
    for other in ask_all(urls):
        if other.readiness is not None and other.readiness.instance_id == ours:
            raise InstanceTakenError(
                f"ZEROMILE_INSTANCE_ID is {ours!r}, and so it is of the worker at {other.url}: each "
                "would throw the other out of the group; allowed: an id that no other one has, or none"
            )
