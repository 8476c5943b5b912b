"""Nothing that a command is given is destroyed, and nothing half-written gets a name."""

import json
import os
import signal
import stat
import subprocess
import time
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

import pytest

from streams.setup.outputs import OutputError, Outputs, WriteError
from tests.cli.conftest import ZEROMILE

WEEKS = [f"2025-W{week:02d}" for week in range(1, 53)]


@pytest.fixture
def counts(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("region,period,count\n" + "".join(f"A,{week},{5}\n" for week in WEEKS))
    return path


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


OPTIONS = {
    "replay": ("--alerts", "--final", "--dead-letters", "--report"),
    "spikes": ("--out", "--plot"),
    "drift": ("--metrics",),
    "explain": ("--html",),
}


def arguments_of(command, read):
    return {
        "replay": ["replay", read],
        "spikes": ["spikes", read],
        "drift": ["model", "drift", "default", read],
        "explain": ["explain", read, "--vin", "LRW3E7FS5PC000400"],
    }[command]


def every_output():
    return [(command, option) for command, options in OPTIONS.items() for option in options]


@pytest.fixture
def read_by(stream, counts):
    return {"replay": stream, "spikes": counts, "drift": stream, "explain": stream}


@pytest.mark.parametrize("how", ["itself", "symbolic", "hard", "detour"])
@pytest.mark.parametrize("case", every_output())
def test_an_input_is_never_an_output(run, read_by, tmp_path, case, how):
    command, option = case
    read = read_by[command]
    before = read.read_bytes()
    output = {
        "itself": read,
        "symbolic": tmp_path / "link",
        "hard": tmp_path / "hard",
        "detour": tmp_path / ".." / tmp_path.name / read.name,
    }[how]
    if how == "symbolic":
        output.symlink_to(read)
    if how == "hard":
        output.hardlink_to(read)
    result = run(*arguments_of(command, read), option, output, "--force")
    assert result.exit_code == 2
    assert option in result.output
    assert "which is read" in result.output
    assert read.read_bytes() == before


@pytest.mark.parametrize(("command", "option"), every_output())
def test_what_is_there_asks_for_force(run, read_by, tmp_path, command, option):
    output = tmp_path / "there"
    output.write_text("dear to somebody")
    arguments = [*arguments_of(command, read_by[command]), option, output]
    result = run(*arguments)
    assert result.exit_code == 2
    assert "--force" in result.output
    assert output.read_text() == "dear to somebody"
    assert run(*arguments, "--force").exit_code in {0, 1}


def test_exported_state_replaces_nothing_unasked(run, tmp_path):
    there = tmp_path / "state.jsonl"
    there.write_text("mine")
    ended = run("state", "export", "--out", there, "--bootstrap", "127.0.0.1:1")
    assert ended.exit_code == 2
    assert "--force" in ended.output + ended.stderr
    assert there.read_text() == "mine"


def test_a_policy_that_is_read_is_no_output(run, stream, tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text("[double_sale]\nwindow_days = 8\n")
    result = run("replay", stream, "--config", policy, "--final", policy, "--force")
    assert result.exit_code == 2
    assert "window_days" in policy.read_text()


@pytest.mark.parametrize(("one", "other"), list(combinations(OPTIONS["replay"], 2)))
def test_two_outputs_are_two_files(run, stream, tmp_path, one, other):
    (tmp_path / "sub").mkdir()
    same = tmp_path / "sub" / ".." / "x"
    result = run("replay", stream, one, tmp_path / "x", other, same)
    assert result.exit_code == 2
    assert one in result.output
    assert not (tmp_path / "x").exists()


def test_standard_input_that_is_a_file_is_no_output(command, stream):
    before = stream.read_bytes()
    with stream.open("rb") as file:
        job = command("replay", "-", "--alerts", stream, "--force", stdin=file)
        _, complaints = job.communicate()
    assert job.returncode == 2, complaints
    assert stream.read_bytes() == before


def test_standard_output_that_is_the_input_is_refused(command, stream):
    before = stream.read_bytes()
    with stream.open("ab") as file:
        job = command("replay", stream, "--alerts", "-", stdout=file)
        _, complaints = job.communicate()
    assert job.returncode == 2, complaints
    assert stream.read_bytes() == before


@pytest.mark.parametrize("option", ["--alerts", "--final"])
def test_a_dash_is_standard_output_and_the_summary_goes_beside(command, stream, option):
    data, summary = command("replay", stream, option, "-").communicate()
    assert "double_sale" in [json.loads(line)["detector"] for line in data.splitlines()]
    assert b"alerts firing" in summary


def test_a_dash_of_other_commands(run, counts, tmp_path):
    table = run("spikes", counts, "--out", "-")
    assert table.stdout.startswith("region,period,observed")
    assert "counts judged" in table.stderr
    small = ["--vehicles", 200, "--days", 60]
    country = run("simulate", *small, "--out", "-", "--truth", tmp_path / "t")
    assert all(
        json.loads(line) for line in country.stdout.splitlines() if line.startswith('{"event_id')
    )
    assert "200 vehicles" in country.stderr


def test_a_pipe_or_device_is_written_directly(command, stream):
    data, _ = command("replay", stream, "--final", "/dev/stdout").communicate()
    assert data.startswith(b'{"alert_id"')
    twice = command("replay", stream, "--alerts", "/dev/null", "--final", "/dev/null")
    twice.communicate()
    assert twice.returncode == 0


def test_a_full_disk_is_told_and_leaves_no_file(command, stream, tmp_path):
    final = tmp_path / "final.jsonl"
    job = command("replay", stream, "--final", final, "--alerts", "/dev/full")
    _, complaints = job.communicate()
    assert job.returncode == 1
    assert b"No space left" in complaints
    assert b"Traceback" not in complaints
    assert names_in(tmp_path) == [stream.name]


def test_a_limit_of_file_size_is_told_too(command, stream, tmp_path):
    script = ["bash", "-c", 'ulimit -f 1; trap "" XFSZ; exec "$@"', "-"]
    job = subprocess.run(  # noqa: S603
        [*script, *ZEROMILE, "replay", stream, "--report", tmp_path / "r.html"],
        capture_output=True,
        check=False,
    )
    assert job.returncode == 1
    assert b"r.html" in job.stderr
    assert b"Traceback" not in job.stderr
    assert names_in(tmp_path) == [stream.name]


@contextmanager
def not_ignored(number):
    """What starts meanwhile does not ignore a signal that whoever started the tests ignores (nohup)."""
    before = signal.getsignal(number)
    if before == signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupted_command_leaves_what_was_there(command, stream, tmp_path, number, status):
    final = tmp_path / "final.jsonl"
    final.write_text("of yesterday")
    with not_ignored(number):
        job = command("replay", "-", "--final", final, "--force", stdin=subprocess.PIPE)
    job.stdin.write(stream.read_bytes())
    job.stdin.flush()
    while len(names_in(tmp_path)) < 3:
        assert job.poll() is None
        time.sleep(0.02)
    job.send_signal(number)
    complaints = job.stderr.read()
    job.stdin.close()
    job.stdout.close()
    job.stderr.close()
    assert job.wait() == status
    assert b"Traceback" not in complaints
    assert number != signal.SIGINT or b"interrupted" in complaints
    assert final.read_text() == "of yesterday"
    assert names_in(tmp_path) == ["final.jsonl", "stream.jsonl"]


def test_an_error_leaves_no_file(run, tmp_path):
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(b"\x1f\x8b\x08\x00 no gzip after all")
    result = run("replay", broken, "--final", tmp_path / "final", "--report", tmp_path / "r.html")
    assert result.exit_code == 2
    assert names_in(tmp_path) == [broken.name]


def test_links_and_modes_stay(run, stream, tmp_path):
    (tmp_path / "private").write_text("")
    (tmp_path / "private").chmod(0o600)
    (tmp_path / "link").symlink_to("private")
    assert run("replay", stream, "--final", tmp_path / "link", "--force").exit_code == 0
    assert (tmp_path / "link").is_symlink()
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600
    assert "double_sale" in (tmp_path / "private").read_text()


def test_wrong_places_are_named(tmp_path):
    for path, named in ((tmp_path / "no" / "x", "does not exist"), (tmp_path, "is a folder")):
        with pytest.raises(OutputError, match=named), Outputs({"--out": path}, force=True):
            pass


def test_the_end_of_writing_may_find_the_disk_full(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(WriteError, match="x: No space left"),
        Outputs({"--out": tmp_path / "x"}, force=False) as places,
    ):
        places.path("--out").write_text("a")
    assert names_in(tmp_path) == []


def test_training_refuses_a_folder_of_other_things(run, stream, tmp_path):
    other = tmp_path / "thesis.skops"
    other.write_text("years of work")
    result = run("train", stream, "--out", tmp_path)
    assert result.exit_code == 2
    assert "no model" in result.output
    assert other.read_text() == "years of work"


@pytest.mark.parametrize("days", [30, 45, 55, 60])
def test_a_first_month_gets_a_report(run, tmp_path, days):
    out, truth, report = tmp_path / "d.jsonl", tmp_path / "t.jsonl", tmp_path / "r.html"
    small = ["--vehicles", 300, "--days", days, "--export-share", 0.5]
    assert run("simulate", *small, "--out", out, "--truth", truth).exit_code == 0
    result = run("replay", out, "--report", report)
    assert result.exit_code == 0, result.output
    assert report.stat().st_size > 100_000


def test_no_vehicles_have_not_drifted(run, stream, tmp_path):
    result = run("model", "drift", "default", stream, "--metrics", tmp_path / "m.prom")
    assert result.exit_code == 1
    assert "stability" not in result.output
    assert "500 are needed" in result.output
    assert names_in(tmp_path) == [stream.name]


def test_a_demo_is_not_replaced_unasked(run, tmp_path):
    (tmp_path / "report.html").write_text("of yesterday")
    result = run("demo", "--out", tmp_path, "--vehicles", 1000)
    assert result.exit_code == 2
    assert Path(tmp_path / "report.html").read_text() == "of yesterday"
