"""A real PostgreSQL of the test's own: initdb, free port, an unprivileged user, roles as deployed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from contextlib import closing, suppress
from pathlib import Path

import sqlalchemy as sa

from tests.benchmarks.processes import tree
from tests.broker.kafka_broker import Starter

ROLES = Path(__file__).parents[2] / "deploy" / "postgres" / "10-roles.sh"
WRITER, READER, SUPERUSER = "writer-secret", "reader'secret", "super-secret"
START_SECONDS = 60.0


class PostgresUnavailableError(RuntimeError):
    """This machine cannot run PostgreSQL; the message says what is missing."""


def program(name: str) -> str:
    """Path of a program of PostgreSQL."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join(map(str, places))) or shutil.which(name)
    if found is None:
        raise PostgresUnavailableError(f"{name} is not installed (Debian package postgresql)")
    return found


def _runs(pid: int) -> bool:
    """Whether a process still holds anything: one that nobody has waited for holds nothing."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2][:1]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def _unprivileged() -> str | None:
    """Who runs the server: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise PostgresUnavailableError("running as root and there is no other user")


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class PostgresCluster:
    """One server process; `start`, `kill` and again `start` keep port and data."""

    def __init__(self) -> None:
        self.user = _unprivileged()
        # pytest's own directories are closed to other users.
        self.directory = Path(tempfile.mkdtemp(prefix="zeromile-pg-"))
        self.directory.chmod(0o755)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._starter = Starter()
        if self.user:
            shutil.chown(self.directory, self.user)
        self._initialise()

    def _run(self, *arguments: str, **options: object) -> None:
        done = subprocess.run(
            arguments, user=self.user, cwd=self.directory, capture_output=True, text=True, check=False,
            timeout=120, **options,
        )  # fmt: skip
        if done.returncode:
            raise PostgresUnavailableError(f"{arguments[0]}: {done.stdout}{done.stderr}")

    def _initialise(self) -> None:
        password = self.directory / "password"
        password.write_text(SUPERUSER, "utf-8")
        if self.user:
            shutil.chown(password, self.user)
        self._run(
            program("initdb"), "-D", str(self.directory / "data"), "-U", "postgres", "-E", "UTF8",
            "--locale=C", "--no-sync", "--auth=scram-sha-256", f"--pwfile={password}",
        )  # fmt: skip

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with (self.directory / "log").open("ab") as log:
            self._process = self._starter.start(
                [
                    program("postgres"), "-D", str(self.directory / "data"), "-p", str(self.port),
                    "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                    "-c", f"unix_socket_directories={self.directory}",
                ],
                signal_name="QUIT", user=self.user, cwd=self.directory, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                text = (self.directory / "log").read_text("utf-8")[-2000:]
                raise PostgresUnavailableError(f"PostgreSQL did not start:\n{text}")
            time.sleep(0.1)

    def make_roles(self) -> None:
        """Run the script that the deployment runs on an empty data directory."""
        environment = os.environ | {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGPASSWORD": SUPERUSER,
            "POSTGRES_USER": "postgres",
            "ZEROMILE_WRITER_PASSWORD": WRITER,
            "ZEROMILE_READER_PASSWORD": READER,
        }
        done = subprocess.run(
            [str(ROLES)], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr

    def _answers(self) -> bool:
        done = subprocess.run(
            [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False
        )
        return done.returncode == 0

    def url(self, database: str = "zeromile", role: str = "zeromile_writer") -> str:
        """URL as a user writes it."""
        password = {"zeromile_writer": WRITER, "zeromile_reader": READER, "postgres": SUPERUSER}[role]
        made = sa.URL.create("postgresql", role, password, "127.0.0.1", self.port, database)
        return made.render_as_string(hide_password=False)

    def new_database(self) -> str:
        """An empty database of the writer's; returns its name."""
        name = f"t{uuid.uuid4().hex[:10]}"
        engine = sa.create_engine(
            sa.make_url(self.url("postgres", "postgres")).set(drivername="postgresql+psycopg"),
            isolation_level="AUTOCOMMIT",
            poolclass=sa.NullPool,
        )
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name} OWNER zeromile_writer"))
        return name

    @property
    def pid(self) -> int:
        """Process of the server, all others of which descend from it."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End the server and all its sessions at once (SIGKILL), as a crash would."""
        if self._process is None:
            return
        # Stopped first, so that no session begins meanwhile; each leads a process group of its own.
        self._process.send_signal(signal.SIGSTOP)
        processes = tree(self._process.pid)
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(timeout=30)
        self._process = None
        # PostgreSQL starts no more on the data until the last session is gone.
        deadline = time.monotonic() + 30
        while any(_runs(pid) for pid in processes) and time.monotonic() < deadline:
            time.sleep(0.02)

    def remove(self) -> None:
        """End the server and delete its data."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=30)
            self._process = None
        shutil.rmtree(self.directory, ignore_errors=True)
