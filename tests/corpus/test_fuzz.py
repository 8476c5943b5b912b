"""Whatever the bytes, `decode` gives a document or a DocumentError, and nothing else."""

import json
import random
from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.country import CHINA
from detectors.decoding import MAXIMUM_BYTES, decode, field_decoder_of
from detectors.documents import Document
from detectors.errors import DocumentError
from detectors.wire import WIRE_TYPES
from streams.feeds.checking import NOT_FAULTLESS
from tests.corpus.entries import malformed_documents

INPUTS = 100_000
PIECES = [
    b'"', b"{", b"}", b"[", b"]", b":", b",", b"\\", b"\\u0000", b"\\ud800", b"null", b"true", b"-0.0",
    b"1e999", b"-1", b"9" * 20, b"\xff", b"\xef\xbb\xbf", b"\x00", b"\x80", b"NaN", b"1e-320", b"valid",
    b"void", b"2026-02-30", b"T24:00:00Z", b"\xe2\x80\x8b", b"[" * 995, b'{"a":' * 995, b"9" * 5_000,
]  # fmt: skip

VALID = [
    {
        "event_type": "registration", "event_id": "r-1", "source": "reg",
        "vin": "LSVAU2180N2183294", "occurred_at": "2026-03-01T08:15:00+08:00",
        "recorded_at": "2026-03-02", "revision": 1,
        "kind": "initial", "province": "CN-GD", "owner_id": "p", "owner_type": "person",
        "price_cny": 1e5,
        "odometer_km": 12, "odometer_status": "read", "brand": "比亚迪", "fuel": "bev",
        "plate": "粤B12345",
    },
    {
        "event_type": "deregistration", "event_id": "d-1", "source": "reg", "vin": "LSVAU2180N2183294",
        "occurred_at": "2026-03-20", "reason": "export", "province": "CN-GD", "status": "void",
    },
    {
        "event_type": "customs_export", "event_id": "c-1", "source": "customs",
        "vin": "LSVAU2180N2183294",
        "occurred_at": "1988-07-10T23:59:59.999999Z", "declaration_no": "5301", "exporter_id": "x",
        "destination": "KZ", "condition": "used", "licence_applied_at": "2026-03-01", "value_cny": 9.5,
        "manufacturer_letter": False, "exited_at": "2026-03-11",
    },
]  # fmt: skip


decode_fields = field_decoder_of(CHINA)


def _outcome(payload: bytes) -> str:
    """Decode; anything but a document or a DocumentError is the failure of the test."""
    try:
        document = decode(payload)
    except DocumentError as error:
        assert _of_fields(payload) is None
        return error.reason if str(error) else "an error without a message"
    _assert_sound(document)
    assert _of_fields(payload) in (None, document)
    return "accepted"


def _of_fields(payload: bytes) -> Document | None:
    """The document that a check of files makes of fields, where it takes them for faultless."""
    try:
        return decode_fields(msgspec.json.decode(payload)) if len(payload) <= MAXIMUM_BYTES else None
    except NOT_FAULTLESS:
        return None


def _assert_sound(document: Document) -> None:
    """What is accepted keeps the promises that the detectors build on."""
    assert 1 <= len(document.vin) <= 40
    assert document.vin.isascii()
    assert document.vin == document.vin.upper()
    assert document.event_id.strip()
    assert document.source.strip()
    assert document.revision >= 0
    assert decode_again(document) == document
    for field in document.__struct_fields__:
        value = getattr(document, field)
        if isinstance(value, str):
            assert len(value) <= 200
        if isinstance(value, float):
            assert 0.01 <= value <= 1e10 or str(value) == "0.0"
    assert document.occurred_at[:4].isdigit()


def decode_again(document: Document) -> Document:
    """Write a document as the state does, and read it."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(document), type=type(document))


def _mutated(payload: bytearray, dice: random.Random) -> bytes:
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(payload) + 1)
        match dice.randrange(6):
            case 0 if payload:
                payload[at % len(payload)] = dice.randrange(256)
            case 1:
                del payload[at : at + dice.randint(1, 12)]
            case 2:
                payload[at:at] = dice.choice(PIECES)
            case 3:
                other = dice.randrange(len(payload) + 1)
                payload[at:at] = payload[other : other + dice.randint(1, 40)]
            case 4:
                payload[at : at + dice.randint(0, 8)] = dice.choice(PIECES)
            case _:
                payload[at:at] = dice.randbytes(dice.randint(1, 4))
    return bytes(payload)


def test_mutated_documents_never_crash():
    dice = random.Random(20260301)
    valid = [json.dumps(document, ensure_ascii=False).encode() for document in VALID]
    seeds = valid * 10 + [
        entry.payload for entry in malformed_documents() if len(entry.payload) < 2_000
    ]
    seen: Counter[str] = Counter()
    for _ in range(INPUTS):
        seen[_outcome(_mutated(bytearray(dice.choice(seeds)), dice))] += 1
    assert seen.total() == INPUTS
    assert seen["accepted"] > INPUTS // 100, (
        "the fuzzer has to get through at times to be worth its time"
    )
    assert len(seen) >= 12, f"the fuzzer reaches too few places: {seen}"


FIELDS = sorted({name for wire in WIRE_TYPES.values() for name in wire.__struct_fields__})
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=True), st.text(max_size=60),
    st.sampled_from(["", " ", "\u0131", "\ufdfa" * 30, "KZ", "CN-GD", "2026-03-01", "void", "read"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=2_000, deadline=None)
@given(base=st.sampled_from(VALID), wrong=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4))
def test_any_value_in_any_field(base, wrong):
    _outcome(
        json.dumps({**base, **wrong}, ensure_ascii=bool(len(wrong) % 2)).encode(
            "utf-8", "surrogatepass"
        )
    )


@settings(max_examples=2_000, deadline=None)
@given(payload=st.binary(max_size=300))
def test_random_bytes(payload):
    _outcome(payload)
