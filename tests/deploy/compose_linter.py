"""dclint, which reads compose files without a Docker engine: installed once, exactly as locked."""

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
    npm = shutil.which("npm")
    if npm is None:
        message = "npm is not installed (Debian package npm): THE COMPOSE FILE WAS NOT LINTED"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    content = sha256(b"".join((LINTER / name).read_bytes() for name in LOCKED)).hexdigest()
    directory = cache_home() / f"dclint-{content[:16]}"
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / "node_modules" / ".bin" / "dclint"
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _install(npm, directory)
    return program


def _install(npm: str, directory: Path) -> None:
    for name in LOCKED:
        shutil.copy(LINTER / name, directory)
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=directory, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
