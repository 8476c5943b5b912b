"""Environments of the peers: each with its own pinned libraries, made once and kept in the cache."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
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

    def make(home: Path) -> None:
        run_installer([sys.executable, "-m", "venv", str(home)])
        run_installer([str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements])

    return _made_once(name, "\n".join(requirements).encode(), make) / "bin" / "python"


def jars_of(name: str, pom: Path) -> Path:
    """Directory with the jars of a Maven project's run time, fetched if it is not there.

    Raises
    ------
    PeerUnavailableError
        Java or Maven is missing, or cannot fetch them.
    """
    maven = program("mvn")

    def make(jars: Path) -> None:
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        run_installer([maven, "-q", "-B", "-f", str(pom), *goal, f"-DoutputDirectory={jars}"])

    return _made_once(name, pom.read_bytes(), make)


def classes_of(name: str, jars: Path, sources: Sequence[Path]) -> Path:
    """Directory with the classes of Java sources, compiled if it is not there.

    Raises
    ------
    PeerUnavailableError
        The compiler is missing, or refuses them.
    """
    compiler = program("javac")

    def make(classes: Path) -> None:
        run_installer([compiler, "-cp", f"{jars}/*", "-d", str(classes), *map(str, sources)])

    return _made_once(name, b"".join(source.read_bytes() for source in sources), make)


def _made_once(name: str, content: bytes, make: Callable[[Path], None]) -> Path:
    """A directory of the cache for some content, made whole and by one at a time if it is not there."""
    home = cache_directory() / f"peer-{name}-{hashlib.sha256(content).hexdigest()[:8]}"
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            partial = home.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            make(partial)
            partial.rename(home)
    return home


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
