"""How large an installation a country needs: a model, with measured values from a file of results.

Counts of documents are published or assumed as `Load` says; speeds and sizes come from the benchmarks
`streaming`, `memory` and `recovery`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.memory import A_VEHICLE, DISK, RECORD
from tests.benchmarks.quantities import PER_CPU_SECOND
from tests.benchmarks.results import Report, ResultsError

WORKING_DAYS: Final = 250
WORKING_SECONDS: Final = 8 * 3600
RUSH: Final = 5
"""Times the average working hour: quarter ends, the day before a rule changes (assumption)."""
RETENTION_YEARS: Final = 3
BUSY_SHARE: Final = 0.5
"""Of a worker's speed that is planned with."""
RECOVERY_MINUTES: Final = 15
"""Longest recovery of everything from the changelog that is planned for."""
PARTITIONS_A_WORKER: Final = 4
COPIES: Final = 3
"""Of every topic on the brokers."""


@dataclass(frozen=True, slots=True)
class Load:
    """Documents of a country in a year, in millions.

    Sources: ministries' and trade associations' counts for 2024 and 2025; amendments and repeated
    documents: assumption.
    """

    first_registrations: float = 26.9
    transfers: float = 20.0
    pending_exports: float = 0.5
    declarations: float = 0.5
    deregistrations: float = 4.5
    repeated_share: float = 0.1

    @property
    def documents(self) -> float:
        """Documents a year."""
        entries = (
            self.first_registrations
            + self.transfers
            + self.pending_exports
            + self.declarations
            + self.deregistrations
        )
        return entries * (1 + self.repeated_share) * 1e6

    @property
    def vehicles(self) -> float:
        """Vehicles in the state, at most: every registration and transfer another car."""
        return (self.first_registrations + self.transfers) * RETENTION_YEARS * 1e6


@dataclass(frozen=True, slots=True)
class Measurements:
    """What the model takes from the benchmarks."""

    documents_per_second: float
    """Of one worker, by its processor time."""
    record_bytes: float
    disk_bytes: float
    recovery_seconds: float
    """Per million vehicles, onto disk."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An installation."""

    documents_a_day: float
    rush_per_second: float
    vehicles: float
    workers_for_speed: int
    workers: int
    partitions: int
    disk_a_worker: float
    changelog: float
    recovery_minutes: float


def plan(load: Load, measured: Measurements, times: float = 1.0) -> Plan:
    """Size an installation for a load, or for several times as much.

    Workers are what the rush needs at half their speed, or what recovers everything in time,
    whichever is more.
    """
    documents, vehicles = load.documents * times, load.vehicles * times
    rush = documents / WORKING_DAYS / WORKING_SECONDS * RUSH
    for_speed = math.ceil(rush / (measured.documents_per_second * BUSY_SHARE))
    recovery = vehicles / 1e6 * measured.recovery_seconds / 60
    workers = max(2, for_speed, math.ceil(recovery / RECOVERY_MINUTES))
    return Plan(
        documents_a_day=documents / 365,
        rush_per_second=rush,
        vehicles=vehicles,
        workers_for_speed=for_speed,
        workers=workers,
        partitions=2 ** math.ceil(math.log2(workers * PARTITIONS_A_WORKER)),
        disk_a_worker=vehicles * measured.disk_bytes / workers,
        changelog=vehicles * measured.record_bytes * COPIES,
        recovery_minutes=recovery / workers,
    )


def measurements(reports: Mapping[str, Report]) -> Measurements:
    """Find what the model needs.

    Raises
    ------
    ResultsError
        A benchmark is missing; the message names it.
    """
    return Measurements(
        documents_per_second=_median(reports, "streaming", "1 worker", PER_CPU_SECOND.name),
        record_bytes=_median(reports, "memory", RECORD, A_VEHICLE.name),
        disk_bytes=_median(reports, "memory", DISK, A_VEHICLE.name),
        recovery_seconds=_median(
            reports, "recovery", "worker, store on disk (RocksDB)", "wall per million vehicles"
        ),
    )


def _median(reports: Mapping[str, Report], benchmark: str, row: str, quantity: str) -> float:
    try:
        return reports[benchmark].row(row).measured[quantity].spread.median
    except KeyError:
        raise ResultsError(
            f"the results lack {quantity!r} of {row!r} in the benchmark {benchmark!r}; "
            f"measure it: python -m tests.benchmarks {benchmark} --json FILE"
        ) from None
