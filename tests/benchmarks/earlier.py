"""The program as it was at an earlier commit, in an environment of its own, kept in the cache."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Final

from tests.benchmarks.environments import PeerUnavailableError, run_installer
from tests.benchmarks.inputs import cache_directory

ONE_ENGINE: Final = "523b45cac3440f633c0c8dd99cc6cf5af2bb3bd7"
"""The last commit that judged recorded streams document by document, in several engines."""


def zeromile_at(commit: str) -> Path:
    """The program of a commit, installed from its sources and its own lock if it is not there.

    Raises
    ------
    PeerUnavailableError
        The commit is not in this checkout, or its libraries cannot be installed.
    """
    home = cache_directory() / f"zeromile-{commit[:12]}"
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            _install(commit, home)
            (home / "complete").touch()
    return home / "venv" / "bin" / "zeromile"


def _install(commit: str, home: Path) -> None:
    sources = home / "sources"
    unpack(commit, sources)
    run_installer([sys.executable, "-m", "venv", str(home / "venv")])
    pip = [str(home / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    run_installer([*pip, "--require-hashes", "-r", str(sources / "requirements.lock")])
    run_installer([*pip, "--no-deps", str(sources)])


def unpack(commit: str, sources: Path) -> None:
    """Lay the sources of a commit down in a folder.

    Raises
    ------
    PeerUnavailableError
        The commit is not in this checkout.
    """
    archived = subprocess.run(  # noqa: S603 - fixed arguments
        ["git", "archive", commit],  # noqa: S607 - whichever git the user has
        cwd=Path(__file__).parents[2], capture_output=True, check=False,
    )  # fmt: skip
    if archived.returncode:
        raise PeerUnavailableError(f"commit {commit[:12]} is not in this checkout")
    with tarfile.open(fileobj=BytesIO(archived.stdout)) as packed:
        packed.extractall(sources, filter="data")
