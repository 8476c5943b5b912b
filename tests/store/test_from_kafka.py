"""The sink against a real broker: both kinds of topics, restarts, orderly stops, chaos."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import duckdb
import pytest
import sqlalchemy as sa

from streams.evidence.checkpoint import parse_checkpoint
from streams.store.checking import check_log
from streams.store.database import open_database
from tests.store.changes import change, export, registration
from tests.store.postgres_cluster import PostgresCluster
from tests.store.sink_process import SinkProcess, environment, produce, zeromile

pytestmark = [pytest.mark.broker, pytest.mark.slow]

CHANGES = 200_000
ALERTS = 50_000


@pytest.fixture
def variables(bootstrap_servers: str, prefix: str, postgres: PostgresCluster) -> dict[str, str]:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    made = environment(
        bootstrap_servers,
        prefix,
        postgres.url(postgres.new_database()),
        ZEROMILE_SINK_METRICS_PORT=port,
    )
    applied = zeromile(made, "topics", "apply")
    assert applied.returncode == 0, applied.stderr
    return made


@pytest.fixture
def sink(variables: dict[str, str], tmp_path: Path) -> Iterator[SinkProcess]:
    process = SinkProcess(variables, tmp_path / "sink.log")
    yield process
    if process.running():
        process.end(signal.SIGKILL)


def keyed(path: Path, lines: list[tuple[str, dict[str, object]]]) -> Path:
    path.write_text("".join(f"{key}\t{json.dumps(value)}\n" for key, value in lines), "utf-8")
    return path


def eventually(check: Callable[[], object], what: str, seconds: float = 120.0) -> object:
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.2)
    return found


def count(url: str, query: str) -> int:
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            found: int = connection.execute(sa.text(query)).scalar_one()
            return found
    except sa.exc.DBAPIError:
        return -1
    finally:
        engine.dispose()


def test_once_stores_all_topics_and_a_second_run_reads_nothing_again(
    variables: dict[str, str], bootstrap_servers: str, prefix: str, tmp_path: Path
):
    alerts = [(f"{n:032x}", change(f"{n:032x}", r)) for n in range(20) for r in range(2)]
    produce(bootstrap_servers, f"{prefix}.alerts.v1", keyed(tmp_path / "alerts", alerts))
    produce(
        bootstrap_servers,
        f"{prefix}.registrations.v1",
        keyed(tmp_path / "registrations", [("V1", registration("V1", "2025-06-17"))]),
    )
    produce(bootstrap_servers, f"{prefix}.customs-exports.v1",
            keyed(tmp_path / "exports", [("V1", export("V1", "2025-06-20"))]))  # fmt: skip

    first = zeromile(variables, "sink", "--once")
    second = zeromile(variables, "sink", "--once")

    assert first.returncode == 0, first.stderr
    assert "alerts: 40 stored, 0 already there or superseded, 0 refused" in first.stdout
    assert "documents: 2 stored" in first.stdout
    assert "alerts: 0 stored, 0 already there or superseded, 0 refused" in second.stdout, (
        "offsets were committed"
    )
    url = variables["ZEROMILE_SINK_URL"]
    assert count(url, "SELECT count(*) FROM alerts WHERE revision = 1") == 20
    assert count(url, "SELECT days_to_export FROM vehicle_retail") == 3


def test_checkpoints_go_to_a_folder_and_a_topic(
    variables: dict[str, str], bootstrap_servers: str, prefix: str, tmp_path: Path
):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    signing = variables | {
        "ZEROMILE_SINK_LOG_KEY": str(tmp_path / "key"),
        "ZEROMILE_SINK_CHECKPOINT_FOLDER": str(tmp_path),
    }
    for number in range(2):
        documents = [("V1", registration("V1", "2025-06-17", revision=number))]
        produce(bootstrap_servers, f"{prefix}.registrations.v1",
                keyed(tmp_path / "registrations", documents))  # fmt: skip
        done = zeromile(signing, "sink", "--once")
        assert done.returncode == 0, done.stderr
    assert zeromile(signing, "sink", "--once").returncode == 0, "nothing has come: no third one"

    newest = (tmp_path / "checkpoint").read_text("utf-8")
    engine = open_database(variables["ZEROMILE_SINK_URL"])
    with engine.connect() as connection:
        assert check_log(connection, parse_checkpoint(newest)).state.size == 2
    engine.dispose()
    shown = subprocess.run(
        ["kcat", "-C", "-q", "-e", "-b", bootstrap_servers, "-t", f"{prefix}.checkpoints.v1",
         "-o", "beginning", "-f", "%k|%h|%s\x01"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout.split("\x01")[:-1]  # fmt: skip
    assert [message.split(" ")[1] for message in shown] == ["1", "2"]
    assert "sshsig=-----BEGIN SSH SIGNATURE-----" in shown[1]
    assert shown[1].endswith(newest)


def test_sigterm_finishes_the_batch_and_metrics_tell_of_it(
    variables: dict[str, str], bootstrap_servers: str, prefix: str, sink: SinkProcess, tmp_path: Path
):
    alerts = [(f"{n:032x}", change(f"{n:032x}")) for n in range(30)] + [("bad", {"no": "alert"})]
    produce(bootstrap_servers, f"{prefix}.alerts.v1", keyed(tmp_path / "alerts", alerts))
    sink.start()
    page = f"http://127.0.0.1:{variables['ZEROMILE_SINK_METRICS_PORT']}/metrics"

    def metrics() -> str:
        try:
            with urlopen(page, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    eventually(lambda: 'zeromile_sink_records_total{kind="alert",outcome="stored"} 30.0' in metrics(),
               "30 stored alerts in the metrics")  # fmt: skip
    assert 'zeromile_sink_records_total{kind="alert",outcome="refused"} 1.0' in metrics()
    assert "VIN-" not in metrics(), "no vehicle becomes a label"
    assert sink.end(signal.SIGTERM) == 0, sink.log()
    again = zeromile(variables, "sink", "--once")
    assert "alerts: 0 stored, 0 already there or superseded, 0 refused" in again.stdout


def test_chaos_killed_sinks_and_databases_leave_the_tables_equal_to_the_topic(
    variables: dict[str, str],
    bootstrap_servers: str,
    prefix: str,
    postgres: PostgresCluster,
    sink: SinkProcess,
    tmp_path: Path,
):
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    load = _load(tmp_path / "load", chance)
    produce(bootstrap_servers, f"{prefix}.alerts.v1", load)
    url = variables["ZEROMILE_SINK_URL"]
    sink.start()
    for victim in ("sink", "postgres", "sink", "postgres", "sink"):
        wanted = count(url, "SELECT count(*) FROM alert_history") + 4000
        _progress(url, wanted, f"progress before killing {victim} (seed {seed}): {sink.log()}")
        time.sleep(chance.random() / 2)
        if victim == "sink":
            sink.end(signal.SIGKILL)
            sink.start()
        else:
            postgres.kill()
            time.sleep(chance.random())
            postgres.start()
    assert count(url, "SELECT count(*) FROM alert_history") < CHANGES, "the load outlasted the chaos"
    eventually(lambda: count(url, "SELECT count(*) FROM alert_history") >= CHANGES, sink.log(), 400)
    assert sink.running(), sink.log()
    sink.end(signal.SIGTERM)

    _compare(url, load, seed)


def _progress(url: str, wanted: int, what: str) -> None:
    eventually(lambda: count(url, "SELECT count(*) FROM alert_history") > wanted, what)


def _load(path: Path, chance: random.Random) -> Path:
    """Revisions of one alert in order, as they are in its partition; alerts interleaved."""
    following = [0] * ALERTS
    with path.open("w", encoding="utf-8") as out:
        for number in range(CHANGES):
            which = number if number < ALERTS else chance.randrange(ALERTS)
            alert_id = f"{which:032x}"
            value = change(alert_id, following[which], state=chance.choice(("firing", "resolved")))
            following[which] += 1
            out.write(f"{alert_id}\t{json.dumps(value)}\n")
    return path


def _compare(url: str, load: Path, seed: int) -> None:
    """DuckDB reads what was sent; the tables must say the same."""
    topic = duckdb.sql(
        "SELECT j->>'alert_id' AS alert_id, CAST(j->>'revision' AS BIGINT) AS revision, "
        "j->>'state' AS state, j->>'explanation' AS explanation FROM ("
        "SELECT CAST(line AS JSON) AS j FROM read_csv(?, delim='\t', header=false, quote='', "
        "escape='', columns={'key': 'VARCHAR', 'line': 'VARCHAR'}))",
        params=[str(load)],
    )
    history = set(topic.fetchall())
    current = set(
        duckdb.sql(
            "SELECT DISTINCT ON (alert_id) alert_id, revision, state, explanation FROM topic "
            "ORDER BY alert_id, revision DESC"
        ).fetchall()
    )
    assert len(history) == CHANGES
    engine = open_database(url)
    columns = "alert_id, revision, state, explanation"
    with engine.connect() as connection:
        stored = {tuple(r) for r in connection.execute(sa.text(f"SELECT {columns} FROM alert_history"))}
        standing = {tuple(r) for r in connection.execute(sa.text(f"SELECT {columns} FROM alerts"))}
        evidence = connection.execute(sa.text("SELECT count(*) FROM alert_evidence")).scalar_one()
    engine.dispose()
    assert stored == history, f"seed {seed}"
    assert standing == current, f"seed {seed}"
    assert evidence == 2 * CHANGES, f"seed {seed}"
    _compare_log(url, seed)


def _compare_log(url: str, seed: int) -> None:
    """Rows and leaves are equal, and every row is its leaf."""
    engine = open_database(url)
    with engine.connect() as connection:
        assert check_log(connection).state.size == CHANGES, f"seed {seed}"
        kept = connection.execute(sa.text("SELECT count(*) FROM received_records")).scalar_one()
    engine.dispose()
    assert kept == CHANGES, f"seed {seed}"
