"""The alerts that fire at this point of a replay, kept as small as they can be."""

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from detectors.alerts import Alert
from detectors.findings import Severity


class _Kind(msgspec.Struct, frozen=True, gc=False):
    """What of a record is counted."""

    detector: str
    severity: Severity


_encoder = msgspec.json.Encoder()
_decode = msgspec.json.Decoder(Alert).decode
_decode_kind = msgspec.json.Decoder(_Kind).decode


def record_of(alert: Alert) -> bytes:
    """Write an alert as JSON, without a line end."""
    return _encoder.encode(alert)


class FiringAlerts(Mapping[str, Alert]):
    """Firing alerts by id.

    A country has millions of them at once, so they are kept as their JSON records, a third of the
    size of the objects, and are read again one by one.
    """

    def __init__(self) -> None:
        self._records: dict[str, bytes] = {}

    def note(self, alert_id: str, record: bytes, *, firing: bool) -> None:
        """Take note of an alert's change.

        Parameters
        ----------
        alert_id
            Whose change it is.
        record
            What `record_of` gives for it.
        firing
            Whether it fires now, or is resolved.
        """
        if firing:
            self._records[alert_id] = record
        else:
            self._records.pop(alert_id, None)

    def records(self) -> Iterator[bytes]:
        """The records of all alerts, sorted by id."""
        return map(self._records.__getitem__, sorted(self._records))

    def counts(self) -> Counter[tuple[str, Severity]]:
        """How many alerts there are by detector and severity."""
        # 0.9 µs an alert instead of 2.2 for the whole records
        kinds = map(_decode_kind, self._records.values())
        return Counter((kind.detector, kind.severity) for kind in kinds)

    def __getitem__(self, alert_id: str) -> Alert:
        return _decode(self._records[alert_id])

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._records))

    def __len__(self) -> int:
        return len(self._records)
