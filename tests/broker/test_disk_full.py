"""A full disk under the state ends a worker loudly; with room again nothing is missing or doubled."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.service.rocksdb_backend import RocksDBBackend
from tests.broker.chaos import check_state
from tests.broker.deployment import Deployment, WorkerProcess, expected_alerts, wait_for
from tests.broker.documents import document_stream

pytestmark = [pytest.mark.broker, pytest.mark.slow]

VEHICLES = 600
DISK_BYTES = 24 * 1024 * 1024


class SmallDisk:
    """A file system of its own in memory, which a file can fill up."""

    complaint = "No space left on device"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._filler = directory / "filler"

    def fill(self, _: WorkerProcess) -> None:
        with self._filler.open("wb", buffering=0) as filler:
            while True:
                try:
                    filler.write(bytes(4096))
                except OSError:
                    return

    def free(self) -> None:
        self._filler.unlink()


class LimitedFiles:
    """No file of the worker may grow beyond the largest that it has: no privileges are needed."""

    complaint = "File too large"

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def fill(self, worker: WorkerProcess) -> None:
        sizes = (path.stat().st_size for path in self.directory.rglob("*") if path.is_file())
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (max(sizes), resource.RLIM_INFINITY))

    def free(self) -> None:
        """The next worker has no such limit."""


@pytest.fixture(params=[LimitedFiles, SmallDisk])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk | LimitedFiles]:
    directory = tmp_path / "disk"
    directory.mkdir()
    if request.param is LimitedFiles:
        yield LimitedFiles(directory)
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(directory)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
    if done.returncode:
        pytest.skip(f"NO SMALL DISK, only the limit on files was tried: {done.stderr.strip()}")
    yield SmallDisk(directory)
    subprocess.run(["umount", "--lazy", str(directory)], check=True)  # noqa: S603, S607 - fixed arguments


@pytest.fixture
def deployment(
    bootstrap_servers: str, prefix: str, tmp_path: Path, disk: SmallDisk | LimitedFiles
) -> Iterator[Deployment]:
    deployment = Deployment(
        bootstrap_servers, prefix, tmp_path, partitions=2, ZEROMILE_STATE_STORE="rocksdb"
    )
    yield deployment
    deployment.close()


def test_a_full_disk_loses_nothing_and_counts_nothing_twice(
    deployment: Deployment, tmp_path: Path, disk: SmallDisk | LimitedFiles
):
    lines = document_stream(seed=12, vehicles=VEHICLES)
    stream = tmp_path / "documents.jsonl"
    stream.write_bytes(b"".join(line + b"\n" for line in lines))
    state = {"ZEROMILE_STATE_DIRECTORY": str(disk.directory)}
    worker = deployment.start_worker(**state)
    deployment.publish(lines[: len(lines) // 2])
    deployment.wait_until_consumed()

    disk.fill(worker)
    deployment.publish(lines[len(lines) // 2 :])
    _ends_loudly(worker, disk.complaint, deployment)
    if isinstance(disk, SmallDisk):
        _ends_loudly(deployment.start_worker(**state), disk.complaint, deployment)
    disk.free()
    worker = deployment.start_worker(**state)

    deployment.expect(expected_alerts(stream))
    assert worker.stop() == 0
    check_state(deployment, stream)
    assert _on_disk(deployment, disk.directory) == _in_changelog(deployment)


def _ends_loudly(worker: WorkerProcess, complaint: str, deployment: Deployment) -> None:
    wait_for(lambda: not worker.running, 90, "the worker goes on", deployment.logs)
    assert worker.stop() != 0
    assert complaint in worker.log.read_text("utf-8")


def _on_disk(deployment: Deployment, directory: Path) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for number in range(deployment.settings.partitions):
        backend = RocksDBBackend(directory / deployment.settings.group / f"partition-{number}")
        found |= {vin: backend.get(vin) for vin in backend.vins()}
        backend.close()
    return found


def _in_changelog(deployment: Deployment) -> dict[str, bytes | None]:
    records = deployment.read_all(deployment.names.vehicles)
    return {r.key.decode(): r.value for r in records if not r.key.startswith(b"\x00")}
