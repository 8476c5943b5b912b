"""Environments of the peers: each with its own pinned libraries, made once and kept in the cache."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.inputs import cache_directory

INSTALL_SECONDS = 900


class PeerUnavailableError(RuntimeError):
    """A peer cannot be installed here; the message says why, in a line."""


def python_with(name: str, requirements: Sequence[str]) -> Path:
    """Python of a virtual environment that has these requirements, made if it is not there.

    Raises
    ------
    PeerUnavailableError
        They cannot be installed.
    """
    digest = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:8]
    home = cache_directory() / f"peer-{name}-{digest}"
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            run_installer([sys.executable, "-m", "venv", str(home)])
            run_installer(
                [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements]
            )
            (home / "complete").touch()
    return home / "bin" / "python"


def jars_of(name: str, pom: Path) -> Path:
    """Directory with the jars of a Maven project's run time, fetched if it is not there.

    Raises
    ------
    PeerUnavailableError
        Java or Maven is missing, or cannot fetch them.
    """
    maven = program("mvn")
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()[:8]
    jars = cache_directory() / f"peer-{name}-{digest}"
    with jars.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.exists():
            partial = jars.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            goal = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
            run_installer([maven, "-q", "-B", "-f", str(pom), *goal, f"-DoutputDirectory={partial}"])
            partial.rename(jars)
    return jars


def classes_of(name: str, jars: Path, sources: Sequence[Path]) -> Path:
    """Directory with the classes of Java sources, compiled if it is not there.

    Raises
    ------
    PeerUnavailableError
        The compiler is missing, or refuses them.
    """
    compiler = program("javac")
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]
    classes = cache_directory() / f"peer-{name}-{digest}"
    with classes.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not classes.exists():
            partial = classes.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            run_installer([compiler, "-cp", f"{jars}/*", "-d", str(partial), *map(str, sources)])
            partial.rename(classes)
    return classes


def program(name: str) -> str:
    """Path of an installed program.

    Raises
    ------
    PeerUnavailableError
        It is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise PeerUnavailableError(f"{name} is not installed")
    return path


def run_installer(command: list[str]) -> None:
    """Run a step of an installation.

    Raises
    ------
    PeerUnavailableError
        It failed, or took too long.
    """
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            command, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise PeerUnavailableError(f"not installed within {INSTALL_SECONDS} s") from None
    if done.returncode:
        raise PeerUnavailableError(f"cannot be installed: {reason_of(done.stderr or done.stdout)}")


def reason_of(text: str) -> str:
    """The line of an installer's output that says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if "error" in line.lower()]
    return (told or lines or ["no reason given"])[0][:300]
