"""What is known of all that was published under one VIN, in a few numbers.

Screens are conditions over it. It is the same by :meth:`Summary.of`, from documents, and by
:func:`summary_sql`, from the columns of a ledger.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from math import inf
from typing import Final, NamedTuple

import msgspec

from detectors import vin as vins
from detectors.documents import CustomsExport, Document, Registration, read_odometer
from detectors.history import SALE_DOCUMENTS, Content, content_of

NEVER: Final = 1_000_000
"""Days between two sale documents where there are no two."""
NO_YEAR: Final = 1_000
"""Years between a VIN's year and a first registration where its tenth character stands for no year."""
MALFORMED: Final = 2
"""Fault of a VIN of the wrong length or alphabet."""
WRONG_CHECK_DIGIT: Final = 1
"""Fault of a VIN that is well formed."""
_TWO: Final = 2
_THREE: Final = 3


class ScreenedDocument(NamedTuple):
    """What screens see of a document: the columns of the ledger that summaries are made of."""

    source: str
    event_id: str
    content: int
    """Bits of :class:`detectors.history.Content`."""
    day: int
    kilometres: float | None
    """Odometer, where somebody really read it."""
    initial_province: str | None
    owner: str | None
    """Owner by a registration or a deregistration."""
    year_gap: int | None
    """Of an initial registration under a well-formed VIN: years from the VIN's year to it."""

    @property
    def sold(self) -> tuple[str, str, int, int, str | None]:
        """What the contents of one document say of a sale; those that say the same count once."""
        return (self.source, self.event_id, self.content, self.day, self.owner)

    @classmethod
    def of(cls, document: Document) -> "ScreenedDocument":
        """Look at a document."""
        initial = isinstance(document, Registration) and document.kind == "initial"
        return cls(
            document.source,
            document.event_id,
            content_of(document),
            document.day,
            read_odometer(document),
            document.province if initial and isinstance(document, Registration) else None,
            None if isinstance(document, CustomsExport) else document.owner_id,
            year_gap(document.vin, document.day) if initial else None,
        )


def vin_fault(vin: str) -> int:
    """How a VIN fails by itself: 0 for not at all, `WRONG_CHECK_DIGIT` or `MALFORMED`."""
    if not vins.is_well_formed(vin):
        return MALFORMED
    wrong = vin[vins.CHECK_POSITION] != vins.check_digit(vin)
    return WRONG_CHECK_DIGIT if wrong else 0


def year_gap(vin: str, day: int) -> int | None:
    """Years between the year of a VIN and a civil day; ``None`` for a VIN that is not well formed."""
    return _year_gap(vin, day) if vins.is_well_formed(vin) else None


def _year_gap(vin: str, day: int) -> int:
    registered = date.fromordinal(day).year
    year = vins.model_year(vin, registered)
    if year is None:
        return NO_YEAR
    return min(registered - year, year + vins.CYCLE - registered)


