"""Documents as broken feeds send them, each with the class of what is wrong."""

import dataclasses
import re
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Fault:
    """One way in which a document can be unreadable."""

    reason: str
    spoil: Callable[[bytes], bytes]


def _replace(pattern: bytes, by: bytes) -> Callable[[bytes], bytes]:
    compiled = re.compile(pattern)
    return lambda document: compiled.sub(by, document, count=1)


def _insert(text: bytes) -> Callable[[bytes], bytes]:
    return lambda document: b"{" + text + b"," + document[1:]


_OVERSIZE = b'"remark":"' + b"x" * 70_000 + b'"'

# Every fault works on every document type: fields that all of them carry, or a field put in front.
FAULTS: tuple[Fault, ...] = (
    Fault("truncated_json", lambda document: document[: len(document) * 2 // 3]),
    Fault("not_json", lambda document: b"<doc>" + document[1:40].replace(b'"', b"") + b"</doc>"),
    Fault("not_an_object", lambda document: b"[" + document + b"]"),
    Fault("not_utf8", lambda document: document.replace(b'"source":"', b'"source":"\xff\xfe', 1)),
    Fault("missing_vin", _replace(rb'"vin":"[^"]*",', b"")),
    Fault("missing_event_id", _replace(rb'"event_id":"[^"]*",', b"")),
    Fault("missing_occurred_at", _replace(rb'"occurred_at":"[^"]*",', b"")),
    Fault("empty_vin", _replace(rb'"vin":"[^"]*"', b'"vin":""')),
    Fault("vin_with_blank", _replace(rb'"vin":"(.{5})', rb'"vin":"\1 \1')),
    Fault("vin_too_long", _replace(rb'"vin":"([^"]*)"', rb'"vin":"\1\1\1"')),
    Fault("impossible_date", _replace(rb'"occurred_at":"(\d{4}).{6}', rb'"occurred_at":"\1-02-30')),
    Fault("date_in_words", _replace(rb'"occurred_at":"[^"]*"', b'"occurred_at":"yesterday"')),
    Fault("wrong_type", _replace(rb'"occurred_at":"[^"]*"', b'"occurred_at":["2024"]')),
    Fault("unknown_event_type", _replace(rb'"event_type":"[^"]*"', b'"event_type":"inspection"')),
    Fault("negative_revision", _insert(b'"revision":-1')),
    Fault("unknown_status", _insert(b'"status":"pending"')),
    Fault("oversize", _insert(_OVERSIZE)),
)  # fmt: skip

# These need a registration: its kind and its price.
REGISTRATION_FAULTS: tuple[Fault, ...] = (
    Fault("unknown_kind", _replace(rb'"kind":"[^"]*"', b'"kind":"lease"')),
    Fault("unknown_precision", _insert(b'"date_precision":"year"')),
    Fault("not_a_number", _insert(b'"price_cny":NaN')),
)
