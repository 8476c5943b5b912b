"""Seeded schedules: good documents, records that nobody should send, and crashes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from detectors.decoding import decode
from detectors.errors import DocumentError
from tests.hostile.hostile_records import AnyBytes, HostileRecord, registration

STEERING = "\x1b]52;c;aGk=\x07[/B]<script>\u202e"
SIZES = (0, 1, 100, 64 * 1024, 64 * 1024 + 1, 900_000, 1024 * 1024 - 150)
YEARS = ("0001", "1899", "1990", "2024", "2062", "9999")
GOOD_DAYS = 300
CRASH_SHARE = 0.25


class HostileSchedule:
    """Records of one seed, in the order in which they are sent.

    Parameters
    ----------
    seed
        Decides everything.
    partitions
        Of the document topics.
    """

    def __init__(self, seed: int, partitions: int) -> None:
        self.seed = seed
        self._rng = random.Random(seed)
        self._partitions = partitions
        self._serial = 0
        self.vins = [f"LSVH{seed:05d}{number:08d}" for number in range(5)]
        self.crashes = self._rng.random() < CRASH_SHARE

    def records(self, good: int = 9, hostile: int = 8) -> list[HostileRecord]:
        """All records, mixed."""
        makers: list[Callable[[], HostileRecord]] = [
            self._bytes, self._nothing, self._wrong_key, self._header, self._headers, self._time,
            self._day, self._source, self._text, self._vin, self._key,
        ]  # fmt: skip
        made = [self._good() for _ in range(good)]
        made += [self._rng.choice(makers)() for _ in range(hostile)]
        self._rng.shuffle(made)
        return made

    def _document(self, vin: str, day: str, **fields: Any) -> HostileRecord:
        self._serial += 1
        identity = f"{self.seed}-{self._serial}"
        given = {"event_id": identity, "kind": "transfer", "owner_id": f"o{identity}"} | fields
        key = vin.strip().upper().encode()
        return HostileRecord(key, registration(vin, day, **given))

    def _good(self) -> HostileRecord:
        day = date(2025, 1, 1) + timedelta(days=self._rng.randrange(GOOD_DAYS))
        if self._rng.random() < 0.5:
            day = date(2025, 3, 1) + timedelta(days=self._rng.randrange(10))
        return self._document(self._rng.choice(self.vins), day.isoformat())

    def _bytes(self) -> HostileRecord:
        size = self._rng.choice(SIZES)
        return HostileRecord(self.vins[0].encode(), self._rng.randbytes(size))

    def _nothing(self) -> HostileRecord:
        return HostileRecord(self.vins[0].encode(), None)

    def _wrong_key(self) -> HostileRecord:
        return self._document(self.vins[1], "2025-03-04")._replace(key=self.vins[0].encode())

    def _key(self) -> HostileRecord:
        key = self._rng.randbytes(self._rng.choice(SIZES[1:]))
        partition = self._rng.randrange(self._partitions)
        return HostileRecord(key, b"{}", partition=partition)

    def _header(self) -> HostileRecord:
        name = AnyBytes(self._rng.randbytes(self._rng.randrange(1, 9)))
        return self._document(self.vins[2], "2025-03-05")._replace(headers=((name, b"x"),))

    def _headers(self) -> HostileRecord:
        many = tuple((f"h{number}", b"x" * 5) for number in range(self._rng.choice((10, 40_000))))
        return HostileRecord(self.vins[2].encode(), b"{", many)

    def _time(self) -> HostileRecord:
        at = self._rng.choice((0, 1, int(time.time() * 1000) + 1_800_000))
        # With a day of its own: by which day a source is bounded must not depend on the road.
        return self._document(
            self.vins[3],
            "2025-03-06",
            recorded_at=date.today().isoformat(),  # noqa: DTZ011 - about
        )._replace(timestamp_ms=at)

    def _day(self) -> HostileRecord:
        day = f"{self._rng.choice(YEARS)}-03-07"
        return self._document(self.vins[4], day, recorded_at="2025-12-01")

    def _source(self) -> HostileRecord:
        source = f"{self.seed}-{self._serial}-" + "名" * self._rng.randrange(0, 200)
        return self._document(self.vins[4], "2025-03-08", source=source)

    def _text(self) -> HostileRecord:
        fields = {"brand": STEERING, "owner_id": STEERING, "source": STEERING[:20], "plate": STEERING}
        kept = self._rng.sample(sorted(fields), 2)
        return self._document(self.vins[3], "2025-03-09", **{name: fields[name] for name in kept})

    def _vin(self) -> HostileRecord:
        return self._document(f"[/B]<B>{self.seed}", "2025-03-10")


def accepted(record: HostileRecord) -> bytes | None:
    """The document that a record carries, if it is one that counts."""
    try:
        document = decode(record.value or b"")
    except DocumentError:
        return None
    return record.value if record.key == document.vin.encode() else None
