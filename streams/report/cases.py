"""The vehicles that the report tells in full: timeline, alerts, who held the car."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from detectors.alerts import Alert
from detectors.country import Country
from detectors.documents import CustomsExport, Document, Registration
from detectors.history import VehicleHistory
from streams.engine.dossier import describe
from streams.report.alerts import Suspect
from streams.report.names import province_name


class Entry(NamedTuple):
    """One line of a timeline."""

    when: str
    days_later: int | None
    """Civil days since the line before; ``None`` on the first."""
    text: str
    holder: str | None
    """Who holds the car by this document: a letter, the same for the same party."""
    holder_id: str | None
    document: str
    cited: bool
    """Whether a firing alert rests on this document."""


class ReportedVehicle(NamedTuple):
    """One vehicle."""

    vin: str
    car: str
    points: float
    further: bool
    alerts: list[Alert]
    titles: list[tuple[str, int]]
    """What fires and how often, worst first."""
    timeline: list[Entry]


def cases(
    suspects: Iterable[Suspect], histories: dict[str, VehicleHistory], country: Country
) -> list[ReportedVehicle]:
    """Tell the vehicles whose histories are at hand, in the given order."""
    return [
        ReportedVehicle(
            vin=s.vin,
            car=_car(histories[s.vin]),
            points=s.points,
            further=s.further,
            alerts=s.alerts,
            titles=list(Counter(alert.title for alert in s.alerts).items()),
            timeline=_timeline(histories[s.vin], s.alerts, country),
        )
        for s in suspects
        if s.vin in histories
    ]


def _car(history: VehicleHistory) -> str:
    for document in history.sale_documents:
        if document.brand:
            return " ".join(part for part in (document.brand, document.model) if part)
    return "make not stated"


def _timeline(history: VehicleHistory, alerts: list[Alert], country: Country) -> list[Entry]:
    cited = {(e.source, e.event_id) for alert in alerts for e in alert.evidence}
    letters: dict[str, str] = {}
    entries: list[Entry] = []
    before: int | None = None
    for document in history.documents:
        holder = _holder(document)
        if holder is not None:
            letters.setdefault(holder, _letter(len(letters)))
        entries.append(
            Entry(
                when=document.occurred_at[:10],
                days_later=None if before is None else document.day - before,
                text=_text(document, country),
                holder=None if holder is None else letters[holder],
                holder_id=holder,
                document=f"{document.source}/{document.event_id}",
                cited=(document.source, document.event_id) in cited,
            )
        )
        before = document.day
    return entries


def _text(document: Document, country: Country) -> str:
    """Say what a document states, with the province's name in place of its code."""
    text = describe(document, country)
    province = None if isinstance(document, CustomsExport) else document.province
    text = text if province is None else text.replace(province, province_name(country, province), 1)
    return text[0].upper() + text[1:]


def _holder(document: Document) -> str | None:
    if isinstance(document, CustomsExport):
        return document.exporter_id
    return document.owner_id if isinstance(document, Registration) else None


def _letter(number: int) -> str:
    """Name a party: A to Z, then A1 and so on.

    >>> _letter(0), _letter(27)
    ('A', 'B1')
    """
    round_, index = divmod(number, 26)
    return chr(ord("A") + index) + (str(round_) if round_ else "")
