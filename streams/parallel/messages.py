"""What the coordinator and a worker process tell each other, as msgpack."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from detectors.decoding import decode
from detectors.documents import EventType
from detectors.errors import Reason
from detectors.exports import ExportChange
from detectors.identities import Decode
from detectors.vin import NoCar


@dataclass(frozen=True, slots=True)
class Judge:
    """How a worker process comes by its detectors and documents."""

    config: Path | None = None
    """Policy file over the shipped one."""
    model: str | None = None
    """Directory of a trained model, or the word for the one that ships."""
    decode: Decode = decode
    """Reads a document."""


class NewestDay(msgspec.Struct, array_like=True, gc=False):
    """How far a source has come."""

    event_type: EventType
    source: str
    day: int


class Withdrawal(msgspec.Struct, array_like=True, gc=False):
    """A document that has moved to another VIN and must go under this one."""

    payload: bytes
    """The document that says so."""
    vin: str
    revision: int


class Documents(msgspec.Struct, tag="documents", array_like=True, gc=False):
    """The worker's share of the next batch; answered by `Read`."""

    lines: bytes
    """Joined by line ends."""


class Go(msgspec.Struct, tag="go", array_like=True, gc=False):
    """What the whole batch came to; answered by `Concluded`."""

    newest: list[NewestDay]
    withdrawals: list[Withdrawal]
    detected_at: str | None
    """``None`` where vehicles are only filed, to be judged at the end."""


class JudgeNext(msgspec.Struct, tag="judge", array_like=True, gc=False):
    """Judge the next vehicles of those that were filed; answered by `Concluded`."""

    from_start: bool
    detected_at: str


class Declare(msgspec.Struct, tag="declare", array_like=True, gc=False):
    """Take every feed as complete through a civil day; answered by `Concluded`."""

    day: int
    detected_at: str


class Count(msgspec.Struct, tag="count", array_like=True, gc=False):
    """Asks for `Counts`."""


class ReadVehicles(msgspec.Struct, tag="vehicles", array_like=True, gc=False):
    """Asks for the next `Vehicles`."""

    from_start: bool


class ReadVehicle(msgspec.Struct, tag="vehicle", array_like=True, gc=False):
    """Asks for `Vehicles` of which there is one at most."""

    vin: str


class End(msgspec.Struct, tag="end", array_like=True, gc=False):
    """No more to do; not answered."""


Request = Documents | Go | Declare | JudgeNext | Count | ReadVehicles | ReadVehicle | End


class Refused(msgspec.Struct, array_like=True, gc=False):
    """A document that the worker refused."""

    place: int
    """In the worker's share, from 0."""
    reason: Reason
    field: str | None
    value: str
    allowed: str
    document: str


class Read(msgspec.Struct, tag="read", array_like=True, gc=False):
    """A share was read and validated."""

    newest: list[NewestDay]
    """Sources that have come further."""
    refused: list[Refused]


class Failure(msgspec.Struct, array_like=True, gc=False):
    """A detector that raised."""

    detector: str
    documents: tuple[str, ...]
    error: str


class Concluded(msgspec.Struct, tag="concluded", array_like=True, gc=False):
    """What a share came to."""

    alert_ids: list[str]
    firing: list[bool]
    records: list[bytes]
    exports: list[ExportChange]
    failures: list[Failure]


class Counts(msgspec.Struct, tag="counts", array_like=True, gc=False):
    """What became of a worker's documents."""

    read: int
    accepted: int
    duplicate: int
    stale: int
    detector_errors: dict[str, int]
    of_no_car: list[tuple[str, NoCar, int]]
    """Feed, why, and how many documents."""
    vehicles: int


class Vehicles(msgspec.Struct, tag="page", array_like=True, gc=False):
    """Vehicles with their records, none after the last."""

    vins: list[str]
    records: list[bytes]


class Failed(msgspec.Struct, tag="failed", array_like=True, gc=False):
    """The worker cannot go on."""

    message: str


Response = Read | Concluded | Counts | Vehicles | Failed

encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_response = msgspec.msgpack.Decoder(Response).decode
