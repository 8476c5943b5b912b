"""What the tests on a real engine run with: made once from packages, kept for later runs."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from tests.broker.kafka_broker import cache_home

COMPOSE_MODULE = "github.com/docker/compose/v2"
COMPOSE_VERSION = "v2.40.3"
SUITE = "bookworm"
PACKAGES = (
    "busybox", "ca-certificates", "openjdk-17-jre-headless", "postgresql", "prometheus",
    "prometheus-alertmanager", "python3.11", "python3.11-venv", "python3-pip",
)  # fmt: skip


class EngineUnavailableError(RuntimeError):
    """This machine cannot run an engine of the tests' own; the message says what is missing."""


def needed(name: str, package: str) -> str:
    """Path of a program."""
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if path is None:
        raise EngineUnavailableError(f"{name} is not installed ({package})")
    return path


def root_archive() -> Path:
    """One small Debian with everything that the stand-ins for the images need; a minute at first."""
    digest = sha256(" ".join((SUITE, *PACKAGES)).encode()).hexdigest()

    def make(target: Path) -> None:
        _run(
            needed("mmdebstrap", "Debian package mmdebstrap"), "--quiet", "--variant=minbase",
            f"--include={','.join(PACKAGES)}", SUITE, str(target),
        )  # fmt: skip

    return _made_once(f"engine-root-{digest[:16]}.tar", make)


def compose_program() -> str:
    """Docker compose, version 2: the machine's own, else built from its Go module (two minutes)."""
    for candidate in (["docker-compose"], ["docker", "compose"]):
        if shutil.which(candidate[0]) and _is_version_2(candidate):
            return " ".join(candidate)
    go = needed("go", f"Go, to build {COMPOSE_MODULE}, which Debian 12 does not have")

    def make(target: Path) -> None:
        found = json.loads(_run(go, "mod", "download", "-json", f"{COMPOSE_MODULE}@{COMPOSE_VERSION}"))
        # A copy: with `exclude` lines of its own it cannot be installed from elsewhere.
        source = target.with_suffix(".source")
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(found["Dir"], source)
        _run("chmod", "-R", "u+w", str(source))
        version = f"-s -w -X {COMPOSE_MODULE}/internal.Version={COMPOSE_VERSION}"
        _run(go, "build", "-trimpath", "-ldflags", version, "-o", str(target), "./cmd", folder=source)
        shutil.rmtree(source)

    return str(_made_once(f"docker-compose-{COMPOSE_VERSION}", make))


def _is_version_2(command: list[str]) -> bool:
    done = subprocess.run(
        [*command, "version", "--short"], capture_output=True, text=True, check=False, timeout=30
    )
    return done.returncode == 0 and done.stdout.strip().lstrip("v").startswith(("2.", "5."))


def _made_once(name: str, make: Callable[[Path], None]) -> Path:
    path = cache_home() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_name(f"{name}.lock")):
        if not path.exists():
            partial = path.with_name(f"partial-{name}")
            make(partial)
            partial.rename(path)
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process of this machine at a time."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*command: str, folder: Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise EngineUnavailableError(f"{command[0]} {command[1]}: {done.stderr[-2000:]}")
    return done.stdout
