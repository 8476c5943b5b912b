"""Data sets by seed: the same seed gives the same bytes, kept between runs."""

import fcntl
import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.processes import run_measured, zeromile_command


class DataSet(NamedTuple):
    """A recorded stream for benchmarks."""

    path: Path
    documents: int
    size: int
    """Bytes."""
    digest: str
    """First digits of the SHA-256 of its bytes."""


def cache_directory() -> Path:
    """Where data sets and peers' environments are kept: `$XDG_CACHE_HOME/zeromile`."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = home / "zeromile" / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def country(vehicles: int, seed: int, export_share: float | None = None) -> DataSet:
    """Simulated country of so many vehicles over three years, in arrival order.

    Parameters
    ----------
    vehicles, seed
        How many, and of which draw.
    export_share
        Share of the vehicles that are exported; by default the simulated country's.
    """
    share = "" if export_share is None else f"-{export_share:g}"
    path = cache_directory() / f"country-{vehicles}-{seed}{share}-{_simulator_digest()}.jsonl"
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            partial, truth = path.with_suffix(".partial"), path.with_suffix(".truth")
            options = ["--vehicles", str(vehicles), "--seed", str(seed)]
            options += [] if export_share is None else ["--export-share", str(export_share)]
            outputs = ["--out", str(partial), "--truth", str(truth)]
            run_measured(zeromile_command("simulate", *options, *outputs))
            truth.unlink()
            partial.rename(path)
    return describe(path)


def describe(path: Path) -> DataSet:
    """Count and digest a recorded stream."""
    digest, documents, size = hashlib.sha256(), 0, 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
            documents += block.count(b"\n")
            size += len(block)
    return DataSet(path, documents, size, digest.hexdigest()[:16])


def _simulator_digest() -> str:
    """Digest of the simulator's sources: another simulator writes another country."""
    digest = hashlib.sha256()
    folder = Path(__file__).parents[2] / "streams" / "simulator"
    for source in sorted(folder.rglob("*")):
        if source.suffix in {".py", ".toml"}:
            digest.update(source.read_bytes())
    return digest.hexdigest()[:8]
