"""`memory`: what a vehicle takes in the store, in the process and on disk."""

import sys
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from tests.benchmarks.inputs import country
from tests.benchmarks.processes import resident_mib, run_reporting
from tests.benchmarks.results import Quantity, Report, Rounds
from tests.benchmarks.surroundings import look_around

A_VEHICLE: Final = Quantity("a vehicle", "bytes")
INPUT: Final = "its documents as JSON"
RECORD: Final = "its record (state, changelog)"
RESIDENT: Final = "memory of a replay, in-memory store"
DISK: Final = "RocksDB on disk"
PEAK_ROW: Final = "peak memory of the replay"


class Taken(msgspec.Struct):
    """What one replay left behind, in bytes."""

    vehicles: int
    records: int
    resident: int
    peak: int
    disk: int


def measure_memory(vehicles: int, seed: int, repetitions: int) -> Report:
    """Replay a simulated country, weigh the records, and put them into RocksDB."""
    data = country(vehicles, seed)
    rounds = Rounds()
    for _ in range(repetitions):
        said = run_reporting([sys.executable, "-m", __name__, str(data.path)])
        taken = msgspec.json.decode(said, type=Taken)
        for name, size in (
            (INPUT, data.size),
            (RECORD, taken.records),
            (RESIDENT, taken.resident),
            (DISK, taken.disk),
            (PEAK_ROW, taken.peak),
        ):
            rounds.add(name, {A_VEHICLE: size / taken.vehicles})
    return Report(
        benchmark="memory",
        title=f"What a vehicle takes: {data.documents:,} documents of {vehicles:,} vehicles",
        headline=A_VEHICLE.name,
        settings={"vehicles": vehicles, "seed": seed, "repetitions": repetitions, "input": data.digest},
        surroundings=look_around(),
        rows=rounds.rows(beside=INPUT),
        notes=[
            "Resident memory: growth of the process from before the first document to after the last. "
            "Peak: the whole process, interpreter and libraries included. RocksDB: size of its "
            "directory after closing, with the settings of the worker."
        ],
    )


def main() -> None:
    """Replay a stream and say what it took (a process of its own, for clean figures)."""
    from detectors.registry import Catalogue  # noqa: PLC0415 - counted before, not as growth
    from streams.backfill.replay import Replay  # noqa: PLC0415
    from streams.setup.policy import load_policy  # noqa: PLC0415

    run = Replay(Catalogue(load_policy()))
    before = resident_mib()
    replayed = run.run([Path(sys.argv[1])])
    grown, peak = resident_mib() - before, resident_mib("VmHWM")
    store = run.engine.store
    records = {vin: store.get(vin) or b"" for vin in store.vins()}
    sizes = sum(len(vin) + len(record) for vin, record in records.items())
    mib = 2**20
    taken = Taken(replayed.vehicles, sizes, int(grown * mib), int(peak * mib), _on_disk(records))
    sys.stdout.write(msgspec.json.encode(taken).decode())


def _on_disk(records: dict[str, bytes]) -> int:
    from streams.service.rocksdb_backend import RocksDBBackend  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory() as directory:
        backend = RocksDBBackend(Path(directory) / "partition-0")
        vins = sorted(records)
        for start in range(0, len(vins), 2000):
            backend.write({vin: records[vin] for vin in vins[start : start + 2000]}, start)
        backend.close()
        return sum(path.stat().st_size for path in Path(directory).rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
