"""npm packages for the tests, installed once, exactly as locked: dclint, which reads compose files."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from tests.broker.kafka_broker import cache_home

LINTER = Path(__file__).parent / "dclint"
LOCKED = ("package.json", "package-lock.json")


def installed_linter() -> Path:
    """The linter's program; without npm skip loudly, and fail under CI=true."""
    return installed(LINTER, "THE COMPOSE FILE WAS NOT LINTED") / ".bin" / "dclint"


def installed(packages: Path, missed: str) -> Path:
    """Packages of a lock file, installed once for all runs; without npm skip, and fail under CI=true.

    Parameters
    ----------
    packages
        Folder with `package.json` and `package-lock.json`.
    missed
        What is not tested without them.
    """
    npm = shutil.which("npm")
    if npm is None:
        message = f"npm is not installed (Debian package npm): {missed}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    content = sha256(b"".join((packages / name).read_bytes() for name in LOCKED)).hexdigest()
    directory = cache_home() / f"{packages.name}-{content[:16]}"
    directory.mkdir(parents=True, exist_ok=True)
    modules = directory / "node_modules"
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not modules.exists():
            _install(npm, packages, directory)
    return modules


def _install(npm: str, packages: Path, directory: Path) -> None:
    for name in LOCKED:
        shutil.copy(packages / name, directory)
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=directory, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
