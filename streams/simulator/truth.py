"""What the simulator knows and documents do not say: one JSON line each.

Lines have a `record` field: `vehicle` (everything that is not ordinary), `spike`, `rush`,
`outage`, `malformed` and, last, `country`.
"""

import datetime

import msgspec
from msgspec import UNSET, UnsetType

from streams.simulator.calendars import IntArray


class VehicleTruth(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="record", tag="vehicle"):
    """One vehicle that is a scheme or an innocent oddity: what its people were about.

    `missing` says why documents of it are not in the stream.
    """

    vin: str
    label: str
    kind: str
    province: str
    registered_on: str
    documents_complete: bool
    variant: str | UnsetType = UNSET
    missing: tuple[str, ...] | UnsetType = UNSET
    spike: int | UnsetType = UNSET


class SpikeTruth(msgspec.Struct, frozen=True, tag_field="record", tag="spike"):
    """A provincial export spike: where, from which Monday to which Sunday (declarations), how large."""

    spike: int
    province: str
    first_day: str
    last_day: str
    weeks: int
    vehicles: int
    expected_a_week: float
    exporters: int


class MalformedTruth(msgspec.Struct, frozen=True, tag_field="record", tag="malformed"):
    """An unreadable line: its number (the first is 1), what is wrong, whether a good copy follows."""

    line: int
    reason: str
    sent_again: bool


class OutageTruth(msgspec.Struct, frozen=True, tag_field="record", tag="outage"):
    """A feed of one province (or of all) held back for days, then delivered in one go."""

    event_type: str
    province: str
    first_day: str
    days: int


class RushTruth(msgspec.Struct, frozen=True, tag_field="record", tag="rush"):
    """Days on which a policy pulls exports of all provinces forward, to one destination or to all."""

    destination: str
    first_day: str
    last_day: str
    factor: float


class CountryTruth(msgspec.Struct, frozen=True, tag_field="record", tag="country"):
    """The whole stream."""

    seed: int
    start: str
    days: int
    vehicles: int
    documents: int
    malformed: int
    ordinary_vehicles: int
    export_share: float
    by_label: dict[str, int]


def iso(day: int) -> str:
    """ISO date of an ordinal."""
    return datetime.date.fromordinal(day).isoformat()


def mondays(first: IntArray) -> IntArray:
    """The Monday of each day's week."""
    return first - (first - 1) % 7
