"""What a figure depends on beside the program: machine, versions, commit."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from streams import __version__

_LIBRARIES = ("msgspec", "numpy", "scikit-learn", "aiokafka", "faust-streaming", "rocksdict")


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Where and with what a benchmark ran."""

    measured_at: str
    commit: str
    """Commit of the sources, with `+` where the program differs; empty outside of a checkout."""
    machine: str
    processor: str
    cores: int
    memory_mib: int
    python: str
    versions: dict[str, str]


def look_around(**more_versions: str) -> Surroundings:
    """Describe this machine and these sources.

    Parameters
    ----------
    more_versions
        Versions of what else took part: brokers, peers.
    """
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return Surroundings(
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_commit(),
        machine=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_mib=pages * size // 2**20,
        python=platform.python_version(),
        versions={"zeromile": __version__, **{n: version(n) for n in _LIBRARIES}, **more_versions},
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor()
    models = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return models[0] if models else platform.processor()


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(  # noqa: S603 - fixed arguments
            ["git", *words],  # noqa: S607 - whichever git the user has
            cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=10,
        ).stdout.strip()  # fmt: skip

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ":(top,glob)**/*.py")
        return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return ""
