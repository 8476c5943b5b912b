"""Packs: the auditor's question answered, and tampering found by tools that are not ours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import bagit
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from detectors.identities import IdentityKey
from streams.cli import app
from streams.evidence import tree
from streams.evidence.case_page import case_page
from streams.evidence.checkpoint import Checkpoint
from streams.evidence.pack import verify_pack, write_pack
from streams.evidence.ssh_signature import SigningKey
from streams.evidence.time_stamp import request_time_stamp
from streams.store.case import Question, case_of
from streams.store.checkpoints import make_checkpoint, sign, state_of_log
from streams.store.database import migrate, open_database
from streams.store.errors import StoreError
from streams.store.log import tiles_of
from streams.store.policies import with_judges
from streams.store.refreshing import refresh_views
from streams.store.writing import write
from tests.evidence.authority import Authority, serve
from tests.store.changes import document, record, registration
from tests.store.test_views import case_records

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
QUARTER = Question(
    province="CN-GD", first=date(2024, 10, 1), last=date(2024, 12, 31), detector="double_sale"
)


def make_key(path: Path) -> SigningKey:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return SigningKey.read(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store with a case, a key, and the pack of the case."""
    folder = tmp_path_factory.mktemp("pack")
    engine = open_database(f"sqlite:///{folder / 'store'}")
    migrate(engine)
    documents, alerts = case_records()
    key = make_key(folder / "key")
    for day, value in enumerate(documents[:2]):
        write(engine, [document(value, day)])
        make_checkpoint(engine, key, NOW - timedelta(days=2 - day))
    write(engine, [document(value, offset) for offset, value in enumerate(documents)])
    write(engine, [record(value, offset) for offset, value in enumerate(alerts)])
    case = with_judges(case_of(engine, QUARTER, key, NOW), None)
    authority = Authority(folder, "authority")
    with closing(serve(authority.answer)) as urls:
        answer = request_time_stamp(case.checkpoint.encode(), next(urls))
    write_pack(replace(case, time_stamp=answer), folder / "pack", key)
    yield engine, key, folder / "pack"
    engine.dispose()


@pytest.fixture
def pack(made, tmp_path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(made[2], tmp_path / "pack"))


def shell(command: str, folder: Path) -> bool:
    return (
        subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, check=False).returncode
        == 0
    )


def standard_tools(folder: Path) -> list[bool]:
    """The commands of VERIFY.md, in a shell."""
    text = (folder / "data" / "VERIFY.md").read_text("utf-8")
    commands = re.findall(
        r"^    ((?:sha256sum|ssh-keygen -Y|python3 data/verify.py$).*)$", text, re.MULTILINE
    )
    assert len(commands) == 5
    return [shell(command.replace("python3", sys.executable), folder) for command in commands]