class Summary(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was published under one VIN; a document that came several times counts once."""

    vin: str
    fault: int
    documents: int
    content: int
    """The bits of all documents together."""
    sales_apart: int
    """Days between the closest two sale documents; 0 where there are more than three, `NEVER` where all
    are contents of one document, of which one counts, or name one owner, who sold himself nothing."""
    lowest_km: float
    odometer_fall: float
    """Kilometres lost from the earlier of two readings to the later; infinite where there are more."""
    several_owners: bool
    several_initial_provinces: bool
    year_gap: int
    first_source: str
    """First and last in the order of their names: equal where there is only one."""
    last_source: str

    @classmethod
    def of(cls, vin: str, documents: Sequence[Document], most: int) -> "Summary":
        """Sum up what was published of a vehicle, at least one document.

        Parameters
        ----------
        vin, documents
            The vehicle, and its documents without exact repetitions.
        most
            How many documents are kept of one vehicle.
        """
        seen = [ScreenedDocument.of(document) for document in documents]
        content = Content.OVERFULL if len(seen) > most else Content.NOTHING
        if len({(document.source, document.event_id) for document in documents}) < len(seen):
            content |= Content.CONTESTED
        revisions = {(document.source, document.event_id, document.revision) for document in documents}
        if len(revisions) < len(seen):
            content |= Content.CONFLICTING
        for one in seen:
            content |= one.content
        sources = [one.source for one in seen]
        several_owners = _several(one.owner for one in seen)
        return cls(
            vin=vin,
            fault=vin_fault(vin),
            documents=len(seen),
            content=content,
            sales_apart=_apart(seen, several_owners=several_owners),
            lowest_km=min((one.kilometres for one in seen if one.kilometres is not None), default=inf),
            odometer_fall=_fall(seen),
            several_owners=several_owners,
            several_initial_provinces=_several(one.initial_province for one in seen),
            year_gap=max((one.year_gap for one in seen if one.year_gap is not None), default=0),
            first_source=min(sources),
            last_source=max(sources),
        )


class LoneDocument:
    """The same `Summary` of a vehicle with one document, without what few screens ask for.

    Most vehicles of a stream have one, so its numbers are worked out when they are asked for.
    """

    __slots__ = ("content", "document", "fault", "first_source", "last_source", "vin")
    documents: Final = 1
    sales_apart: Final = NEVER
    odometer_fall: Final = -inf
    several_owners: Final = False
    several_initial_provinces: Final = False

    def __init__(self, document: Document, content: int) -> None:
        self.document = document
        self.content = content
        self.vin = document.vin
        self.fault = vin_fault(document.vin)
        self.first_source = self.last_source = document.source

    @property
    def lowest_km(self) -> float:
        """The reading, infinite where there is none."""
        kilometres = read_odometer(self.document)
        return inf if kilometres is None else kilometres

    @property
    def year_gap(self) -> int:
        """Years between the VIN's year and a first registration."""
        if self.fault == MALFORMED or not self.content & Content.INITIAL:
            return 0
        return _year_gap(self.vin, self.document.day)


def _apart(seen: Iterable[ScreenedDocument], *, several_owners: bool) -> int:
    said = {one.sold: one for one in seen if one.content & SALE_DOCUMENTS}
    sales = said.values()
    if len({(one.source, one.event_id) for one in sales}) < _TWO:
        return NEVER
    if not several_owners and all(one.owner is not None for one in sales):
        return NEVER
    if len(sales) > _THREE:
        return 0
    days = sorted(one.day for one in sales)
    return min(later - earlier for earlier, later in pairwise(days))


def _fall(seen: Iterable[ScreenedDocument]) -> float:
    readings = sorted((one.day, one.kilometres) for one in seen if one.kilometres is not None)
    if len(readings) < _TWO:
        return -inf
    (first, before), (last, after), *more = readings
    if more:
        return inf
    return before - after if first < last else 0.0


def _several(values: Iterable[str | None]) -> bool:
    return len({value for value in values if value is not None}) > 1


_IS_SALE: Final = f"content & {SALE_DOCUMENTS} <> 0"
_SALE: Final = f"CASE WHEN {_IS_SALE} THEN day - DATE '1970-01-01' END"
"""Its day, a number; what is no sale has none. Aggregates with a filter cost more."""
_FIRST: Final = f"min({_SALE})"
_LAST: Final = f"max({_SALE})"
_SUM: Final = f"sum({_SALE})::BIGINT"
_READ: Final = "CASE WHEN kilometres IS NOT NULL THEN day END"
_OF_ONE_DOCUMENT: Final = (
    f"min(source) FILTER ({_IS_SALE}) = max(source) FILTER ({_IS_SALE}) "
    f"AND min(event_id) FILTER ({_IS_SALE}) = max(event_id) FILTER ({_IS_SALE})"
)


def summary_sql(*, alone: bool = False) -> str:
    """How the fields of a `Summary` come from the columns of a ledger, grouped by ``vin``.

    The content of a document must say `Content.CONTESTED` where its vehicle has another one of its
    identity, `Content.CONFLICTING` where it has the same revision too, and no sale where that one
    says the same of it (`ScreenedDocument.sold`). Whether there are too many documents is for
    :func:`overfull_sql` to say: it depends on the policy, the rest on the documents alone.

    Parameters
    ----------
    alone
        Whether every row is known to be the only one of its identity, which is then not looked at.
    """
    columns = _COLUMNS | {"sales_apart": _apart_sql("" if alone else f"OR {_OF_ONE_DOCUMENT} ")}
    return ", ".join(f"{column} AS {name}" for name, column in columns.items())


def lone_sql() -> str:
    """The same of vehicles with one row each, which need not be grouped."""
    return ", ".join(f"{column} AS {name}" for name, column in _OF_ONE_ROW.items())


def _apart_sql(or_of_one: str) -> str:
    named = f"min(owner) = max(owner) AND bool_and({_SALE} IS NULL OR owner IS NOT NULL)"
    middle = f"({_SUM} - {_FIRST} - {_LAST})"
    return (
        f"CASE WHEN count({_SALE}) < {_TWO} OR {named} {or_of_one}THEN {NEVER} "
        f"WHEN count({_SALE}) = {_TWO} THEN {_LAST} - {_FIRST} WHEN count({_SALE}) = {_THREE} "
        f"THEN least({middle} - {_FIRST}, {_LAST} - {middle}) ELSE 0 END"
    )


def overfull_sql(most: int) -> str:
    """The content of a summary, `Content.OVERFULL` included, where so many documents are kept."""
    return f"content | CASE WHEN documents > {most} THEN {Content.OVERFULL} ELSE 0 END"


_COLUMNS: Final = {
    "fault": "max(vin_fault)",
    "documents": "count(*)",
    "content": "bit_or(content)",
    "lowest_km": "coalesce(min(kilometres), 'inf'::DOUBLE)",
    "odometer_fall": (
        "CASE count(kilometres) WHEN 0 THEN '-inf'::DOUBLE WHEN 1 THEN '-inf'::DOUBLE "
        f"WHEN 2 THEN CASE WHEN min({_READ}) = max({_READ}) THEN 0 "
        f"ELSE arg_min(kilometres, {_READ}) - arg_max(kilometres, {_READ}) END ELSE 'inf'::DOUBLE END"
    ),
    "several_owners": "coalesce(min(owner) <> max(owner), false)",
    "several_initial_provinces": ("coalesce(min(initial_province) <> max(initial_province), false)"),
    "year_gap": "coalesce(max(year_gap), 0)",
    "first_source": "min(source)",
    "last_source": "max(source)",
}
_OF_ONE_ROW: Final = {
    "fault": "vin_fault",
    "documents": "1",
    "content": "content",
    "lowest_km": "coalesce(kilometres, 'inf'::DOUBLE)",
    "odometer_fall": "'-inf'::DOUBLE",
    "several_owners": "false",
    "several_initial_provinces": "false",
    "year_gap": "coalesce(year_gap, 0)",
    "first_source": "source",
    "last_source": "source",
    "sales_apart": str(NEVER),
}
