"""A newcomer's walks through the docs, each command run as written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.broker.kafka_broker import free_port
from tests.deploy.processes import Program, eventually, program
from tests.store.postgres_cluster import PostgresCluster

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def walk(name: str = "walk") -> str:
    page = {"walk": "database.md", "kafka walk": "kafka.md"}[name]
    text = (ROOT / "docs" / page).read_text("utf-8")
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end {name} -->", text, re.DOTALL)
    assert found
    return "\n".join(line.removeprefix("    ") for line in found[1].splitlines())


def environment(folder: Path) -> dict[str, str]:
    """`zeromile` is this tree's."""
    programs = folder / "bin"
    programs.mkdir()
    command = programs / "zeromile"
    command.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from streams.cli import main\nmain()\n", "utf-8"
    )  # fmt: skip
    command.chmod(0o755)
    return os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}


def run(commands: str, folder: Path, variables: dict[str, str] | None = None) -> str:
    """Run in an empty folder."""
    done = subprocess.run(
        ["/bin/bash", "-eu", "-c", commands], cwd=folder, env=variables or environment(folder),
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_walk_ends_with_vehicles_under_alert(tmp_path: Path):
    last = run(walk(), tmp_path).strip().splitlines()[-5:]
    assert all(re.match(r"\('\w+', \d+, 0\.\d+\)", line) for line in last), last


def test_the_same_walk_into_postgresql(tmp_path: Path, postgres: PostgresCluster):
    url = postgres.url(postgres.new_database())
    commands = walk().replace("sqlite:///zeromile.sqlite", f"'{url}'").rpartition("python3 -c")[0]
    query = "SELECT count(*) FROM firing_vehicles"
    out = run(f"{commands}\npsql '{url}' --tuples-only --no-align -c '{query}'", tmp_path)
    assert int(out.strip().splitlines()[-1]) > 100


@pytest.mark.broker
def test_the_walk_over_kafka_ends_with_a_rule_that_fires(
    tmp_path: Path, bootstrap_servers: str, prefix: str
):
    """Every line as written, but for ports and the broker's address; `&` starts a program."""
    program("prometheus")
    ports = {"6066": str(free_port()), "9090": str(free_port())}
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    config = tmp_path / "deploy" / "prometheus" / "host.yml"
    config.write_text(_moved(config.read_text("utf-8"), ports), "utf-8")
    variables = environment(tmp_path) | {
        "ZEROMILE_BOOTSTRAP_SERVERS": bootstrap_servers,
        "ZEROMILE_TOPIC_PREFIX": prefix,
        "ZEROMILE_GROUP": prefix,
        "ZEROMILE_WEB_PORT": ports["6066"],
    }
    *lines, question = _moved(walk("kafka walk"), ports).strip().splitlines()
    programs: list[Program] = []
    try:
        for line in lines:
            if line.endswith("&"):
                command = ["/bin/bash", "-c", f"exec {line.removesuffix('&')}"]
                programs.append(Program(line.split()[0], command, variables, tmp_path))
            else:
                run(line, tmp_path, variables)
        eventually(
            lambda: "ZeromileCriticalAlerts" in run(question, tmp_path, variables),
            lambda: "\n".join(one.tail() for one in programs),
        )
    finally:
        for one in reversed(programs):
            one.end()


def _moved(text: str, ports: dict[str, str]) -> str:
    """The same on free ports."""
    for written, free in ports.items():
        text = text.replace(f"127.0.0.1:{written}", f"127.0.0.1:{free}")
    return text