def test_the_page_says_who_and_what_to_ask_for(made):
    page = (made[2] / "data" / "case.html").read_text("utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    parties = text[text.index("Who is behind it") : text.index("Ask for")]
    assert re.findall(r"(\S+) (owner|seller|exporter) (?:\S+ )?(\d)", parties) == [
        ("e1", "exporter", "2"), ("e1", "owner", "2"), ("d1", "seller", "2"), ("n0", "owner", "1"),
        ("n1", "owner", "1"),
    ]  # fmt: skip
    asked = text[text.index("Ask for") :]
    for wanted in (
        "invoice I0 the registering office, CN-GD 2024-10-02 V0", "invoice J1",
        "declaration D-V1 customs, Khorgos 2024-12-30 V1", "licence L0",
    ):  # fmt: skip
        assert wanted in asked
    assert "V2" not in text, "sold in January"
    assert "V9" not in text, "resolved"


def test_a_pack_holds_by_standard_tools_and_by_ours(made, pack):
    assert standard_tools(pack) == [True] * 5
    verdict = verify_pack(pack)
    assert verdict.faults == []
    assert any("taken from the pack itself" in note for note in verdict.notes)
    assert (pack / "data" / "verify.py").read_text("utf-8").count("\n") <= 100


CLASSES = [
    "data/case.html", "data/case.json", "data/VERIFY.md", "data/verify.py", "data/checkpoint",
    "data/checkpoint.sig", "data/allowed_signers", "data/index.csv", "data/policy.toml",
    "data/checkpoint.tsr", "data/consistency/*", "data/records/*", "data/entries/*", "data/proofs/*",
    "bagit.txt", "bag-info.txt",
    "manifest-sha256.txt", "manifest-sha256.txt.sig", "tagmanifest-sha256.txt",
]  # fmt: skip


@pytest.mark.parametrize("which", CLASSES)
@pytest.mark.parametrize("how", ["flip", "drop"])
def test_a_flipped_byte_or_a_dropped_file_is_found(pack, which, how):
    path = sorted(pack.glob(which))[1 if "*" in which else 0]
    if how == "flip":
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    else:
        path.unlink()
    checksums = [
        shell(f"sha256sum --check --strict {name}", pack)
        for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt")
    ]
    assert not all(checksums)
    if (how, which) != ("drop", "tagmanifest-sha256.txt"):  # BagIt does not ask for one
        assert verify_pack(pack).faults != []


def rebag(pack: Path) -> None:
    """As whoever tampers would: all checksums are right again."""
    bag = bagit.Bag(str(pack))
    bag.save(manifests=True)


def swap(one: Path, other: Path) -> None:
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


@pytest.mark.parametrize(
    "parts", [["records"], ["records", "entries"], ["records", "entries", "proofs"], ["proofs"]]
)
def test_exchanged_documents_are_found_though_all_checksums_are_right(pack, parts):
    for part in parts:
        first, second = sorted((pack / "data" / part).iterdir())[:2]
        swap(first, second)
    rebag(pack)
    assert shell("sha256sum --check --strict manifest-sha256.txt", pack)
    done = subprocess.run(
        [sys.executable, "data/verify.py"], cwd=pack, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout.count(b"record ") == 2


def test_a_shifted_time_is_found_though_all_checksums_are_right(pack):
    for path in sorted((pack / "data" / "entries").iterdir())[:1]:
        entry = json.loads(path.read_bytes())
        path.write_text(json.dumps(entry | {"timestamp": 5}, sort_keys=True, separators=(",", ":")))
    rebag(pack)
    faults = verify_pack(pack).faults
    assert any("not in the log" in fault for fault in faults)
    assert any("manifest-sha256.txt.sig" in fault for fault in faults), "and the list is signed"


def test_another_key_is_found_by_the_signer_s_known_key(made, pack, tmp_path):
    engine, key, _ = made
    signers = tmp_path / "signers"
    signers.write_text(key.allowed_signers(bagit.Bag(str(pack)).info["Source-Organization"]), "utf-8")
    assert verify_pack(pack, signers).faults == []

    other = make_key(tmp_path / "other")
    write_pack(case_of(engine, QUARTER, other, NOW), tmp_path / "resigned", other)
    assert standard_tools(tmp_path / "resigned") == [True] * 5, "by its own key it holds"
    faults = verify_pack(tmp_path / "resigned", signers).faults
    assert any("the signature is not by" in fault for fault in faults)


def test_a_fork_is_found_by_a_checkpoint_of_elsewhere(made, pack, tmp_path):
    engine, key, _ = made
    with engine.connect() as connection:
        honest = state_of_log(connection, NOW)
    kept = tmp_path / "kept"
    kept.write_text(sign(honest, key).note, "utf-8")
    assert verify_pack(pack, checkpoint=kept).faults == []

    lines = kept.read_text("utf-8").split("\n")
    lines[2] = "A" * 43 + "="
    kept.write_text("\n".join(lines), "utf-8")
    assert any("forked" in fault for fault in verify_pack(pack, checkpoint=kept).faults)
    command = f"{sys.executable} data/verify.py --checkpoint {kept}"
    assert not shell(command, pack)


def kept_checkpoints(engine, folder: Path) -> list[Path]:
    """The checkpoints of the days before, as somebody else has kept them."""
    with engine.connect() as connection:
        notes = connection.execute(sa.text("SELECT checkpoint FROM log_checkpoints ORDER BY size"))
        paths = []
        for number, note in enumerate(notes.scalars()):
            paths.append(folder / f"kept-{number}")
            paths[-1].write_text(note, "utf-8")
    return paths


def test_the_log_goes_on_from_a_checkpoint_of_another_day(made, pack, tmp_path):
    paths = kept_checkpoints(made[0], tmp_path)
    assert len(paths) == 2
    for kept in paths:
        assert verify_pack(pack, checkpoint=kept).faults == []
        assert shell(f"{sys.executable} data/verify.py --checkpoint {kept}", pack)

    lines = paths[1].read_text("utf-8").split("\n")
    for place, value, said in (
        (2, "A" * 43 + "=", "the log has been forked: its first 2 leaves are others"),
        (1, "1", "the log has been forked: its first 1 leaves are others"),
        (1, "3", "no proof from its 3 leaves on"),
        (0, "zeromile/other", "of another log"),
    ):
        paths[1].write_text("\n".join([*lines[:place], value, *lines[place + 1 :]]), "utf-8")
        assert any(said in fault for fault in verify_pack(pack, checkpoint=paths[1]).faults), said

    paths[1].write_text("\n".join([lines[0], "99", *lines[2:]]), "utf-8")
    verdict = verify_pack(pack, checkpoint=paths[1])
    assert verdict.faults == [], "a pack that was made before a checkpoint was kept holds"
    assert any("newer than the pack, and was not compared" in note for note in verdict.notes)
    command = f"{sys.executable} data/verify.py --checkpoint {paths[1]}"
    assert shell(f"{command} | grep -q 'note: your checkpoint: newer than the pack'", pack)
    assert shell(command, pack)


def test_a_pack_is_made_with_the_checkpoint_of_whoever_asks(made, tmp_path):
    engine, key, folder = made
    with engine.connect() as connection:
        read = tiles_of(connection)
        origin = state_of_log(connection, NOW).origin
        third = Checkpoint(origin, 3, tree.root(read, 3), "")
    kept = tmp_path / "kept"
    kept.write_text(third.signed(key), "utf-8")
    words = ["pack", "export", "--url", engine.url.render_as_string(), "--vin", "V1"]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out"), "--since", str(kept)])
    assert done.exit_code == 0, done.output
    assert verify_pack(tmp_path / "out", checkpoint=kept).faults == []

    forked = Checkpoint(origin, 3, bytes(32), "")
    kept.write_text(forked.signed(key), "utf-8")
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "fork"), "--since", str(kept)])
    assert done.exit_code == 2
    assert "has been forked" in done.output
    assert folder.exists()


