"""Whom the documents name on which differing alerts rest: whose cars are judged otherwise."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from detectors.history import VehicleHistory
from streams.lab.difference import AlertDifference, Change

MOST: Final = 20
"""Parties that are told, those of most differences first."""
_ROLES: Final = {"exporter_id": "exporter", "seller_id": "seller", "owner_id": "owner"}


class PartyDifference(msgspec.Struct, frozen=True):
    """A party, and the alerts that differ and rest on a document which names it."""

    role: str
    party: str
    changes: dict[Change, int]


def parties_of(
    found: Sequence[AlertDifference], histories: Iterable[dict[str, VehicleHistory]]
) -> list[PartyDifference]:
    """Parties by the number of alerts that differ; an alert counts once for each that it concerns."""
    of_vehicle: dict[str, list[AlertDifference]] = {}
    for one in found:
        of_vehicle.setdefault(one.shown.subject, []).append(one)
    counts: dict[tuple[str, str], Counter[Change]] = {}
    for some in histories:
        for vin, history in some.items():
            for one in of_vehicle.get(vin, ()):
                for party in set(_named(one, history)):
                    counts.setdefault(party, Counter())[one.change] += 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))
    return [PartyDifference(role, party, dict(told)) for (role, party), told in ranked[:MOST]]


def _named(one: AlertDifference, history: VehicleHistory) -> Iterator[tuple[str, str]]:
    cited = {
        (each.source, each.event_id)
        for alert in (one.before, one.after)
        if alert is not None
        for each in alert.evidence
    }
    for document in history.published:
        if (document.source, document.event_id) in cited:
            for field, role in _ROLES.items():
                party = getattr(document, field, None)
                if party:
                    yield role, party
