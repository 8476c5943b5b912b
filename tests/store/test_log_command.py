"""`zeromile log`: what holds, and what is said of a log that was cut, forked, changed or re-signed."""

from __future__ import annotations

import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from streams.cli import app
from streams.evidence.checkpoint import read_checkpoint
from streams.store.checkpoints import SignedCheckpoint, unstamped
from streams.store.database import migrate, open_database
from streams.store.handing_out import CheckpointDesk
from streams.store.settings import SinkSettings
from tests.evidence.authority import Authority, openssl, serve
from tests.store.test_checkpoints import fill

RUNNER = CliRunner()


def made_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture
def engine(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'store'}")
    migrate(engine)
    yield engine
    engine.dispose()


def log(engine: sa.Engine, *words: str | Path, **variables: str):
    url = engine.url.render_as_string()
    return RUNNER.invoke(app, ["log", *map(str, words), "--url", url], env=variables)


def change(engine: sa.Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(statement), values)


def signers(engine: sa.Engine, key: Path) -> Path:
    with engine.connect() as connection:
        origin = connection.execute(sa.text("SELECT origin FROM log_head")).scalar_one()
    path = key.with_suffix(".signers")
    public = key.with_suffix(".pub").read_text("utf-8").split()
    path.write_text(f"{origin} {public[0]} {public[1]}\n", "utf-8")
    return path


def test_a_log_that_holds_is_signed_and_checked(engine, tmp_path):
    key = made_key(tmp_path / "key")
    empty = log(engine, "checkpoint", "--key", key, "--out", tmp_path)
    assert (empty.exit_code, "the log is empty" in empty.output) == (1, True)
    fill(engine, 0, 300)
    done = log(engine, "checkpoint", "--key", key, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert "300 leaves" in done.output
    again = log(engine, "checkpoint", "--key", key, "--out", tmp_path)
    assert again.exit_code == 0, "nothing has come since: the same one is handed out again"
    fill(engine, 300, 320)
    words = ["check", "--checkpoint", tmp_path / "checkpoint", "--signers", signers(engine, key)]
    checked = log(engine, *words)
    assert checked.exit_code == 0, checked.output
    assert "holds: 320 leaves, 320 records, 1 checkpoints" in checked.output
    assert "note   no checkpoint of elsewhere" in log(engine, "check").output


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE received_records SET value = x'7b7d' WHERE leaf_index = 7", "record at place 7"),
        ("UPDATE log_head SET size = 299", "has been cut: it has 299 leaves, and had 300"),
        ("DELETE FROM log_tiles WHERE level = 0 AND number = 1", "has been cut"),
        ("UPDATE log_tiles SET hashes = zeroblob(8192) WHERE number = 0", "hashes have been changed"),
        ("UPDATE log_tiles SET hashes = zeroblob(1408) WHERE number = 1", "has been forked: two roots"),
        ("UPDATE log_head SET origin = 'zeromile/other'", "two logs: "),
    ],
)
def test_what_was_cut_forked_or_changed_is_told(engine, tmp_path, statement, said):
    fill(engine, 0, 300)
    key = made_key(tmp_path / "key")
    assert log(engine, "checkpoint", "--key", key, "--out", tmp_path).exit_code == 0
    change(engine, "DELETE FROM log_checkpoints")  # those in the database are its operator's
    change(engine, statement)
    done = log(engine, "check", "--checkpoint", tmp_path / "checkpoint")
    assert done.exit_code == 1, done.output
    assert said in " ".join(done.output.split())


def test_a_record_with_its_leaf_rewritten_is_found_without_a_checkpoint(engine):
    """What is above a leaf must be what the leaves come to, even where nobody kept a checkpoint."""
    fill(engine, 0, 300)
    change(
        engine,
        "UPDATE log_tiles SET hashes = CAST(substr(hashes, 33, 32) || substr(hashes, 33) AS BLOB) "
        "WHERE level = 0 AND number = 0",
    )
    change(engine, "DELETE FROM received_records WHERE leaf_index = 0")
    done = log(engine, "check")
    assert (done.exit_code, "hashes have been changed" in done.output) == (1, True)


