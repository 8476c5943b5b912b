"""`python3 deploy/make_env.py && docker compose --profile demo up -d` on a real engine.

Every test leaves the stack as it found it: running, with all alerts stored.
"""

from __future__ import annotations

import json
import os
import re
import socket
import time
from pathlib import Path

import psycopg
import pytest

from tests.deploy.files import compose, rules
from tests.deploy.test_stack import SPIKE
from tests.engine.dashboards import (  # noqa: F401 - tests, on the same stack
    test_every_choice_of_every_variable_is_understood,
    test_every_query_of_the_dashboards_is_answered_where_grafana_asks,
    test_no_password_but_the_right_one_opens_what_grafana_reads,
)
from tests.engine.deployed import PORTS, Deployed
from tests.store.changes import change

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(1500)]

SERVICES = compose()["services"]
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("zeromile:")}
MEMORY_MIB = 1400
"""Of all containers together, without Grafana."""
FIRST_ALERT_SECONDS = 120
"""From `up` with built images to the first alert in the database, on two cores that others use too."""
IMAGE_MIB = 650
"""What is added to the base image."""
STOP_SECONDS = 60
"""For all of them, one after the other where they need each other."""
RECENT = "[45s]"
"""Three scrapes. A Prometheus that starts again with the rest does not know that the address which a
container had before is gone, and tells of it for five minutes."""


@pytest.fixture(scope="module")
def expected(stack: Deployed) -> set[str]:
    return stack.expected()


def _settle(stack: Deployed, expected: set[str]) -> None:
    stack.wait_until(stack.settled)
    stack.wait_until(lambda: stack.firing() == expected)


def test_the_alerts_are_those_of_an_embedded_replay(stack: Deployed, expected: set[str]):
    _settle(stack, expected)
    assert len(expected) > 20


def test_the_first_alert_comes_soon(stack: Deployed):
    """As a bar that is printed: how long it takes is the machine's, that it comes is ours."""
    seconds = stack.first_alert_seconds
    print(f"\nfirst alert in PostgreSQL after {seconds:.0f} s (bar {FIRST_ALERT_SECONDS})")  # noqa: T201
    assert stack.firing()


def test_the_memory_of_the_whole(stack: Deployed):
    used = {
        name: round(_memory(one["State"]["Pid"]) / 2**20)
        for name, one in stack.containers().items()
        if one["State"]["Running"] and not re.search("grafana|receiver", name)
    }
    total = sum(used.values())
    print(f"\nmemory of the stack without Grafana: {total} MiB, {used}")  # noqa: T201
    assert total < MEMORY_MIB


def test_what_the_image_holds(stack: Deployed):
    script = (
        "import json, pathlib, sys; root = pathlib.Path('/app');"
        "sources = [p for p in root.rglob('*.py')]; compiled = list(root.rglob('*.pyc'));"
        "tests = [str(p) for p in root.rglob('tests') if p.is_dir()];"
        "size = sum(p.stat().st_size for p in root.rglob('*') if p.is_file());"
        "import asyncio, sysconfig; std = pathlib.Path(asyncio.__cached__).exists();"
        "print(json.dumps([len(sources), len(compiled), tests[:3], size, std]))"
    )
    said = stack.compose(
        "run", "--rm", "--no-deps", "-T", "--entrypoint", "python", "topics", "-c", script
    )
    sources, compiled, tests, size, standard = json.loads(said.strip().splitlines()[-1])
    print(f"\nthe image adds {size / 2**20:.0f} MiB to its base, {compiled} of {sources} compiled")  # noqa: T201

    assert compiled > 0.98 * sources, "else every start compiles everything, on a root it cannot write"
    assert standard, "the standard library too"
    assert tests == [], "tests of libraries are of no use to a worker"
    assert size / 2**20 < IMAGE_MIB


def test_every_container_is_confined(stack: Deployed):
    for name, one in stack.containers().items():
        service = SERVICES.get(one["Config"]["Labels"]["com.docker.compose.service"])
        if service is None or not one["State"]["Running"]:
            continue
        pid = one["State"]["Pid"]
        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
        )
        limits = service["deploy"]["resources"]["limits"]
        root = next(
            line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text("utf-8").splitlines()
            if line.split()[4] == "/"
        )  # fmt: skip

        assert status["Uid"].split()[0] == service["user"].split(":")[0], name
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0, name
        assert status["NoNewPrivs"] == "1", name
        assert status["Seccomp"] == "2", name
        assert ("ro" in root[5].split(",")) == service["read_only"], name
        memory = int(_cgroup(pid, "memory.limit_in_bytes", "memory.max"))
        assert memory == _bytes(limits["memory"]), name
        assert int(_cgroup(pid, "pids.max", "pids.max")) == limits["pids"], name
        assert one["HostConfig"]["MemorySwap"] == _bytes(limits["memory"]), f"{name} may not swap"
        assert one["HostConfig"]["NanoCpus"] == float(limits["cpus"]) * 1e9, name