def test_the_time_stamp_holds_by_openssl_and_by_ours(made, pack):
    root = made[2].parent / "authority" / "root.pem"
    text = (pack / "data" / "VERIFY.md").read_text("utf-8")
    (command,) = re.findall(r"^    (openssl ts -verify .*)$", text, re.MULTILINE)
    assert shell(command.replace("AUTHORITY", str(root)), pack)
    verdict = verify_pack(pack, authority=root)
    assert verdict.faults == []
    assert any(note.startswith("stamped ") for note in verdict.notes)
    assert any("was not checked" in note for note in verify_pack(pack).notes)

    other = pack / "data" / "checkpoint"
    other.write_text(other.read_text("utf-8").replace("time 2026", "time 2025"), "utf-8")
    assert not shell(command.replace("AUTHORITY", str(root)), pack)
    assert any("checkpoint.tsr" in fault for fault in verify_pack(pack, authority=root).faults)
    (pack / "data" / "checkpoint.tsr").unlink()
    faults = verify_pack(pack, authority=root).faults
    assert any("holds no time stamp" in fault for fault in faults)


def test_a_pack_of_digests_shows_no_clear_id(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'store'}")
    migrate(engine)
    value = registration(
        "V1", "2025-06-17", owner_id="clear-owner", seller_id="clear-seller", owner_name="clear-name"
    )
    write(engine, [document(value)], IdentityKey("a secret of sixteen"))
    write_pack(case_of(engine, Question(vin="V1"), None, NOW), tmp_path / "pack", None)
    engine.dispose()
    files = [path for path in (tmp_path / "pack").rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if b"clear" in path.read_bytes()]
    verdict = verify_pack(tmp_path / "pack")
    assert (verdict.faults, verdict.notes[0]) == ([], "the pack is not signed")
    assert "digests in the place of the ids" in (tmp_path / "pack/data/VERIFY.md").read_text("utf-8")


def test_what_others_wrote_is_text_on_the_page(store):
    write(store, [document(registration("V1", "2025-06-17", owner_id="<script>alert(1)</script>"))])
    page = case_page(case_of(store, Question(vin="V1"), None, NOW))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("question", [
    Question(vin="V1"), Question(alert_id="a1"), Question(party="n1", province="CN-GD"),
    Question(party="e1", first=date(2024, 12, 1), last=date(2024, 12, 31)),
])  # fmt: skip
def test_every_way_to_ask_leads_to_the_vehicle(store, question):
    documents, alerts = case_records()
    write(store, [document(value, offset) for offset, value in enumerate(documents)])
    write(store, [record(value, offset) for offset, value in enumerate(alerts)])
    refresh_views(store)
    case = case_of(store, question, None, NOW)
    assert [vehicle.vin for vehicle in case.vehicles] == ["V1"]
    assert len(case.records) == 4, "three documents and an alert"


def test_a_question_that_nothing_answers_says_so(store):
    with pytest.raises(StoreError, match="no vehicle in the store answers: province CN-XZ"):
        case_of(store, Question(province="CN-XZ"), None, NOW)


def test_the_commands(made, tmp_path):
    engine, _, pack = made
    runner = CliRunner()
    out = str(tmp_path / "out")
    url = engine.url.render_as_string()
    key = str(pack.parent / "key")
    arguments = [
        "pack",
        "export",
        "--url",
        url,
        "--detector",
        "double_sale",
        "--out",
        out,
        "--key",
        key,
    ]
    done = runner.invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "3 vehicles, 3 alerts" in done.stdout
    assert runner.invoke(app, ["pack", "verify", out]).exit_code == 0
    again = runner.invoke(app, arguments)
    assert again.exit_code == 2
    assert "exists" in again.output
    (Path(out) / "data" / "case.html").write_text("", "utf-8")
    broken = runner.invoke(app, ["pack", "verify", out])
    assert broken.exit_code == 1
    assert "case.html" in broken.output
    assert runner.invoke(app, ["pack", "export", "--url", url, "--out", out]).exit_code == 2