def test_another_key_is_told(engine, tmp_path):
    fill(engine, 0, 3)
    assert (
        log(engine, "checkpoint", "--key", made_key(tmp_path / "a"), "--out", tmp_path).exit_code == 0
    )
    done = log(engine, "check", "--signers", signers(engine, made_key(tmp_path / "b")))
    assert done.exit_code == 1
    said = " ".join(done.output.split())
    assert "the checkpoint of 3 leaves: the signature is not by SHA256:" in said


def test_wrong_use_is_told(engine, tmp_path):
    (tmp_path / "empty").write_text("", "utf-8")
    for words, said in (
        (["check", "--checkpoint", tmp_path / "nowhere"], "cannot read the checkpoint"),
        (["check", "--checkpoint", tmp_path / "empty"], "is no checkpoint: origin, size and root"),
        (["check", "--signers", tmp_path / "nowhere"], "cannot read the allowed signers"),
        (["check", "--signers", tmp_path / "empty"], "no signer zeromile/"),
        (["checkpoint", "--out", tmp_path], "say which key signs"),
        (["checkpoint", "--out", tmp_path / "nowhere", "--key", "key"], "is no folder"),
    ):
        done = log(engine, *words)
        assert done.exit_code == 2, done.output
        assert said in " ".join(done.output.split())


def test_a_checkpoint_is_stamped_where_an_authority_is_set(engine, tmp_path):
    fill(engine, 0, 3)
    key = made_key(tmp_path / "key")
    authority = Authority(tmp_path, "authority")
    with closing(serve(authority.answer)) as urls:
        done = log(
            engine,
            "checkpoint",
            "--key",
            key,
            "--out",
            tmp_path,
            ZEROMILE_SINK_TIME_STAMP_URL=next(urls),
        )
    assert done.exit_code == 0, done.output
    openssl("ts", "-verify", "-in", tmp_path / "checkpoint.tsr", "-data", tmp_path / "checkpoint",
            "-CAfile", authority.root)  # fmt: skip
    fill(engine, 3, 6)
    assert log(engine, "checkpoint", "--key", key, "--out", tmp_path).exit_code == 0
    assert not (tmp_path / "checkpoint.tsr").exists(), "it is of the checkpoint before"


def test_a_checkpoint_that_an_authority_does_not_stamp_waits_and_is_stamped_when_it_answers(
    engine, tmp_path, monkeypatch
):
    key, authority = made_key(tmp_path / "key"), Authority(tmp_path, "authority")
    answers: list[bool] = []
    topic: list[SignedCheckpoint] = []
    with closing(serve(lambda query: authority.answer(query) if answers else b"")) as urls:
        url = next(urls)
        settings = SinkSettings(
            sink_log_key=key, sink_checkpoint_folder=tmp_path, sink_time_stamp_url=url
        )
        desk = CheckpointDesk(settings, engine)
        monkeypatch.setattr(desk, "_onto_topic", topic.append)
        fill(engine, 0, 3)
        desk.hand_out()
        fill(engine, 3, 6)
        desk.hand_out()
        assert [one.time_stamp for one in topic] == [None, None], "no authority keeps one back"
        assert [one.state.size for one in unstamped(engine, 9)] == [6, 3]

        answers.append(True)
        assert desk.hand_out() is None, "the authority is not asked at every turn"
        later = time.monotonic() + 60
        monkeypatch.setattr("streams.store.handing_out.time.monotonic", lambda: later)
        desk.hand_out()
        assert unstamped(engine, 9) == []
        stamped = [(one.state.size, one.time_stamp is not None) for one in topic[2:]]
        assert stamped == [(3, True), (6, True)]
        openssl("ts", "-verify", "-in", tmp_path / "checkpoint.tsr", "-data", tmp_path / "checkpoint",
                "-CAfile", authority.root)  # fmt: skip

        answers.clear()
        fill(engine, 6, 9)
        words = ("checkpoint", "--key", key, "--out", tmp_path)
        done = log(engine, *words, ZEROMILE_SINK_TIME_STAMP_URL=url)
    assert (done.exit_code, "has no time stamp" in " ".join(done.output.split())) == (1, True)
    assert read_checkpoint(tmp_path / "checkpoint").size == 9
    assert [one.state.size for one in unstamped(engine, 9)] == [9]
