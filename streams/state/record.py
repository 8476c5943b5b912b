"""What is kept of one vehicle, and how it is written.

A record is a msgpack array that begins with the version of its layout. Fields are only ever added at
the end with a default; a change that is not an addition raises the version and gets a migration here.
"""

from typing import Final

import msgspec

from detectors.alerts import AlertState
from detectors.errors import ZeromileError
from detectors.filing import FiledDocument, Remembered
from detectors.spikes.tally import Export

LAYOUT: Final = 2
"""Version of the layout that this program writes."""


class VehicleRecord(msgspec.Struct, array_like=True):
    """The file of a vehicle and the life of its alerts."""

    layout: int = LAYOUT
    filed: list[FiledDocument] = []
    alerts: list[AlertState] = []
    overfull: bool = False
    export: Export | None = None
    """The export that the vehicle counts for in its province."""
    first_revision: int = 0
    """Revision of the next new alert: above those of resolved alerts that were forgotten."""
    left_out: Remembered = {}
    """Documents that had to leave the file."""
    received_on: int = 0
    """Civil day of the wall clock on which its file changed last; 0 where no program noted it."""


class VehicleRecordError(ZeromileError):
    """A stored record that this program cannot read."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(VehicleRecord)


def encode(record: VehicleRecord) -> bytes:
    """Write a record."""
    return _encoder.encode(record)


def decode(data: bytes) -> VehicleRecord:
    """Read a record, of this layout or an earlier one.

    Raises
    ------
    VehicleRecordError
        If the bytes are no record, or of a later layout.
    """
    try:
        if data[1:2] == _FIRST:
            data = _second_from_first(data)
        record = _decoder.decode(data)
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
        raise VehicleRecordError(f"not a vehicle record of layout {LAYOUT}: {error}") from None
    if record.layout != LAYOUT:
        raise VehicleRecordError(
            f"vehicle record of layout {record.layout}; this program reads {LAYOUT}"
        )
    return record


_FIRST: Final = b"\x01"
"""The layout stands behind the one byte that opens an array of so few fields."""


def _second_from_first(data: bytes) -> bytes:
    """Write a record of layout 1 in layout 2: findings were maps from name to value."""
    _, filed, alerts, *rest = msgspec.msgpack.decode(data)
    for alert in alerts:
        finding = alert[2]
        if finding is not None:
            if finding["deadline"] is not None:
                finding["deadline"] = [finding["deadline"]["feed"], finding["deadline"]["last_day"]]
            alert[2] = [finding[name] for name in _FINDING_IN_FIRST]
    return _encoder.encode([2, filed, alerts, *rest])


_FINDING_IN_FIRST: Final = (
    "detector",
    "anchor",
    "occurred_at",
    "severity",
    "score",
    "facts",
    "evidence",
    "labels",
    "deadline",
    "model_id",
)
