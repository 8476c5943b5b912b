"""Seeded streams of vehicle documents: every kind, late, repeated, amended, withdrawn, unreadable."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from typing import Any

FIRST_DAY = dt.date(2025, 1, 1)
DAYS = 400
LAST_DAY = 630
"""2026-09-23: a worker does not believe documents that are dated after they were published."""
PROVINCES = ("CN-GD", "CN-SH", "CN-ZJ", "CN-XJ", "CN-HL")
UNREADABLE = (b"{", b"\xff\xfe", b"[]", b'{"event_type":"registration"}', b'"x"')
OWNERS = ("person", "dealer", "exporter", "company")


SPIKE_WEEKS, SPIKE_WEEK, SPIKE_EXPORTS = 30, 26, 25


def document_stream(seed: int, vehicles: int, *, spike: bool = False) -> list[bytes]:
    """Lines in arrival order, about five a vehicle; with a spike of a province's exports among them."""
    rng = random.Random(seed)
    lines: list[tuple[float, bytes]] = []
    for number in range(vehicles):
        vin = f"LSVTEST{seed % 100:02d}{number:08d}"
        for day, document in _life(rng, vin):
            if day > LAST_DAY:
                break
            arrives = day + rng.expovariate(0.5)
            lines.append((arrives, json.dumps(document).encode()))
            lines += _after(rng, document, arrives)
    lines += _spike(seed) if spike else []
    lines += [(rng.uniform(0, DAYS), rng.choice(UNREADABLE)) for _ in range(vehicles // 20)]
    lines.sort(key=lambda line: line[0])
    return [line for _, line in lines]


def spike_of_exports(seed: int) -> list[bytes]:
    """Exports of one province, one a week and then many, in the order of their days."""
    return [line for _, line in _spike(seed)]


def _spike(seed: int) -> list[tuple[float, bytes]]:
    # Numbers of its own: one event id under two vehicles would be an amendment of the other.
    rng = random.Random(f"spike {seed}")
    days = [
        7 * week + rng.randrange(7)
        for week in range(SPIKE_WEEKS)
        for _ in range(SPIKE_EXPORTS if week == SPIKE_WEEK else 1)
    ]
    exports = [
        (day, _document(
            rng, f"LSVSPKE{seed % 100:02d}{number:08d}", "customs_export", day,
            declaration_no=f"S{seed}-{number}", exporter_id=f"S{number % 7}", destination="AE",
            condition="used", exporter_province="CN-GD",
        ))
        for number, day in enumerate(sorted(days))
    ]  # fmt: skip
    return [(float(day), json.dumps(export).encode()) for day, export in exports]


def _date(day: int) -> str:
    return (FIRST_DAY + dt.timedelta(days=day)).isoformat()


def _document(rng: random.Random, vin: str, event_type: str, day: int, **fields: Any) -> dict[str, Any]:
    return {
        "event_id": f"{rng.getrandbits(48):012x}",
        "source": rng.choice(("north-registry", "south-registry")),
        "event_type": event_type,
        "vin": vin,
        "occurred_at": _date(day),
        **fields,
    }


def _life(rng: random.Random, vin: str) -> Iterator[tuple[int, dict[str, Any]]]:
    day = rng.randrange(DAYS)
    owner = rng.choice("ABCDEF")
    common = {"province": rng.choice(PROVINCES), "owner_type": rng.choice(OWNERS)}
    yield day, _document(
        rng, vin, "registration", day, kind="initial", owner_id=owner,
        odometer_km=rng.choice((0, 3, 80, 400)), odometer_status="read", **common,
    )  # fmt: skip
    while rng.random() < 0.5:
        day += rng.choice((0, 1, 3, 6, 7, 20, 100))
        owner = rng.choice("ABCDEF")
        yield day, _document(
            rng, vin, "registration", day, kind="transfer", owner_id=owner,
            price_cny=rng.choice((90_000, 120_000, 400_000)), **common,
        )  # fmt: skip
    if rng.random() < 0.6:
        day += rng.choice((1, 5, 30, 179, 181, 199))
        yield day, _document(
            rng, vin, "registration", day, kind="pending_export", owner_id="X", **common
        )  # fmt: skip
    if rng.random() < 0.5:
        day += rng.choice((1, 10, 59, 70))
        yield day, _document(
            rng, vin, "customs_export", day, declaration_no=f"D{vin[-8:]}", exporter_id="X",
            destination=rng.choice(("RU", "JO", "AE")), condition=rng.choice(("new", "used")),
            odometer_km=rng.choice((5, 90, 450, 20_000)), odometer_status="read",
        )  # fmt: skip
    if rng.random() < 0.3:
        day += rng.choice((1, 40, 90))
        yield day, _document(rng, vin, "deregistration", day, reason="export")


def _after(
    rng: random.Random, document: dict[str, Any], arrives: float
) -> Iterator[tuple[float, bytes]]:
    """Repetitions, amendments and withdrawals of a document."""
    fate = rng.random()
    later = arrives + rng.expovariate(0.1)
    if fate < 0.1:
        yield later, json.dumps(document).encode()
    elif fate < 0.2:
        amended = document | {"revision": 1, "owner_id": rng.choice("ABCDEF")}
        yield later, json.dumps(amended).encode()
    elif fate < 0.25:
        yield later, json.dumps(document | {"revision": 1, "status": "void"}).encode()
