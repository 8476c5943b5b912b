"""The stack of the compose file as processes on loopback, with the files that compose mounts.

Only what is a fact of containers is changed: host names become loopback with free ports, paths of
mounts become paths of the repository, and the waits of Prometheus and Alertmanager become short.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.broker.kafka_broker import free_port
from tests.deploy.files import DEPLOY, ROOT, compose, load
from tests.deploy.processes import Program, Receiver, eventually, get, program
from tests.store.postgres_cluster import PostgresCluster

ZEROMILE = [sys.executable, "-W", "ignore", "-c", "from streams.cli import main; main()"]
SERVICES = compose()["services"]


class Stack:
    """Kafka is given; everything else is started here."""

    def __init__(self, bootstrap: str, prefix: str, postgres: PostgresCluster, folder: Path) -> None:
        self.folder = folder
        self.postgres = postgres
        self.prefix = prefix
        self.bootstrap = bootstrap
        self.receiver = Receiver()
        self.programs: list[Program] = []
        names = ("worker", "sink", "prometheus", "alertmanager")
        self.ports = {name: free_port() for name in names}

    def start(self) -> None:
        """Topics first, then everything, as `depends_on` has it."""
        self.zeromile("topics")
        for service in ("worker", "sink"):
            self.programs.append(
                Program(service, [*ZEROMILE, *SERVICES[service]["command"]], self.environment(service),
                        self.folder)
            )  # fmt: skip
        self.programs += [self._alertmanager(), self._prometheus()]
        eventually(self._all_up, self.tails)

    def stop(self) -> dict[str, int]:
        """End everything in the opposite order; exit codes by name."""
        codes = {one.name: one.end() for one in reversed(self.programs)}
        self.receiver.close()
        return codes

    def tails(self) -> str:
        return "\n".join(one.tail() for one in self.programs)

    def environment(self, service: str) -> dict[str, str]:
        """The compose file's environment, with loopback for the names of containers."""
        given = {name: str(value) for name, value in SERVICES[service]["environment"].items()}
        own = {
            "ZEROMILE_BOOTSTRAP_SERVERS": self.bootstrap,
            "ZEROMILE_WEB_HOST": "127.0.0.1",
            "ZEROMILE_WEB_PORT": str(self.ports["worker"]),
            "ZEROMILE_WEB_TOKEN": "token",
            "ZEROMILE_IDENTITY_KEY": "a key of the tests alone",
            "ZEROMILE_MODEL": "default",
            "ZEROMILE_SINK_URL": self.postgres.url(),
            "ZEROMILE_SINK_METRICS_HOST": "127.0.0.1",
            "ZEROMILE_SINK_METRICS_PORT": str(self.ports["sink"]),
        }
        replaced = {name: own.get(name, value) for name, value in given.items()}
        assert not [value for value in replaced.values() if "${" in value]
        shared = {
            "PYTHONPATH": str(ROOT),
            "ZEROMILE_TOPIC_PREFIX": self.prefix,
            "ZEROMILE_GROUP": self.prefix,
            "ZEROMILE_DRIFT_SECONDS": "2",
            "ZEROMILE_SINK_GROUP": f"{self.prefix}-sink",
        }
        return replaced | shared

    def zeromile(self, service: str, *arguments: str) -> None:
        """Run a job of the compose file, or another command in its environment, to the end."""
        command = [*ZEROMILE, *(arguments or SERVICES[service]["command"])]
        done = subprocess.run(
            command, env=os.environ | self.environment(service), capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def query(self, expr: str) -> list[dict[str, Any]]:
        """What Prometheus answers now."""
        url = f"http://127.0.0.1:{self.ports['prometheus']}/api/v1/query"
        answer = get(url, query=expr)
        return answer["data"]["result"] if answer else []

    def _all_up(self) -> bool:
        assert all(one.running for one in self.programs), self.tails()
        up = {s["metric"]["job"] for s in self.query("up == 1")}
        return up == {"zeromile-worker", "zeromile-sink", "prometheus", "alertmanager"}

    def _prometheus(self) -> Program:
        folder = self.folder / "prometheus"
        shutil.copytree(DEPLOY / "prometheus" / "rules", folder / "rules")
        config = load(DEPLOY / "prometheus" / "prometheus.yml")
        config["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [
            self._at("alertmanager")
        ]
        for job in config["scrape_configs"]:
            name = job["job_name"].removeprefix("zeromile-")
            job.pop("dns_sd_configs", None)
            job["static_configs"] = [{"targets": [self._at(name)]}]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
        paths = {"/etc/prometheus/prometheus.yml": str(folder / "prometheus.yml"),
                 "/prometheus": str(folder / "data")}  # fmt: skip
        flags = [_moved(flag, paths) for flag in SERVICES["prometheus"]["command"]]
        command = [program("prometheus"), *flags, f"--web.listen-address={self._at('prometheus')}"]
        return Program("prometheus", command, {}, self.folder)

    def _alertmanager(self) -> Program:
        folder = self.folder / "alertmanager"
        folder.mkdir()
        text = (DEPLOY / "alertmanager" / "alertmanager.yml").read_text("utf-8")
        short = re.sub(r"group_(wait|interval): \w+", r"group_\1: 1s", text)
        (folder / "alertmanager.yml").write_text(short, "utf-8")
        paths = {
            "/etc/alertmanager/alertmanager.yml": str(folder / "alertmanager.yml"),
            "/etc/alertmanager/start.sh": str(DEPLOY / "alertmanager" / "start.sh"),
            "/tmp/alertmanager.yml": str(folder / "rendered.yml"),  # noqa: S108 - in the container
            "/bin/alertmanager": program("prometheus-alertmanager"),
            "--storage.path=/alertmanager": f"--storage.path={folder / 'data'}",
        }
        service = SERVICES["alertmanager"]
        parts = [*service["entrypoint"], *service["command"]]
        command = [paths.get(part, part) for part in parts]
        listen = f"--web.listen-address={self._at('alertmanager')}"
        return Program(
            "alertmanager", [*command, listen], {"ZEROMILE_WEBHOOK_URL": self.receiver.url}, self.folder
        )

    def _at(self, name: str) -> str:
        return f"127.0.0.1:{self.ports[name]}"


def _moved(flag: str, paths: dict[str, str]) -> str:
    name, _, value = flag.partition("=")
    return f"{name}={paths.get(value, value)}"
