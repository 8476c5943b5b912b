"""A Docker engine of the tests' own: data, sockets and networks apart from any other's.

It changes nothing of the machine: no default bridge, no packet filter, no forwarding. Containers talk
to each other on a bridge of their project, and published ports are relayed by a process on loopback.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.broker.kafka_broker import Starter
from tests.engine.programs import EngineUnavailableError, compose_program, needed, root_archive

BASE = Path(__file__).parent / "base"
ROOT_IMAGE = "zeromile-test-root:1"
ADDRESSES = "base=10.213.0.0/16,size=24"
START_SECONDS = 60.0
BUILD_SECONDS = 900.0


class Engine:
    """dockerd, started and ended here.

    Parameters
    ----------
    folder
        Where it keeps everything; the path is short, for sockets. Removed at the end.
    """

    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0:
            raise EngineUnavailableError("only root can start an engine")
        self.folder = folder
        self._compose = compose_program().split()
        self._docker = needed("docker", "Debian package docker.io")
        self._archive = root_archive()
        self._process: subprocess.Popen[bytes] | None = None
        self._starter = Starter()

    @property
    def environment(self) -> dict[str, str]:
        """For clients."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ZEROMILE_")}
        return kept | {
            "DOCKER_HOST": f"unix://{self.folder}/docker.sock",
            "DOCKER_CONFIG": str(self.folder / "client"),
            "COMPOSE_BAKE": "false",
            "COMPOSE_ANSI": "never",
            "COMPOSE_PROGRESS": "plain",
        }

    def start(self) -> None:
        """Start it and wait until it answers."""
        folder = self.folder
        (folder / "client").mkdir(parents=True)
        command = [
            needed("dockerd", "Debian package docker.io"), "--host", f"unix://{folder}/docker.sock",
            "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec",
            "--pidfile", f"{folder}/docker.pid", "--bridge", "none", "--iptables=false",
            "--ip-forward=false", "--default-address-pool", ADDRESSES, "--log-level", "warn",
        ]  # fmt: skip
        with (folder / "log").open("wb") as log:
            self._process = self._starter.start(command, signal_name="TERM", stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log_text = (folder / "log").read_text("utf-8")[-2000:]
                raise EngineUnavailableError(f"dockerd did not start:\n{log_text}")
            time.sleep(0.2)

    def _answers(self) -> bool:
        return self._done(self._docker, "version").returncode == 0

    def _done(self, *command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=folder, env=self.environment, capture_output=True, text=True, check=False,
            timeout=BUILD_SECONDS,
        )  # fmt: skip

    def docker(self, *arguments: str) -> str:
        """Run the client; its standard output."""
        done = self._done(self._docker, *arguments)
        assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def compose(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run compose in the folder of a project."""
        return self._done(*self._compose, *arguments, folder=folder)

    def load_stand_ins(self, jars: Path) -> None:
        """Make the images that the deployment names.

        Parameters
        ----------
        jars
            Apache Kafka.
        """
        self.docker("import", str(self._archive), ROOT_IMAGE)
        context = self.folder / "base"
        shutil.copytree(BASE, context)
        shutil.copytree(jars, context / "jars", copy_function=os.link)
        (context / "host").mkdir()
        # They trust whom this machine trusts, and take packages from where it takes them.
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", context / "host")
        (context / "host" / "pip.conf").write_text(_pip_settings(), "utf-8")
        done = self.compose(context, "build")
        assert done.returncode == 0, done.stdout + done.stderr
        shutil.rmtree(context)

    def stop(self) -> None:
        """End it with everything that runs in it, and remove its files."""
        if self._process is not None and self._process.poll() is None:
            for container in self.docker("ps", "--quiet", "--all").split():
                self._done(self._docker, "rm", "--force", "--volumes", container)
            for network in self.docker("network", "ls", "--quiet", "--filter", "driver=bridge").split():
                self._done(self._docker, "network", "rm", network)
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)


def _pip_settings() -> str:
    """Index and proxy of this machine's pip, as a file."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    kept = ("index-url", "extra-index-url", "trusted-host", "proxy")
    lines = ["[global]"]
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        if name.rpartition(".")[2] in kept:
            lines.append(f"{name.rpartition('.')[2]} = {value.strip(chr(39))}")
    return "\n".join(lines) + "\n"
