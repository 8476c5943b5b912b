"""`zeromile desk` as a process, and its commands for tokens."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.desk.tokens import make_token
from streams.setup.clock import utc_now
from streams.store.database import migrate, open_database

ROOT = Path(__file__).parents[2]
ZEROMILE = [sys.executable, "-W", "ignore", "-c", "from streams.cli import main; main()"]


def run(*words):
    return CliRunner().invoke(app, list(words))


@contextmanager
def desk(*words, **environment):
    """A running desk, and what it says."""
    process = subprocess.Popen(
        [*ZEROMILE, "desk", "--port", "0", *words], cwd=ROOT, text=True, stderr=subprocess.PIPE,
        env=os.environ | environment,
    )  # fmt: skip
    try:
        yield process, re.search(r"http://\S+", process.stderr.readline())[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


@pytest.fixture
def begun(tmp_path):
    """URL of a store that a sink has begun and that holds nothing."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    engine = open_database(url)
    migrate(engine)
    engine.dispose()
    return url


def test_the_first_person_gets_in_by_the_link_and_the_desk_stops_in_order(filled, tmp_path):
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    (tmp_path / "store.sqlite").write_bytes(filled.read_bytes())
    with desk("--url", url) as (process, address):
        link = re.search(r"http://\S+", process.stderr.readline())[0]
        assert link.startswith(f"{address}/sign-in?ticket=")
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(link) as answer:
            assert b"without a decision" in answer.read()
    assert process.returncode == 0
    (first,) = json.loads(run("desk", "tokens", "--url", url, "--format", "json").stdout)
    assert (first["name"], first["role"]) == ("first", "admin")


def test_a_token_of_the_deployment_counts_and_is_in_no_log(begun, tmp_path):
    url = begun
    given = "0123abcd" * 6
    with desk(ZEROMILE_SINK_URL=url, ZEROMILE_DESK_TOKEN=given) as (_, address):
        opener = urllib.request.build_opener()
        opener.addheaders = [("Authorization", f"Bearer {given}")]
        with opener.open(f"{address}/api/v1/now") as answer:
            assert json.load(answer)["log_size"] == 0
    engine = open_database(url)
    make_token(engine, name="operator", role="admin", days=1, now=utc_now(), secret=given)
    engine.dispose()
    tokens = json.loads(run("desk", "tokens", "--url", url, "--format", "json").stdout)
    assert [one["name"] for one in tokens] == ["operator"], "made once"
    assert given.encode() not in (tmp_path / "store.sqlite").read_bytes()


def test_tokens_are_made_listed_and_revoked(begun):
    url = begun
    made = run("desk", "token", "anna", "--role", "decide", "--url", url)
    assert made.exit_code == 0, made.output
    secret = made.stdout.strip()
    assert secret.startswith("zmd_")
    listed = run("desk", "tokens", "--url", url, "--format", "json")
    assert secret not in listed.output
    (token,) = json.loads(listed.stdout)
    assert run("desk", "revoke", token["id"], "--url", url).exit_code == 0
    again = run("desk", "revoke", token["id"], "--url", url)
    assert again.exit_code == 2
    assert "no token that counts has the id" in again.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["token", "anna", "--role", "owner"], "allowed: read, decide, admin"),
        (["token", " "], "1 to 80 printable characters"),
        (["token", "anna", "--days", "0"], "allowed: 1 to 3650"),
        (["--url", "mysql://a:hidden@b/c"], "allowed: postgresql://"),
        (["--port", "70000"], "ZEROMILE_DESK_PORT"),
    ],
)
def test_wrong_use_is_status_2_and_says_what_is_allowed(words, said, begun):
    url = [] if "--url" in words else ["--url", begun]
    done = run("desk", *words, *url)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
    assert "hidden" not in done.output


def test_without_a_database_it_says_how_to_name_one(monkeypatch):
    monkeypatch.delenv("ZEROMILE_SINK_URL", raising=False)
    done = run("desk")
    assert done.exit_code == 2
    assert "give --url or set ZEROMILE_SINK_URL" in done.output
