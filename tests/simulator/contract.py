"""The document contract, checked field by field, written from its text and from nothing else."""

import datetime
import json
import re

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
PROVINCE = re.compile(
    "CN-(BJ|TJ|HE|SX|NM|LN|JL|HL|SH|JS|ZJ|AH|FJ|JX|SD|HA|HB|HN|GD|GX|HI|CQ|SC|GZ|YN|XZ|SN|GS|QH|NX|XJ)"
)
VIN = re.compile(r"[!-~]{1,40}")
COUNTRY = re.compile(r"[A-Z]{2}")
FUELS = {"petrol", "diesel", "hev", "phev", "erev", "bev", "fcev"}


def text(value):
    return isinstance(value, str) and 0 < len(value) <= 64 and value == value.strip()


def moment(value):
    if not isinstance(value, str) or not (TIME.fullmatch(value) or DATE.fullmatch(value)):
        return False
    datetime.datetime.fromisoformat(value)
    return True


def one_of(*choices):
    return lambda value: isinstance(value, str) and value in choices


def like(pattern):
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def money(value):
    return type(value) in {int, float} and 0 <= value < 1e9


def whole(value):
    return type(value) is int and 0 <= value < 10_000_000


def yes_or_no(value):
    return type(value) is bool


COMMON = {"event_id": text, "source": text, "vin": like(VIN), "occurred_at": moment}
COMMON_OPTIONAL = {
    "recorded_at": moment,
    "revision": whole,
    "status": one_of("valid", "void"),
}
MAKE = {"brand": text, "model": text, "fuel": lambda value: value in FUELS}
ODOMETER = {"odometer_km": whole, "odometer_status": one_of("read", "not_read")}
REQUIRED = {
    "registration": {"kind": one_of("initial", "transfer", "pending_export")},
    "deregistration": {"reason": one_of("export", "scrapped", "lost", "returned", "revoked", "other")},
    "customs_export": {
        "declaration_no": text,
        "exporter_id": text,
        "destination": like(COUNTRY),
        "condition": one_of("new", "used"),
    },
}
OPTIONAL = {
    "registration": {
        "province": like(PROVINCE),
        "owner_id": text,
        "owner_type": one_of("person", "company", "dealer", "exporter", "rental", "government"),
        "seller_id": text,
        "price_cny": money,
        "invoice_no": text,
        "use": one_of("private", "commercial", "rental", "demo"),
        "plate": text,
        **ODOMETER,
        **MAKE,
    },
    "deregistration": {"province": like(PROVINCE), "owner_id": text},
    "customs_export": {
        "exporter_province": like(PROVINCE),
        "source_province": like(PROVINCE),
        "exit_customs": text,
        "value_cny": money,
        "hs_code": like(re.compile(r"87\d{8}")),
        "trade_mode": text,
        "licence_no": text,
        "licence_applied_at": moment,
        "manufacturer_letter": yes_or_no,
        "exited_at": moment,
        **ODOMETER,
        **MAKE,
    },
}


def check(line: bytes) -> dict:
    """Return the document of a line, or say which field breaks the contract."""
    assert len(line) <= 64 * 1024
    document = json.loads(line, parse_constant=_reject)
    assert isinstance(document, dict)
    event_type = document.pop("event_type")
    required = COMMON | REQUIRED[event_type]
    allowed = required | COMMON_OPTIONAL | OPTIONAL[event_type]
    missing = required.keys() - document.keys()
    assert not missing, f"missing {missing}"
    for field, value in document.items():
        assert field in allowed, f"unknown field {field}"
        assert allowed[field](value), f"{field}: {value!r}"
    return document | {"event_type": event_type}


def _reject(constant):
    raise ValueError(constant)
