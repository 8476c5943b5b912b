"""The alerts that fire at this point of a replay, kept as small as they can be."""

from collections.abc import Iterator, Mapping

import msgspec

from detectors.alerts import Alert

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Alert).decode


class FiringAlerts(Mapping[str, Alert]):
    """Firing alerts by id.

    A country has millions of them at once, so they lie here as their JSON records, a third of the
    size of the objects, and are read again one by one.
    """

    def __init__(self) -> None:
        self._records: dict[str, bytes] = {}

    def note(self, alert: Alert) -> bytes:
        """Take note of an alert's change; gives its record, without a line end."""
        record = _encode(alert)
        if alert.state == "firing":
            self._records[alert.alert_id] = record
        else:
            self._records.pop(alert.alert_id, None)
        return record

    def records(self) -> Iterator[bytes]:
        """The records of all alerts, sorted by id."""
        return (record for _, record in sorted(self._records.items()))

    def __getitem__(self, alert_id: str) -> Alert:
        return _decode(self._records[alert_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)
