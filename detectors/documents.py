"""The three documents that zeromile joins, typed, immutable and normalised.

A document states what happened to one vehicle. Its times are civil days of the policy's country
(:mod:`detectors.civil_time`), money is in its currency, distances are kilometres, ids are opaque
strings. They are stored as arrays of their fields, so a field is only ever added at the end, with a
default.
"""

from operator import attrgetter
from typing import ClassVar, Final, Literal, NamedTuple

import msgspec

from detectors import civil_time

EventType = Literal["registration", "deregistration", "customs_export"]
RegistrationKind = Literal["initial", "reregistration", "transfer", "pending_export"]
OwnerType = Literal["person", "company", "dealer", "exporter", "rental", "government"]
OdometerStatus = Literal["read", "not_read"]
Fuel = Literal["petrol", "diesel", "hev", "phev", "erev", "bev", "fcev"]
Use = Literal["private", "commercial", "rental", "demo"]
DeregistrationReason = Literal[
    "export", "scrapped", "lost", "returned", "revoked", "temporary", "other"
]
Condition = Literal["new", "used"]
Status = Literal["valid", "void"]
DatePrecision = Literal["day", "month"]

EVENT_TYPES: tuple[EventType, ...] = ("registration", "deregistration", "customs_export")


class DroppedField(NamedTuple):
    """A value of an optional field that could not be read: the document counts without it."""

    field: str
    value: str
    """As it was written, shortened."""


class _Document(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What every document carries."""

    event_type: ClassVar[EventType]

    event_id: str
    """Identity within the source."""
    source: str
    """Who published it: a registry, a customs office."""
    vin: str
    """Vehicle identification number, upper case; other registers' identities pass too."""
    day: int
    """Civil day of the event."""
    time: int | None
    """Time of that day as :mod:`detectors.civil_time` has it, where the document gives one."""
    recorded_day: int | None
    """Civil day on which the source wrote the document, where it says so."""
    recorded_time: int | None
    revision: int
    """A higher revision replaces a lower one of the same source and event id."""
    status: Status
    """``void`` withdraws the document."""

    @property
    def occurred_at(self) -> str:
        """Event time as RFC 3339 text."""
        return civil_time.text(self.day, self.time)

    @property
    def is_void(self) -> bool:
        """Whether the source has withdrawn the document."""
        return self.status == "void"


class Registration(_Document, frozen=True, array_like=True, gc=False, tag=1):
    """An entry in the vehicle register: first or renewed registration, transfer, pending export."""

    event_type: ClassVar[EventType] = "registration"

    kind: RegistrationKind
    province: str | None = None
    owner_id: str | None = None
    owner_type: OwnerType | None = None
    seller_id: str | None = None
    price_cny: float | None = None
    invoice_no: str | None = None
    odometer_km: float | None = None
    odometer_status: OdometerStatus | None = None
    brand: str | None = None
    model: str | None = None
    fuel: Fuel | None = None
    use: Use | None = None
    plate: str | None = None
    date_precision: DatePrecision = "day"
    dropped: tuple[DroppedField, ...] = ()
    owner_group: str | None = None
    """Companies of one group name one group: a change of hands within it sells nothing."""
    seller_group: str | None = None


class Deregistration(_Document, frozen=True, array_like=True, gc=False, tag=2):
    """The end of a registration, with its reason."""

    event_type: ClassVar[EventType] = "deregistration"

    reason: DeregistrationReason
    province: str | None = None
    owner_id: str | None = None
    date_precision: DatePrecision = "day"
    dropped: tuple[DroppedField, ...] = ()


class CustomsExport(_Document, frozen=True, array_like=True, gc=False, tag=3):
    """A customs export declaration for one vehicle."""

    event_type: ClassVar[EventType] = "customs_export"

    declaration_no: str
    exporter_id: str
    destination: str
    condition: Condition
    exporter_province: str | None = None
    source_province: str | None = None
    exit_customs: str | None = None
    value_cny: float | None = None
    """Free on board."""
    odometer_km: float | None = None
    odometer_status: OdometerStatus | None = None
    hs_code: str | None = None
    trade_mode: str | None = None
    licence_no: str | None = None
    licence_applied_day: int | None = None
    manufacturer_letter: bool | None = None
    exited_day: int | None = None
    brand: str | None = None
    model: str | None = None
    fuel: Fuel | None = None
    date_precision: DatePrecision = "day"
    dropped: tuple[DroppedField, ...] = ()


Document = Registration | Deregistration | CustomsExport

_ORDER_IN_LIFE = {"initial": 0, "reregistration": 1, "transfer": 2, "pending_export": 3}
_ORDER_OF_EXPORT = 4
_ORDER_OF_DEREGISTRATION = 5
_DAY: Final = attrgetter("day")

FULL_REGISTERS: Final = frozenset({65_535.0, 999_999.0, 4_294_967_295.0})
"""Kilometres that a counter of two bytes, six digits or four bytes shows when nobody filled it."""


def order_in_life(document: Document) -> int:
    """Rank of a document among others of the same civil day.

    Most documents carry a date and no clock time, so documents of one day are read in the legal order:
    registration, transfer, pending export, customs, deregistration.
    """
    if isinstance(document, Registration):
        return _ORDER_IN_LIFE[document.kind]
    if isinstance(document, CustomsExport):
        return _ORDER_OF_EXPORT
    return _ORDER_OF_DEREGISTRATION


def event_order(document: Document) -> tuple[int, int, int, str, str]:
    """Sort key that puts a vehicle's documents in one order, whatever order they came in."""
    return (
        document.day,
        order_in_life(document),
        (document.time or 0) & civil_time.CLOCK,
        document.source,
        document.event_id,
    )


def comes_before(one: Document, other: Document) -> bool:
    """Whether a vehicle's document comes before another one in event order."""
    if one.day != other.day:  # nearly always, and the rest of the key takes five times as long
        return one.day < other.day
    return event_order(one) < event_order(other)


def in_event_order(documents: list[Document]) -> list[Document]:
    """Put a vehicle's documents in their order."""
    days = [document.day for document in documents]
    if len(set(days)) == len(days):
        return sorted(documents, key=_DAY)
    return sorted(documents, key=event_order)


def counts_days(*documents: Document) -> bool:
    """Whether days between documents can be counted: one that knows only its month has no day."""
    for document in documents:  # noqa: SIM110 - rules ask often: a generator takes twice as long
        if document.date_precision != "day":
            return False
    return True


def is_before(earlier: Document, later: Document) -> bool:
    """Whether a document certainly is of an earlier civil day than another.

    Of one that knows only its month any day of that month may be the right one.
    """
    if earlier.day >= later.day:
        return False
    return counts_days(earlier, later) or civil_time.month_of(earlier.day) != civil_time.month_of(
        later.day
    )


def read_odometer(document: Document) -> float | None:
    """Kilometres on the odometer if somebody really read it, else ``None``.

    A zero counts only where the document says ``read``: clerks fill an empty field with 0. What a full
    register shows (`FULL_REGISTERS`) was read off no odometer.
    """
    if isinstance(document, Deregistration) or document.odometer_status == "not_read":
        return None
    kilometres = document.odometer_km
    if kilometres == 0 and document.odometer_status != "read":
        return None
    return None if kilometres in FULL_REGISTERS else kilometres
