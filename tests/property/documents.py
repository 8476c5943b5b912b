"""Small streams that look for trouble: few vehicles, few identities, days near every threshold.

Identities are drawn from a small pool, so that amendments, withdrawals, conflicts under one revision
and amendments that move a document to another VIN, day, owner or kind come about by themselves.
A document is drawn from one integer: streams shrink by dropping documents, and are quick to make.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st

START = date(2025, 12, 1)
OFFSETS = (
    0,
    1,
    2,
    3,
    5,
    6,
    7,
    8,
    13,
    30,
    31,
    44,
    45,
    59,
    60,
    61,
    62,
    74,
    75,
    76,
    90,
    106,
    180,
    181,
    200,
    201,
)
VINS = ("LSVAU2180N2183294", "LSVAU2180N2183295", "N777HN-680A0434", "UNKNOWN")
PEOPLE = ("p1", "p2", "x1", None)
PROVINCES = ("CN-GD", "CN-XJ", None, "Guangdong")
CLOCKS = ("", "", "", "T00:00:00+08:00", "T23:59:59.5+08:00", "T16:30:00Z")
KILOMETRES = (None, 0, -0.0, 50, 450, 600, 20_000, 999_999, -1)
PRICES = (None, 0, 1e-320, 60_000, 100_000, 250_000)

encode = msgspec.json.Encoder().encode


def _day(dice: Random) -> str:
    return (START + timedelta(dice.choice(OFFSETS))).isoformat()


def _maybe_day(dice: Random) -> str | None:
    return _day(dice) if dice.random() < 0.5 else None


def _common(dice: Random, event_type: str, sources: tuple[str, ...]) -> dict[str, Any]:
    return {
        "event_type": event_type,
        "source": dice.choice(sources),
        "event_id": f"e{dice.randint(1, 5)}",
        "vin": VINS[0] if dice.random() < 0.6 else dice.choice(VINS),
        "occurred_at": _day(dice) + dice.choice(CLOCKS),
        "recorded_at": _maybe_day(dice),
        "revision": dice.choice((0, 0, 0, 0, 1, 1, 2)),
        "status": "void" if dice.random() < 0.12 else "valid",
        "odometer_km": dice.choice(KILOMETRES),
        "odometer_status": dice.choice(("read", "read", "not_read", None)),
        "brand": dice.choice(("Zeekr", "BYD", None)),
        "date_precision": "month" if dice.random() < 0.05 else "day",
    }


def _registration(dice: Random) -> dict[str, Any]:
    return _common(dice, "registration", ("reg-gd", "reg-xj", "mixed")) | {
        "kind": dice.choice(
            ("initial", "initial", "transfer", "transfer", "pending_export", "reregistration")
        ),
        "province": dice.choice(PROVINCES),
        "owner_id": dice.choice(PEOPLE),
        "owner_type": dice.choice(("person", "company", "dealer", "exporter", None)),
        "seller_id": dice.choice(PEOPLE),
        "price_cny": dice.choice(PRICES),
        "invoice_no": dice.choice((None, "A100", "A101", "B999")),
    }


def _deregistration(dice: Random) -> dict[str, Any]:
    return _common(dice, "deregistration", ("reg-gd", "reg-late", "mixed")) | {
        "reason": dice.choice(("export", "returned", "scrapped", "revoked")),
        "owner_id": dice.choice(PEOPLE),
    }


def _customs_export(dice: Random) -> dict[str, Any]:
    return _common(dice, "customs_export", ("customs", "customs-late", "mixed")) | {
        "declaration_no": dice.choice(("D1", "D2")),
        "exporter_id": dice.choice(("x1", "x2", "p1")),
        "exporter_province": dice.choice(PROVINCES),
        "destination": dice.choice(("RU", "KZ", "JO")),
        "condition": dice.choice(("used", "used", "new")),
        "value_cny": dice.choice(PRICES),
        "licence_applied_at": _maybe_day(dice),
        "manufacturer_letter": dice.choice((None, None, True, False)),
        "trade_mode": dice.choice((None, "0110", "3339")),
        "exited_at": _maybe_day(dice),
        "fuel": dice.choice((None, "bev")),
    }


def document(seed: int) -> dict[str, Any]:
    """One document, the same for the same seed."""
    dice = Random(seed)
    return dice.choice((_registration, _registration, _customs_export, _deregistration))(dice)


def _document(seed: int) -> bytes:
    if seed % 40 == 0:
        return (b"{}", b"x", b'{"event_type":"registration"}', b"\xff")[seed // 40 % 4]
    return encode(document(seed))


SEEDS = st.integers(0, 2**32)
DOCUMENTS = SEEDS.map(document)
STREAMS = st.lists(SEEDS.map(_document), min_size=1, max_size=18)
"""Raw documents in one arrival order, some of them broken."""