def _memory(pid: int) -> int:
    """Bytes in use, as `docker stats` counts them: without files that are only kept in case."""
    used = int(_cgroup(pid, "memory.usage_in_bytes", "memory.current"))
    figures = dict(line.split() for line in _cgroup(pid, "memory.stat", "memory.stat").splitlines())
    return used - int(figures.get("total_inactive_file", figures["inactive_file"]))


def _bytes(text: str) -> int:
    return int(text[:-1]) * {"m": 2**20, "g": 2**30}[text[-1]]


def _cgroup(pid: int, *names: str) -> str:
    """A file of a process's control group, of version 1 or 2."""
    for line in Path(f"/proc/{pid}/cgroup").read_text("utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in ("", *controllers.split(",")):
            for name in names:
                file = Path("/sys/fs/cgroup") / controller / path.lstrip("/") / name
                if file.exists() and file.parent != Path("/sys/fs/cgroup"):
                    return file.read_text("utf-8")
    raise AssertionError(f"none of {names} for process {pid}")


def test_ports_are_open_on_loopback_only(stack: Deployed):
    others = {
        info[4][0]
        for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        if not info[4][0].startswith("127.")
    }
    listening = {
        (int(fields[1].split(":")[0], 16), int(fields[1].split(":")[1], 16))
        for line in Path("/proc/net/tcp").read_text("utf-8").splitlines()[1:]
        if (fields := line.split())[3] == "0A"
    }
    for name, port in PORTS.items():
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
        assert {address for address, listens in listening if listens == port} == {0x0100007F}, name
        for other in others:
            with pytest.raises(OSError), socket.create_connection((other, port), timeout=2):  # noqa: PT011
                pass


def test_prometheus_sees_every_target_and_every_rule(stack: Deployed):
    jobs = {"zeromile-worker", "zeromile-sink", "prometheus", "alertmanager"}

    def all_up() -> bool:
        """Also those that a test before this one scaled away are forgotten."""
        up = {(s["metric"]["job"], s["value"][1]) for s in stack.query(f"last_over_time(up{RECENT})")}
        return up == {(job, "1") for job in jobs}

    stack.wait_until(all_up)
    state = stack.rules()
    assert set(state) == {rule["alert"] for rule in rules() if "alert" in rule}
    assert state["ZeromileAlertVolume"] == "inactive", "a young installation has no day to compare with"


def test_a_firing_rule_reaches_the_webhook(stack: Deployed, expected: set[str]):
    """The small country is too short for a spike of a province, so one is put onto the topic."""
    _settle(stack, expected)
    with stack.connect() as reader:
        (last,) = reader.execute("SELECT max(occurred_on) FROM alerts").fetchone()
    try:
        _publish_spike(stack, str(last), 0, "firing")
        stack.wait_until(lambda: stack.rules()["ZeromileProvinceSpike"] == "firing")
        stack.wait_until(lambda: "ZeromileProvinceSpike" in stack.logs("receiver"), 150)
    finally:
        _publish_spike(stack, str(last), 1, "resolved")
    _settle(stack, expected)


def _publish_spike(stack: Deployed, day: str, revision: int, state: str) -> None:
    spike = change("p1", revision, **SPIKE, occurred_at=day, state=state)
    script = (
        "import sys, kafka; producer = kafka.KafkaProducer(bootstrap_servers='broker:19092');"
        "producer.send('zeromile.alerts.v1', key=b'p1', value=sys.argv[1].encode()).get(30)"
    )
    stack.compose("exec", "-T", "worker", "python", "-c", script, json.dumps(spike))


def test_three_workers_share_the_partitions_and_one_may_crash(stack: Deployed, expected: set[str]):
    _settle(stack, expected)
    stack.compose("up", "--detach", "--no-recreate", "--scale", "worker=3", "worker")
    ready = f'last_over_time(zeromile_partitions{{state="ready"}}{RECENT})'
    shares = f"count by (instance) ({ready} > 0)"
    stack.wait_until(lambda: len(stack.query(shares)) == 3)
    victim = stack.containers("worker")["zeromile-worker-2"]

    os.kill(victim["State"]["Pid"], 9)  # the engine would not start again what is killed through it
    stack.wait_until(lambda: stack.state("worker", 2)["Pid"] not in (0, victim["State"]["Pid"]))
    stack.wait_until(lambda: len(stack.query(shares)) == 3)
    _settle(stack, expected)
    stack.compose("up", "--detach", "--no-recreate", "--scale", "worker=1", "worker")
    _settle(stack, expected)


def test_the_broker_may_crash(stack: Deployed, expected: set[str]):
    _settle(stack, expected)
    before = {name: one["RestartCount"] for name, one in stack.containers("worker", "sink").items()}
    pid = stack.state("broker")["Pid"]
    os.kill(pid, 9)
    stack.wait_until(lambda: stack.state("broker")["Pid"] not in (0, pid))
    _settle(stack, expected)
    after = {name: one["RestartCount"] for name, one in stack.containers("worker", "sink").items()}
    assert after == before, "nobody else has to start again"


def test_the_sink_lives_while_the_name_of_the_broker_is_gone(stack: Deployed, expected: set[str]):
    _settle(stack, expected)
    before = stack.containers("sink")["zeromile-sink-1"]["RestartCount"]
    stack.compose("stop", "broker")
    time.sleep(20)
    stack.compose("start", "broker")
    _settle(stack, expected)
    assert stack.containers("sink")["zeromile-sink-1"]["RestartCount"] == before


def test_everything_may_start_again_at_once(stack: Deployed, expected: set[str]):
    _settle(stack, expected)
    stack.compose("restart", "--timeout", "60")
    assert stack.state("worker")["Running"]
    _settle(stack, expected)


def test_down_and_up_keep_the_data_and_begin_nothing_anew(stack: Deployed, expected: set[str]):
    _settle(stack, expected)
    running = [name for name, one in stack.containers().items() if one["State"]["Running"]]
    started = time.monotonic()
    stack.compose("stop")
    seconds = time.monotonic() - started
    stopped = stack.containers()
    codes = {name: stopped[name]["State"]["ExitCode"] for name in running}
    stack.compose("down")
    volumes = stack.engine.docker("volume", "ls", "--quiet").split()
    stack.up()
    _settle(stack, expected)

    assert set(codes.values()) <= {0, 143}, f"137 is killed: {codes}"
    print(f"\nstopped in {seconds:.0f} s (bar {STOP_SECONDS})")  # noqa: T201
    assert {v.removeprefix("zeromile_") for v in volumes} == set(compose()["volumes"]), (
        "none is nameless"
    )
    assert "were left alone" in stack.logs("simulated-country")
    assert "published 0 documents" in stack.logs("publisher")


def test_a_broker_that_takes_no_records_is_noticed_by_the_topics_job(stack: Deployed):
    """With a /tmp as Docker mounts it by default: every service was healthy, and nothing flowed."""
    (stack.folder / "fault.yml").write_text(
        "services:\n  broker:\n    ports: !reset []\n"
        "    tmpfs: !override [/tmp, /etc/kafka/secrets, /mnt/shared/config]\n", "utf-8"
    )  # fmt: skip
    project = ("--project-name", "fault", "--file", "docker-compose.yml", "--file", "fault.yml")
    try:
        stack.engine.compose(stack.folder, *project, "up", "--detach", "topics")
        done = stack.engine.compose(stack.folder, *project, "wait", "topics")
        logs = stack.engine.compose(stack.folder, *project, "logs", "topics").stdout
    finally:
        stack.engine.compose(stack.folder, *project, "down", "--volumes")

    assert done.returncode == 3, done.stdout + done.stderr + logs
    assert "a record could not be written and read" in logs


def test_the_reader_reads_and_the_page_asks_for_its_token(stack: Deployed):
    with stack.connect() as reader, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        reader.execute("DELETE FROM alerts")
    ask = (
        "import urllib.request, urllib.error\n"
        "try: print(urllib.request.urlopen('http://127.0.0.1:6066/api/alerts').status)\n"
        "except urllib.error.HTTPError as error: print(error.code)"
    )
    assert stack.compose("exec", "-T", "worker", "python", "-c", ask).strip() == "401"
