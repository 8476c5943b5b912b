import gc
import json

import pytest

from detectors.decoding import MAXIMUM_BYTES, decode
from detectors.documents import CustomsExport, Deregistration, Registration, read_odometer
from detectors.errors import DocumentError
from tests.unit.documents import day

DOCUMENT = {
    "event_id": "1",
    "source": "cn-vehicle-register",
    "event_type": "registration",
    "vin": "LGXCE6CB0SK100074",
    "occurred_at": "2025-03-01",
    "kind": "initial",
}
DECLARATION = {
    "event_id": "2",
    "source": "cn-customs",
    "event_type": "customs_export",
    "vin": "LGXCE6CB0SK100074",
    "occurred_at": "2025-03-01",
    "declaration_no": "51",
    "exporter_id": "x",
    "destination": "KZ",
    "condition": "used",
}


def read(entry=DOCUMENT, **fields):
    return decode(json.dumps(entry | fields).encode())


def refused(entry=DOCUMENT, **fields) -> DocumentError:
    with pytest.raises(DocumentError) as error:
        read(entry, **fields)
    return error.value


def test_the_three_types():
    assert isinstance(read(), Registration)
    assert isinstance(read(DECLARATION), CustomsExport)
    lost = read(DOCUMENT, event_type="deregistration", reason="lost")
    assert isinstance(lost, Deregistration)
    assert (lost.revision, lost.status, lost.is_void) == (0, "valid", False)


def test_unknown_fields_are_ignored():
    assert read(colour="red", nested={"a": [1, 2]}) == read()


@pytest.mark.parametrize("vin", [" lgxce6cb0sk100074 ", "LGXCE6CB0SK100074", "LGXCE6CB0SK１０００７４"])
def test_a_vin_is_trimmed_upper_case_and_nfkc(vin):
    assert read(vin=vin).vin == "LGXCE6CB0SK100074"


@pytest.mark.parametrize("vin", ["", "   ", "LGX CE6", "京A12345é", "X" * 41, "A\tB", "A\u0000B"])
def test_what_cannot_be_a_key_is_no_vin(vin):
    error = refused(vin=vin)
    assert (error.reason, error.field) in {("bad_vin", "vin"), ("bad_text", "vin")}
    assert "cn-vehicle-register" in error.document


def test_other_registers_identities_pass():
    assert read(vin="n172sp").vin == "N172SP"


def test_texts_are_trimmed_and_normalised_and_empty_ones_are_missing():
    entry = read(owner_id=" o1 ", plate="粤Ａ１２３４５", brand="", model="  ", invoice_no="①")
    assert (entry.owner_id, entry.plate, entry.brand, entry.model) == ("o1", "粤A12345", None, None)
    assert entry.invoice_no == "1"


def test_control_characters_are_refused_in_an_identity_and_dropped_elsewhere():
    error = refused(source="a\nb")
    assert (error.reason, error.field) == ("bad_text", "source")
    assert "printable" in error.allowed
    assert read(owner_id="a\nb").dropped == (("owner_id", r"'a\nb'"),)


def test_a_document_counts_without_its_bad_values():
    entry = read(price_cny="1.234,56", province="Guangdong", odometer_km=-1, owner_id="o", extra=[])
    assert entry.dropped == (
        ("odometer_km", "-1"),
        ("price_cny", "'1.234,56'"),
        ("province", "'Guangdong'"),
    )
    assert (entry.price_cny, entry.province, entry.odometer_km, entry.owner_id) == (
        None,
        None,
        None,
        "o",
    )
    assert read(price_cny=5).dropped == ()


@pytest.mark.parametrize("field", ["revision", "status", "date_precision", "kind", "occurred_at"])
def test_what_identifies_dates_or_withdraws_a_document_has_to_be_right(field):
    assert refused(**{field: "?"}).field == field


@pytest.mark.parametrize("field", ["owner_id", "brand", "source"])
def test_half_a_character_in_a_text_that_is_read_is_named(field):
    error = refused(**{field: "a\ud800"})
    assert (error.reason, error.field) == ("bad_text", field)
    assert "half a character" in str(error)
    str(error).encode()


def test_half_a_character_where_nobody_looks_does_no_harm():
    assert read(remark="\udfff").dropped == ()
    payload = json.dumps(DOCUMENT).encode()
    assert decode(payload[:-1] + rb', "\ud800": {"\udfff": [1e999, "\ud800"]}}').dropped == ()


@pytest.mark.parametrize("field", ["event_id", "source"])
def test_an_identity_is_not_empty(field):
    assert refused(**{field: " "}).reason == "bad_text"


