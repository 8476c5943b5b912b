"""Whom the documents name on which differing alerts rest: whose cars are judged otherwise."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from detectors.findings import Evidence
from detectors.history import VehicleHistory
from streams.lab.difference import AlertDifference, Change

MOST: Final = 20
"""Parties that are told, those of most differences first."""
_ROLES: Final = {"exporter_id": "exporter", "seller_id": "seller", "owner_id": "owner"}

NamedParties = dict[str, set[tuple[str, str]]]
"""Role and name of whom documents name, by the alert that rests on them."""


class PartyDifference(msgspec.Struct, frozen=True):
    """A party, and the alerts that differ and rest on a document which names it."""

    role: str
    party: str
    changes: dict[Change, int]


def parties_of(
    found: Sequence[AlertDifference], named: Mapping[str, set[tuple[str, str]]]
) -> list[PartyDifference]:
    """Parties by the number of alerts that differ; an alert counts once for each that it concerns."""
    counts: dict[tuple[str, str], Counter[Change]] = {}
    for one in found:
        for party in named.get(one.shown.alert_id, ()):
            counts.setdefault(party, Counter())[one.change] += 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))
    return [PartyDifference(role, party, dict(told)) for (role, party), told in ranked[:MOST]]


def named_in(
    found: Sequence[AlertDifference], histories: Iterable[dict[str, VehicleHistory]]
) -> NamedParties:
    """Whom documents name on which either side of differing alerts rests."""
    of_vehicle: dict[str, list[AlertDifference]] = {}
    for one in found:
        of_vehicle.setdefault(one.shown.subject, []).append(one)
    named: NamedParties = {}
    for some in histories:
        for vin, history in some.items():
            for one in of_vehicle.get(vin, ()):
                parties = named.setdefault(one.shown.alert_id, set())
                for alert in (one.before, one.after):
                    parties.update(named_by(() if alert is None else alert.evidence, history))
    return named


def named_by(evidence: Iterable[Evidence], history: VehicleHistory) -> Iterator[tuple[str, str]]:
    """Role and name of whom the documents name that are cited."""
    cited = {(each.source, each.event_id) for each in evidence}
    for document in history.published:
        if (document.source, document.event_id) in cited:
            for attribute, role in _ROLES.items():
                party = getattr(document, attribute, None)
                if party:
                    yield role, party
