"""Every malformed document ends in a dead letter that says what is wrong with it."""

import base64
import json
from collections import Counter
from typing import get_args

import pytest
from typer.testing import CliRunner

from detectors.decoding import decode
from detectors.errors import DocumentError, Reason
from streams.cli import app
from tests.corpus.entries import Malformed, documents_with_bad_values, malformed_documents

MALFORMED = malformed_documents()


@pytest.mark.parametrize("entry", MALFORMED, ids=lambda entry: entry.wrong)
def test_is_refused_with_its_reason(entry: Malformed):
    with pytest.raises(DocumentError) as caught:
        decode(entry.payload)
    error = caught.value
    assert (error.reason, error.field) == (entry.reason, entry.field)
    assert error.value
    assert error.allowed
    assert len(str(error)) < 1_000, "a refusal is short, however long the payload"
    if entry.field:
        assert entry.field in str(error)


@pytest.mark.parametrize("entry", documents_with_bad_values(), ids=lambda entry: entry.wrong)
def test_a_bad_optional_value_is_dropped_and_the_document_counts(entry: Malformed):
    document = decode(entry.payload)
    [dropped] = document.dropped
    assert dropped.field == entry.field
    assert 0 < len(dropped.value) <= 100
    value = getattr(document, dropped.field.replace("_at", "_day"))
    assert value is None


def test_the_corpus_is_large_and_covers_every_reason():
    assert len(MALFORMED) >= 60
    assert len({entry.wrong for entry in MALFORMED}) == len(MALFORMED)
    of_payloads = set(get_args(Reason)) - {"wrong_key"}  # of the record's key, tested on a broker
    assert {entry.reason for entry in MALFORMED} == of_payloads


def test_replay_writes_every_one_to_the_dead_letters(tmp_path):
    stream, letters = tmp_path / "stream.jsonl", tmp_path / "letters.jsonl"
    stream.write_bytes(b"".join(entry.payload + b"\n" for entry in MALFORMED))
    ran = CliRunner().invoke(app, ["replay", str(stream), "--dead-letters", str(letters)])
    assert ran.exit_code == 1, ran.output

    written = [json.loads(line) for line in letters.read_text(encoding="utf-8").splitlines()]
    assert [letter["line"] for letter in written] == list(range(1, len(MALFORMED) + 1))
    for entry, letter in zip(MALFORMED, written, strict=True):
        assert (letter["reason"], letter["field"]) == (entry.reason, entry.field), entry.wrong
        assert letter["file"] == str(stream)
        assert _bytes_of(letter) == entry.payload[: 1 << 20], entry.wrong
    for reason, count in Counter(entry.reason for entry in MALFORMED).items():
        assert f"{reason} " in ran.output
        assert str(count) in ran.output


def test_more_dead_letters_than_allowed_is_exit_code_1(tmp_path):
    stream = tmp_path / "stream.jsonl"
    stream.write_bytes(b"{}\n{}\n")
    allowed = CliRunner().invoke(app, ["replay", str(stream), "--max-dead-letters", "2"])
    refused = CliRunner().invoke(app, ["replay", str(stream), "--max-dead-letters", "1"])
    assert (allowed.exit_code, refused.exit_code) == (0, 1)


def test_the_document_is_named_but_never_its_vin():
    payload = (
        b'{"event_type":"registration","event_id":"r-1","source":"reg","vin":"SECRETVIN","kind":"x"}'
    )
    with pytest.raises(DocumentError) as caught:
        decode(payload)
    assert caught.value.document == "'reg'/'r-1'"
    assert "SECRETVIN" not in str(caught.value)


def test_no_depth_of_nesting_gets_through():
    # Just below the decoder's limit a value is read but can no longer be shown.
    start = b'{"event_type":"registration","revision":"x","'
    for depth in range(900, 1_101):
        lists, objects = b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth
        for field in (b"source", b"revision", b"note"):
            for nested in (lists, objects):
                with pytest.raises(DocumentError):
                    decode(start + field + b'":' + nested + b"}")


def _bytes_of(letter: dict) -> bytes:
    if "payload_base64" in letter:
        return base64.b64decode(letter["payload_base64"])
    return letter["payload"].encode()
