"""A real Apache Kafka (KRaft mode) for the tests: fetched once with Maven, on free ports."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from kafka.errors import KafkaError

from streams.kafka.topic_admin import admin_client
from streams.service.settings import load_settings

HERE = Path(__file__).parent / "apache_kafka"
START_SECONDS = 60.0


class BrokerUnavailableError(RuntimeError):
    """This machine cannot run the broker; the message says what is missing."""


def cache_home() -> Path:
    """Where what was downloaded for the tests is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zeromile"


def _kafka_version() -> str:
    found = re.search(r"<kafka.version>([^<]+)<", (HERE / "pom.xml").read_text("utf-8"))
    assert found, "pom.xml names no kafka.version"
    return found[1]


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise BrokerUnavailableError(f"{name} is not installed (Java 17 and Maven are needed)")
    return path


def fetch_jars() -> Path:
    """Directory with the broker's jars; downloaded on first use, shared by all later runs."""
    jars = cache_home() / f"apache-kafka-{_kafka_version()}"
    jars.parent.mkdir(parents=True, exist_ok=True)
    with (jars.parent / f"{jars.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if jars.is_dir():
            return jars
        unfinished = jars.with_suffix(".partial")
        shutil.rmtree(unfinished, ignore_errors=True)
        done = subprocess.run(  # noqa: S603 - fixed arguments
            [
                _program("mvn"), "-q", "-B", "-f", str(HERE / "pom.xml"),
                "dependency:copy-dependencies", "-DincludeScope=runtime",
                f"-DoutputDirectory={unfinished}",
            ],
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        if done.returncode:
            raise BrokerUnavailableError(f"Maven could not fetch Kafka: {done.stdout[-800:]}")
        unfinished.rename(jars)
    return jars


class Starter:
    """Starts commands that are not to outlive the tests, however these end.

    The system's sign is the end of the thread that started the command, and schedules restart a
    broker from threads that end long before it: so they are started from one that lives on.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)

    def start(
        self, command: list[str], *, signal_name: str = "KILL", **options: Any
    ) -> subprocess.Popen[bytes]:
        """Start it in a session of its own; `options` as `subprocess.Popen` has them."""
        setpriv = shutil.which("setpriv")
        words = [] if setpriv is None else [setpriv, "--pdeathsig", signal_name]
        start = partial(
            subprocess.Popen,
            [*words, *command],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **options,
        )
        return self._thread.submit(start).result()

    def close(self) -> None:
        """Let the thread end; what it started must have ended."""
        self._thread.shutdown()


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class KafkaBroker:
    """One broker process; `start`, `stop`, `kill` and again `start` keep ports and data.

    Parameters
    ----------
    directory
        Where the broker keeps its data, settings and log; removed by the caller.
    heap_mib
        Maximum size of the Java heap.
    """

    def __init__(self, directory: Path, *, heap_mib: int = 512) -> None:
        self.directory = directory
        self.heap_mib = heap_mib
        self.port = free_port()
        self.controller_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._starter = Starter()
        self._jars = fetch_jars()
        self._format()

    @property
    def bootstrap_servers(self) -> str:
        """Address for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the running broker."""
        assert self._process is not None
        return self._process.pid

    def _java(self, *arguments: str) -> list[str]:
        # It lives for minutes: the optimising compiler would take 40 % of a core all that time.
        return [
            _program("java"), f"-Xmx{self.heap_mib}m", "-Xms256m", "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1", "-cp", f"{HERE}:{self._jars}/*", *arguments,
        ]  # fmt: skip

    def _format(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        settings = self.directory / "server.properties"
        controller = f"127.0.0.1:{self.controller_port}"
        listener = f"127.0.0.1:{self.port}"
        settings.write_text(
            (HERE / "server.properties").read_text("utf-8")
            + f"controller.quorum.voters=1@{controller}\n"
            + f"listeners=PLAINTEXT://{listener},CONTROLLER://{controller}\n"
            + f"advertised.listeners=PLAINTEXT://{listener},CONTROLLER://{controller}\n"
            + f"log.dirs={self.directory / 'data'}\n",
            "utf-8",
        )
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # With `=`: one in 64 begins with a dash.
        command = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(settings))
        done = subprocess.run(  # noqa: S603 - fixed arguments
            self._java(*command),
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        if done.returncode:
            raise BrokerUnavailableError(f"Kafka's storage could not be formatted: {done.stderr}")

    def start(self) -> None:
        """Start the broker and wait until it answers."""
        with (self.directory / "broker.log").open("ab") as log:
            kafka = self._java("kafka.Kafka", str(self.directory / "server.properties"))
            self._process = self._starter.start(kafka, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log_text = (self.directory / "broker.log").read_text("utf-8")[-2000:]
                raise BrokerUnavailableError(f"Kafka did not start:\n{log_text}")
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                pass
            with admin_client(load_settings(bootstrap_servers=self.bootstrap_servers)) as admin:
                admin.list_topics()
        except (OSError, KafkaError):
            return False
        return True

    def stop(self) -> None:
        """Stop in an orderly way (SIGTERM)."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End at once (SIGKILL), as a crash would."""
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """End it for good; its directory is the caller's."""
        self.kill()
        self._starter.close()

    def _end(self, signal_number: int) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal_number)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)
        self._process = None
