"""A seeded register of some 200,000 documents in which every rule fires and nearly fires."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from detectors.decoding import decode
from detectors.filing import content_digest

ALPHABET = np.array(list("ABCDEFGHJKLMNPRSTUVWXYZ0123456789"))
_VALUE = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", map(int, "123456781234579234567890123456789"), strict=True)
)
_WEIGHT = np.array([8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2])
_START = date(2025, 1, 1)
_OFFSETS = np.array(
    [0, 0, 0, 1, 2, 3, 4, 6, 7, 8, 20, 45, 60, 61, 70, 90, 179, 180, 181, 190, 200, 201, 366, 1097]
)
_CLOCKS = ("", "", "", "T09:30:00+08:00", "T23:30:00Z", "T00:00:00.25+08:00")
_COLUMNS: dict[str, tuple[Any, ...]] = {
    "kind": (*("initial", "transfer") * 4, *("pending_export",) * 2, "initial", "reregistration"),
    "province": (*("CN-GD", "CN-XJ", "CN-HL", None) * 5, "Guangdong"),
    "owner_id": ("p1", "p2", "p3", "x1", "x2", None),
    "owner_type": ("person", "person", "company", "company", "rental", "dealer", "exporter", None),
    "seller_id": (None, None, "p1", "p2"),
    "price_cny": (None, 0, 80_000, 100_000, 101_000, 250_000),
    "invoice_no": (None, "A1000", "A1001", "A1999", "B2345"),
    "odometer_km": (None, 0, 12, 100, 101, 480, 501, 530, 6_000, 9_000, 90_000, 65_535),
    "odometer_status": ("read", "read", "not_read", None),
    "brand": ("Zeekr", "zeekr", "BYD", "Li Auto", None),
    "fuel": ("bev", "petrol", None),
    "plate": (None, "A12345", "A12354", "B99999"),
    "use": (None, "demo", "private", "rental"),
    "owner_group": (None, None, "g1", "g2"),
    "seller_group": (None, None, "g1", "g2"),
    "reason": ("export", "export", "returned", "revoked", "scrapped", "temporary"),
    "declaration_no": ("D1", "D1", "D2", "D3"),
    "exporter_id": ("x1", "x1", "x2", "p1"),
    "destination": ("RU", "KZ", "JO", "AE"),
    "condition": ("used", "used", "used", "new"),
    "value_cny": (None, 0, 20_000, 70_000, 90_000, 300_000),
    "trade_mode": (None, "0110", "9900"),
    "manufacturer_letter": (None, None, None, False, True),
}
_OF_TYPE = {
    "registration": (
        "kind", "province", "owner_id", "owner_type", "seller_id", "price_cny", "invoice_no",
        "odometer_km",
        "odometer_status", "brand", "fuel", "plate", "use", "owner_group", "seller_group",
    ),
    "deregistration": ("reason", "province", "owner_id"),
    "customs_export": (
        "declaration_no", "exporter_id", "destination", "condition", "value_cny", "odometer_km",
        "odometer_status", "trade_mode", "manufacturer_letter", "brand", "fuel",
    ),
}  # fmt: skip
_TYPES = (
    "registration",
    "registration",
    "registration",
    "customs_export",
    "customs_export",
    "deregistration",
)
_SOURCES = {
    "registration": ("reg-a", "reg-b", "us-aircraft-registry"),
    "deregistration": ("reg-a", "reg-b"),
    "customs_export": ("customs-a", "customs-b"),
}
encode = msgspec.json.Encoder().encode


def write_register(path: Path, documents: int, seed: int) -> int:
    """Write a register as JSON Lines, out of order; says how many documents it holds.

    Every document carries the digest of its content in a field that zeromile does not know, for
    contradictions under one revision are settled by it and SQL cannot work it out.
    """
    dice = np.random.default_rng(seed)
    entries = _documents(dice, documents)
    lines = [_line(document) for document in entries]
    lines += [lines[n] for n in dice.integers(0, len(lines), len(lines) // 20)]
    late = np.arange(len(lines)) + dice.exponential(len(lines) / 20, len(lines))
    path.write_bytes(b"\n".join(lines[n] for n in np.argsort(late)) + b"\n")
    return len(lines)


def _line(document: dict[str, Any]) -> bytes:
    digest = content_digest(decode(encode(document))).hex()
    return encode({**document, "x_digest": digest})


def vehicle_numbers(dice: np.random.Generator, count: int) -> list[str]:
    """Vehicle identification numbers, most of them well formed."""
    letters = ALPHABET[dice.integers(0, len(ALPHABET), (count, 17))]
    letters[:, 0] = np.array(list("LLLLHW1"))[dice.integers(0, 7, count)]
    letters[:, 9] = np.array(list("RSTTTSU0"))[dice.integers(0, 8, count)]
    values = np.vectorize(_VALUE.__getitem__)(letters)
    check = np.array(list("0123456789X"))[(values * _WEIGHT).sum(axis=1) % 11]
    right = dice.random(count) < 0.95
    letters[right, 8] = check[right]
    letters[dice.random(count) < 0.01, 12] = "O"
    numbers = ["".join(row) for row in letters]
    return [vin[:11] if n % 97 == 0 else vin for n, vin in enumerate(numbers)]


def _documents(dice: np.random.Generator, documents: int) -> list[dict[str, Any]]:
    sizes = dice.choice([1, 2, 2, 3, 3, 4, 5, 7], documents // 3)
    sizes = sizes[: np.searchsorted(sizes.cumsum(), documents)]
    sizes[:3] = 90  # placeholders: more documents than are kept
    vehicle = np.repeat(np.arange(len(sizes)), sizes)
    count = len(vehicle)
    vins = vehicle_numbers(dice, len(sizes))
    days = dice.integers(0, 500, len(sizes))[vehicle] + _OFFSETS[dice.integers(0, len(_OFFSETS), count)]
    types = dice.integers(0, len(_TYPES), count)
    drawn = {name: dice.integers(0, len(values), count) for name, values in _COLUMNS.items()}
    fate = dice.random(count)
    entries: list[dict[str, Any]] = []
    for n in range(count):
        event_type = _TYPES[types[n]]
        sources = _SOURCES[event_type]
        document: dict[str, Any] = {
            "event_type": event_type,
            "event_id": f"e{n}",
            "source": sources[n % 61 % len(sources)] if n % 61 < 4 else sources[n % 2],
            "vin": vins[vehicle[n]],
            "occurred_at": _text(days[n]) + _CLOCKS[n % len(_CLOCKS)],
            "recorded_at": _text(days[n] + n % 5) if n % 3 else None,
        }
        for name in _OF_TYPE[event_type]:
            document[name] = _COLUMNS[name][drawn[name][n]]
        if event_type == "customs_export":
            document["licence_applied_at"] = _text(days[n] - n % 40 * 6) if n % 4 else None
            document["exited_at"] = _text(days[n] + n % 7 - 1) if n % 5 == 0 else None
        entries.append(document)
        if vehicle[n] >= 3:
            entries += _afterlife(document, fate[n], days[n], n, vins)
    return entries


def _afterlife(
    document: dict[str, Any], fate: float, day: int, n: int, vins: list[str]
) -> list[dict[str, Any]]:
    """What becomes of a document: amended, withdrawn, contradicted, moved to another VIN, nothing."""
    moved = vins[3 + n % (len(vins) - 3)]
    written = _text(day + 40) if n % 2 else None
    changed = {**document, "occurred_at": _text(day + n % 23 - 11), "recorded_at": written}
    owner = "exporter_id" if "exporter_id" in document else "owner_id"
    fates: tuple[tuple[float, list[dict[str, Any]]], ...] = (
        (0.06, [{**changed, "revision": 1}]),
        (0.09, [{**document, "revision": 1, owner: "p2"}, {**changed, "revision": 3}]),
        (0.13, [{**document, "revision": 1, "status": "void"}]),
        (0.14, [{**document, "revision": 1, "status": "void"}, {**changed, "revision": 2}]),
        (0.17, [{**changed, owner: "p3"}]),
        (0.175, [{**document, "status": "void"}]),
        (0.185, [{**document, "revision": 1, "vin": moved}]),
        (0.20, [{**document, "revision": 1, "odometer_status": "not_read", "recorded_at": written}]),
    )
    return next((entries for limit, entries in fates if fate < limit), [])


def _text(day: int) -> str:
    return (_START + timedelta(int(day))).isoformat()
