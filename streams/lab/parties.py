"""Whom the documents name on which differing alerts rest: whose cars are judged otherwise."""

from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import Final

import msgspec

from detectors.documents import CustomsExport, Deregistration, Registration
from detectors.findings import Evidence
from detectors.history import VehicleHistory
from streams.lab.difference import AlertDifference, Change

MOST: Final = 20
"""Parties that are told, those of most differences first."""
_ROLES: Final = {
    Registration: (("seller_id", "seller"), ("owner_id", "owner")),
    Deregistration: (("owner_id", "owner"),),
    CustomsExport: (("exporter_id", "exporter"),),
}
"""Fields of a document that name somebody, and as whom."""

PartyCounts = Counter[tuple[str, str, Change]]
"""How many alerts that differ rest on a document which names a party: by its role, its name and how."""


class PartyDifference(msgspec.Struct, frozen=True):
    """A party, and the alerts that differ and rest on a document which names it."""

    role: str
    party: str
    changes: dict[Change, int]


def parties_of(counts: PartyCounts) -> list[PartyDifference]:
    """Parties by the number of alerts that differ; an alert counts once for each that it concerns."""
    by_party: dict[tuple[str, str], dict[Change, int]] = {}
    for (role, party, change), number in counts.items():
        by_party.setdefault((role, party), {})[change] = number
    ranked = nsmallest(MOST, by_party.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return [PartyDifference(role, party, told) for (role, party), told in ranked]


def count_parties(
    counts: PartyCounts, one: AlertDifference, before: VehicleHistory, after: VehicleHistory
) -> None:
    """Count the parties of a difference, by the histories on which its sides rest."""
    concerned: set[tuple[str, str]] = set()
    rests_on = one.before.evidence if one.before is not None else ()
    concerned.update(named_by(rests_on, before))
    # A figure alone moves as a rule: both sides rest on the same.
    if one.after is not None and (before is not after or one.after.evidence != rests_on):
        concerned.update(named_by(one.after.evidence, after))
    for role, party in concerned:
        counts[role, party, one.change] += 1


def named_by(evidence: Iterable[Evidence], history: VehicleHistory) -> Iterator[tuple[str, str]]:
    """Role and name of whom the documents name that are cited."""
    cited = {(each.source, each.event_id) for each in evidence}
    for document in history.published:
        if (document.source, document.event_id) in cited:
            for attribute, role in _ROLES[type(document)]:
                party = getattr(document, attribute)
                if party:
                    yield role, party
