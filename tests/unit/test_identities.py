"""Owners and exporters as keyed digests: what is found stays the same, and no id is kept."""

import gzip
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from detectors.decoding import decode
from detectors.identities import SHORTEST_SECRET, IdentityKey, IdentityKeyError
from detectors.registry import Catalogue
from streams.backfill.replay import Replay
from streams.cli import app
from streams.setup.policy import load_policy
from streams.state.store import StateStore
from tests.simulated import record_country

SECRET = "correct horse battery staple"  # noqa: S105 - a test
KEY = IdentityKey(SECRET)
FIELDS = ("owner_id", "seller_id", "exporter_id")
DOCUMENT = {"event_id": "1", "source": "s", "vin": "LGXCE6CB0SK100074", "occurred_at": "2025-03-01"}
REGISTRATION = DOCUMENT | {"event_type": "registration", "kind": "transfer"}
DEREGISTRATION = DOCUMENT | {"event_type": "deregistration", "reason": "export"}
DECLARATION = DOCUMENT | {"event_type": "customs_export", "declaration_no": "51", "exporter_id": "Wang",
                       "destination": "KZ", "condition": "used"}  # fmt: skip


def concealed(document, key=KEY, **fields):
    return key.decode(json.dumps(document | fields).encode())


def test_one_id_has_one_digest_whatever_document_and_field_names_it():
    bought = concealed(REGISTRATION, owner_id="Wang", seller_id="Li")
    sold = concealed(REGISTRATION, owner_id="Li", seller_id="Wang")

    assert (bought.owner_id, bought.seller_id) == (sold.seller_id, sold.owner_id)
    assert bought.owner_id == concealed(DEREGISTRATION, owner_id="Wang").owner_id
    assert bought.owner_id == concealed(DECLARATION).exporter_id
    assert bought.owner_id != bought.seller_id


def test_a_digest_never_changes_for_stored_vehicles_are_compared_with_it():
    assert concealed(DECLARATION).exporter_id == "028594ce4826429a20e3"


def test_another_key_gives_other_digests_and_another_fingerprint():
    other = IdentityKey(SECRET + "r")

    assert concealed(DECLARATION, other).exporter_id != concealed(DECLARATION).exporter_id
    assert other.fingerprint != KEY.fingerprint
    assert KEY.fingerprint not in {concealed(DECLARATION, exporter_id=text).exporter_id
                                   for text in ("fingerprint", "identity", SECRET)}  # fmt: skip


def test_the_rest_of_a_document_is_as_it_was():
    plain = decode(json.dumps(REGISTRATION | {"owner_id": "Wang", "plate": "粤A12345"}).encode())

    found = KEY.conceal(plain)

    assert {n for n in plain.__struct_fields__ if getattr(plain, n) != getattr(found, n)} == {
        "owner_id"
    }
    nameless = decode(json.dumps(REGISTRATION).encode())
    assert KEY.conceal(nameless) == nameless


def test_a_short_secret_is_refused():
    with pytest.raises(
        IdentityKeyError, match=f"of 15 characters; allowed: {SHORTEST_SECRET} and more"
    ):
        IdentityKey("x" * 15)


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_country(tmp_path_factory.mktemp("c") / "country.jsonl.gz", vehicles=1_500, seed=11)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_replay_with_a_key_finds_the_same_and_shows_no_id(
    country: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: str
):
    found = []
    for name, secret in (("plain", ""), ("keyed", SECRET)):
        monkeypatch.setenv("ZEROMILE_IDENTITY_KEY", secret)
        final, report = tmp_path / f"{name}.jsonl", tmp_path / f"{name}.html"
        command = ["replay", str(country), "--final", str(final), "--report", str(report)]
        ran = CliRunner().invoke(app, [*command, "--workers", workers])
        assert ran.exit_code == 0, ran.output
        found.append((_settled(final), report.read_text("utf-8")))

    (plain, shown), (keyed, hidden) = found
    ids = _ids(country)
    digests = {KEY.digest(text) for text in ids}
    assert _nameless(keyed, digests) == _nameless(plain, ids) != plain
    assert any(text in shown for text in ids)
    assert not [text for text in ids if text in keyed or text in hidden]


def _nameless(alerts: str, names: set[str]) -> str:
    """Without the exporters that provinces' alerts name: of two with one share the lesser is first."""
    return re.sub(r"[\w-]+", lambda word: "somebody" if word[0] in names else word[0], alerts)


def _settled(final: Path) -> str:
    alerts = [json.loads(line) for line in final.read_text("utf-8").splitlines()]
    return json.dumps([alert | {"detected_at": ""} for alert in alerts])


def _ids(country: Path) -> set[str]:
    """Ids of all documents that can be read."""
    ids: set[str] = set()
    with gzip.open(country, "rb") as lines:
        for line in lines:
            try:
                document = json.loads(line)
                ids |= {document[field] for field in FIELDS if document.get(field)}
            except (ValueError, TypeError, AttributeError):
                continue
    return {text for text in ids if isinstance(text, str) and len(text) > 5}


def test_no_id_is_kept_of_a_document_that_moves_to_another_vin(country: Path):
    alone = Replay(Catalogue(load_policy()), decode=KEY.decode)
    alone.run([country])
    assert alone.engine.counters.vin_corrections > 0
    kept = b"".join(_records(alone.engine.store).values())
    assert not [text for text in _ids(country) if text.encode() in kept]


def _records(store: StateStore) -> dict[str, bytes]:
    return {vin: store.get(vin) or b"" for vin in store.vins()}


def test_a_short_key_in_the_environment_is_named(country: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ZEROMILE_IDENTITY_KEY", "short")
    for command in (["replay", str(country)], ["explain", str(country), "--vin", "X"]):
        ran = CliRunner().invoke(app, command)
        assert ran.exit_code == 2
        assert "ZEROMILE_IDENTITY_KEY: an identity key of 5 characters" in ran.output
