"""The documents of a vehicle, told line by line."""

from typing import NamedTuple

from detectors.country import Country
from detectors.history import VehicleHistory
from streams.engine.citing import citations
from streams.engine.dossier import describe


class DossierLine(NamedTuple):
    """One document."""

    occurred_at: str
    says: str
    cited: str
    """The numbers by which its register knows it."""


Dossier = list[DossierLine]


def dossier_of(history: VehicleHistory, country: Country) -> Dossier:
    """Tell the documents of a vehicle that count, earliest first."""
    return [
        DossierLine(
            document.occurred_at,
            describe(document, country),
            "; ".join(f"{word} {value}" for word, value in citations(document).items()),
        )
        for document in history.documents
    ]
