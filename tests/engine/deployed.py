"""The committed compose file on an engine: started, asked, stopped."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import yaml

from tests.deploy.files import ROOT
from tests.deploy.processes import get
from tests.engine.engine import Engine
from tests.engine.programs import EngineUnavailableError

COPIED = (
    "docker-compose.yml",
    "deploy",
    "detectors",
    "streams",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)
PORTS = {
    "broker": 9092, "postgres": 5432, "prometheus": 9090, "alertmanager": 9093, "grafana": 3000,
    "desk": 8080,
}  # fmt: skip
PROJECT = ("--file", "docker-compose.yml", "--file", "overrides.yml", "--profile", "demo")
JOBS = {"topics", "simulated-country", "publisher"}
YEAR_IN_SECONDS = 20
VEHICLES = 3000
RECEIVER = """\
import http.server, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(body.decode(), flush=True)
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""


class Deployed:
    """A copy of the repository's files on an engine.

    The only adaptations are the origin of the base images, and a file of overrides: the network of the
    build, a small country that passes quickly, a receiver of webhooks.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(
                    ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                shutil.copy(ROOT / name, folder / name)
        self._make_secrets()
        (folder / "receiver.py").write_text(RECEIVER, "utf-8")
        (folder / "overrides.yml").write_text(yaml.safe_dump(_overrides()), "utf-8")
        self.first_alert_seconds = 0.0

    def _make_secrets(self) -> None:
        subprocess.run(
            [sys.executable, "deploy/make_env.py"], cwd=self.folder, check=True, capture_output=True,
            timeout=30,
        )  # fmt: skip
        with (self.folder / ".env").open("a", encoding="utf-8") as file:
            file.write("ZEROMILE_WEBHOOK_URL=http://receiver:8080/\n")
        lines = (self.folder / ".env").read_text("utf-8").splitlines()
        self.secrets = dict(line.split("=", 1) for line in lines if line and line[0] != "#")

    # -- compose

    def compose(self, *arguments: str, status: int = 0) -> str:
        """Run compose on the project with its demo; what it said."""
        done = self.engine.compose(self.folder, *PROJECT, *arguments)
        assert done.returncode == status, f"{arguments}: {done.stdout}{done.stderr}\n{self.logs()}"
        return done.stdout + done.stderr

    def up(self, *arguments: str) -> None:
        """As a user starts it."""
        self.compose("up", "--detach", *arguments)

    def logs(self, *services: str) -> str:
        """The last lines of each container, so that no talkative one hides what another said."""
        said = self.engine.compose(self.folder, *PROJECT, "logs", "--tail=25", *services).stdout
        return "\n".join(line[:400] for line in said.splitlines())

    def containers(self, *services: str) -> dict[str, dict[str, Any]]:
        """What the engine knows of each container, by name."""
        label = "com.docker.compose.project=zeromile"
        found = self.engine.docker("ps", "--all", "--quiet", "--filter", f"label={label}").split()
        made = json.loads(self.engine.docker("inspect", *found)) if found else []
        return {
            one["Name"].lstrip("/"): one
            for one in made
            if not services or one["Config"]["Labels"]["com.docker.compose.service"] in services
        }

    def state(self, service: str, number: int = 1) -> dict[str, Any]:
        return self.containers(service)[f"zeromile-{service}-{number}"]["State"]

    def wait_until(self, holds: Any, seconds: float = 120.0) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            states = {n: one["State"]["Status"] for n, one in self.containers().items()}
            assert time.monotonic() < deadline, f"not in {seconds} s: {states}\n{self.logs()}"
            time.sleep(0.5)

    def settled(self) -> bool:
        """Whether all that runs is healthy and all that ends has ended well."""
        found = self.containers()
        jobs = {n: one for n, one in found.items() if n.removeprefix("zeromile-")[:-2] in JOBS}
        running = [one["State"] for n, one in found.items() if n not in jobs]
        return all(one["State"]["Status"] == "exited" for one in jobs.values()) and all(
            state["Running"] and state.get("Health", {}).get("Status", "healthy") == "healthy"
            for state in running
        )

    # -- what is inside

    def connect(self, role: str = "zeromile_reader") -> psycopg.Connection[Any]:
        passwords = {
            "zeromile_reader": "ZEROMILE_READER_PASSWORD",
            "zeromile_writer": "ZEROMILE_WRITER_PASSWORD",
        }
        return psycopg.connect(
            host="127.0.0.1", port=PORTS["postgres"], dbname="zeromile", user=role,
            password=self.secrets[passwords[role]], autocommit=True,
        )  # fmt: skip

    def told(self) -> bool:
        """Whether something is stored, and the views tell of all of it."""
        with self.connect() as connection:
            row = connection.execute(
                "SELECT (SELECT size FROM log_head) = (SELECT log_size FROM view_refreshes)"
            ).fetchone()
        return row is not None and row[0] is True

    def firing(self) -> set[str]:
        """Ids of the alerts that fire, as the store has them."""
        with self.connect() as connection:
            rows = connection.execute("SELECT alert_id FROM alerts WHERE state = 'firing'").fetchall()
        return {row[0] for row in rows}

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus answers now."""
        answer = get(f"http://127.0.0.1:{PORTS['prometheus']}/api/v1/query", query=expression)
        return answer["data"]["result"] if answer else []

    def measure_first_alert(self) -> None:
        """Wait for the first alert in the database, and keep how long after `up` it came."""

        def is_there() -> bool:
            try:
                return bool(self.firing())
            except psycopg.Error:
                return False

        self.wait_until(is_there, 300)
        # What is built or made anew is no part of it: counted from the first container on.
        begun = min(one["Created"] for one in self.containers().values())
        created = datetime.fromisoformat(begun)
        self.first_alert_seconds = time.time() - created.timestamp()

    def rules(self) -> dict[str, str]:
        """State of each alert rule."""
        answer = get(f"http://127.0.0.1:{PORTS['prometheus']}/api/v1/rules", type="alert")
        return {
            rule["name"]: rule["state"] for group in answer["data"]["groups"] for rule in group["rules"]
        }

    def expected(self) -> set[str]:
        """Ids of the alerts that fire at the end of `zeromile replay --final` on the same documents."""
        documents = self.folder / "documents.jsonl.gz"
        if not documents.exists():
            self.compose("cp", "simulated-country:/data/documents.jsonl.gz", str(documents))
        final = self.folder / "final.jsonl"
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", "from streams.cli import main; main()", "replay",
             str(documents), "--final", str(final), "--model", "default"],
            env=os.environ | {"PYTHONPATH": str(ROOT),
                              "ZEROMILE_IDENTITY_KEY": self.secrets["ZEROMILE_IDENTITY_KEY"]},
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        return {json.loads(line)["alert_id"] for line in final.read_text("utf-8").splitlines()}


def check_ports() -> None:
    """Refuse to go on where something listens on a port of the compose file already."""
    for port in PORTS.values():
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError as error:
                message = f"something listens already on port {port} of the compose file"
                raise EngineUnavailableError(message) from error


def _overrides() -> dict[str, Any]:
    speed = f"{365 * 86_400 // YEAR_IN_SECONDS}x"
    simulate = [
        "simulate", "--out=/data/documents.jsonl.gz", "--truth=/data/truth.jsonl.gz",
        f"--vehicles={VEHICLES}", "--days=365", "--keep", "--force",
    ]  # fmt: skip
    publish = [
        "publish", "/data/documents.jsonl.gz", f"--speed={speed}", "--progress=/data/published.json",
    ]  # fmt: skip
    receiver = {
        "image": "python:3.11.13-slim-bookworm",
        "command": ["python", "/receiver.py"],
        "volumes": ["./receiver.py:/receiver.py:ro"],
    }
    return {
        "services": {
            "topics": {"build": {"network": "host"}},
            "simulated-country": {"command": simulate},
            "publisher": {"command": publish},
            "receiver": receiver,
        }
    }