def test_codes_are_upper_case_and_known():
    assert read(province="cn-gd").province == "CN-GD"
    assert read(province=" ").province is None
    assert read(DECLARATION, destination="kz").destination == "KZ"
    assert read(province="GD").dropped[0].field == "province"
    assert refused(DECLARATION, destination="KAZ").field == "destination"
    assert refused(DECLARATION, destination="").reason == "not_allowed"


def test_civil_days_and_times():
    entry = read(occurred_at="2025-03-01T17:00:00Z", recorded_at="2025-03-05")
    assert (entry.day, entry.time) == (day("2025-03-02"), 3_600_000_000)
    assert (entry.recorded_day, entry.recorded_time) == (day("2025-03-05"), None)
    assert entry.occurred_at == "2025-03-02T01:00:00+08:00"
    declared = read(DECLARATION, licence_applied_at="2025-02-27T20:00:00Z", exited_at="2025-03-03")
    assert declared.licence_applied_day == day("2025-02-28")
    assert declared.exited_day == day("2025-03-03")


def test_an_impossible_time_names_its_field():
    error = refused(occurred_at="2025-02-30")
    assert (error.reason, error.field) == ("impossible_time", "occurred_at")
    assert read(recorded_at="2025-02-30").dropped == (("recorded_at", "'2025-02-30'"),)
    assert "2025-02-30" in error.value
    assert "RFC 3339" in error.allowed


@pytest.mark.parametrize(
    ("kilometres", "status", "really_read"),
    [
        (0, "read", 0),
        (0, "not_read", None),
        (0, None, None),
        (12, None, 12),
        (12, "read", 12),
        (12, "not_read", None),
        (65_535, "read", None),
        (999_999, None, None),
        (None, "read", None),
    ],
)
def test_an_odometer_counts_where_somebody_read_it(kilometres, status, really_read):
    entry = read(odometer_km=kilometres, odometer_status=status)
    assert read_odometer(entry) == really_read


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"revision": -1}, "out_of_range", "revision"),
        ({"revision": 1.5}, "wrong_type", "revision"),
        ({"kind": "gift"}, "not_allowed", "kind"),
        ({"status": "maybe"}, "not_allowed", "status"),
        ({"event_type": "birth"}, "unknown_event_type", "event_type"),
        ({"source": "x" * 201}, "out_of_range", "source"),
    ],
)
def test_a_refusal_says_what_field_and_what_is_allowed(fields, reason, field):
    error = refused(**fields)
    assert (error.reason, error.field) == (reason, field)
    assert error.allowed
    assert field in str(error)
    assert "'1'" in error.document


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (json.dumps(DOCUMENT).encode().replace(b"initial", b"ini\xfftial"), "not_utf8"),
        (
            json.dumps(DOCUMENT).encode()[:-1] + b',"x":' + b"[" * 50_000 + b"]" * 10_000 + b"}",
            "too_deep",
        ),
        (b"{" + b" " * MAXIMUM_BYTES + b"}", "oversize"),
        (b'{"price_cny": NaN}', "not_json"),
    ],
)
def test_a_payload_that_is_no_document(payload, reason):
    with pytest.raises(DocumentError) as error:
        decode(payload)
    assert error.value.reason == reason


def test_a_missing_field_is_named():
    entry = {name: value for name, value in DOCUMENT.items() if name != "kind"}
    error = refused(entry)
    assert (error.reason, error.field) == ("missing_field", "kind")


def test_a_refusal_never_shows_the_vin():
    assert DOCUMENT["vin"] not in str(refused(revision=-1))


def test_a_byte_order_mark_is_no_part_of_a_document():
    payload = json.dumps(DOCUMENT).encode()
    assert decode(b"\xef\xbb\xbf" + payload) == decode(payload)


class _Held:
    """Something that a caller of the decoder holds, a chunk of lines for example."""


@pytest.mark.parametrize("bad", [{"vin": ""}, {"occurred_at": "yesterday"}, {"vin": 1}, {"kind": "?"}])
def test_a_refused_document_keeps_nothing_of_its_callers_alive(bad):
    """As its error would if it stood in a cycle with its own traceback."""
    payload = json.dumps(DOCUMENT | bad).encode()

    def told() -> str:
        held = _Held()
        try:
            decode(payload)
        except DocumentError as error:
            return f"{held} {error}"
        raise AssertionError

    gc.disable()
    try:
        told()
        assert not [one for one in gc.get_objects() if isinstance(one, _Held)]
    finally:
        gc.enable()
