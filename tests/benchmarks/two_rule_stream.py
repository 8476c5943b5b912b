"""A seeded stream for the job that every peer can do: documents of vehicles, late and repeated.

It holds no amendments or withdrawals: patterns in SQL take nothing back. Documents come at most
`LATEST_DAYS` after their event. The last vehicles of the stream fire both rules, so that a program
that has raised all alerts has read every partition to its end.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from detectors.registry import Catalogue
from streams.backfill.replay import Replay
from streams.setup.policy import load_policy

FIRST_DAY = dt.date(2024, 1, 1)
DAYS = 600
LAST_DAY = 1000
LATEST_DAYS = 10
END_VEHICLES = 64
RULES = ("double_sale", "flash_registration")
PROVINCES = ("CN-GD", "CN-SH", "CN-ZJ", "CN-XJ", "CN-HL")
Alerts = set[tuple[str, str]]
"""VIN and rule."""


def two_rule_stream(seed: int, vehicles: int) -> list[bytes]:
    """Lines in arrival order, about two a vehicle."""
    rng = random.Random(seed)
    lines: list[tuple[float, bytes]] = []
    for number in range(vehicles):
        last = number >= vehicles - END_VEHICLES
        for day, document in _end_of_stream(rng, number) if last else _life(rng, number):
            line = json.dumps(document).encode()
            arrives = day + rng.uniform(0, LATEST_DAYS)
            lines.append((arrives, line))
            if rng.random() < 0.05:
                lines.append((day + LATEST_DAYS, line))
    lines.sort(key=lambda line: line[0])
    return [line for _, line in lines]


def two_rule_policy() -> str:
    """A policy that switches everything but the two rules off."""
    others = [name for name in Catalogue(load_policy()).policy.parameters if name not in RULES]
    return "\n".join(f"[{name}]\nenabled = false\n" for name in others)


def expected_alerts(lines: list[bytes], policy: Path, directory: Path) -> Alerts:
    """What fires at the end of an embedded replay: our own answer."""
    stream = directory / "two-rules.jsonl"
    stream.write_bytes(b"\n".join(lines) + b"\n")
    replayed = Replay(Catalogue(load_policy(policy))).run([stream])
    stream.unlink()
    return {(alert.subject, alert.detector) for alert in replayed.firing.values()}


def _life(rng: random.Random, number: int) -> Iterator[tuple[int, dict[str, Any]]]:
    vin, day = _vin(number), rng.randrange(DAYS)
    owners = (f"P{number}-{step}" for step in range(99))
    exporter = f"X{rng.randrange(40)}"
    yield day, _registration(rng, vin, day, "initial", next(owners))
    while day < DAYS and rng.random() < 0.3:
        day += rng.choice((1, 3, 6, 7, 20, 100, 300))
        yield day, _registration(rng, vin, day, "transfer", next(owners))
    fate = rng.random()
    if fate < 0.25:
        day += rng.choice((0, 1, 5, 6, 7, 8, 20, 40))
        yield day, _registration(rng, vin, day, "pending_export", exporter)
        day += rng.choice((1, 5, 12))
        yield day, _export(rng, vin, day, exporter)
        day += rng.choice((3, 20))
        yield day, _document(rng, vin, "deregistration", day, reason="export")
    elif fate < 0.3:
        day += rng.choice((2, 6, 7, 8, 30))
        yield day, _export(rng, vin, day, exporter)


def _end_of_stream(rng: random.Random, number: int) -> Iterator[tuple[int, dict[str, Any]]]:
    vin, day = _vin(number), LAST_DAY
    yield day, _registration(rng, vin, day, "initial", f"P{number}")
    yield day, _export(rng, vin, day + 1, "X0")


def _vin(number: int) -> str:
    return f"LTWORULE{number:09d}"


def _registration(rng: random.Random, vin: str, day: int, kind: str, owner: str) -> dict[str, Any]:
    person = "exporter" if kind == "pending_export" else "person"
    return _document(
        rng, vin, "registration", day, kind=kind, owner_id=owner, owner_type=person,
        price_cny=rng.randrange(60_000, 300_000), province=rng.choice(PROVINCES),
        odometer_km=rng.randrange(10, 90_000), odometer_status="read", fuel="bev", use="private",
    )  # fmt: skip


def _export(rng: random.Random, vin: str, day: int, exporter: str) -> dict[str, Any]:
    return _document(
        rng, vin, "customs_export", day, declaration_no=f"D{rng.getrandbits(40):x}",
        exporter_id=exporter, destination=rng.choice(("RU", "JO", "AE")), condition="used",
        value_cny=rng.randrange(60_000, 300_000),
    )  # fmt: skip


def _document(rng: random.Random, vin: str, event_type: str, day: int, **fields: Any) -> dict[str, Any]:
    return {
        "event_id": f"{rng.getrandbits(48):012x}",
        "source": "customs" if event_type == "customs_export" else "registry",
        "event_type": event_type,
        "vin": vin,
        "occurred_at": (FIRST_DAY + dt.timedelta(days=day)).isoformat(),
        **fields,
    }
