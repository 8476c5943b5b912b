"""The quantities that several benchmarks measure."""

from typing import Final

from tests.benchmarks.results import Quantity

ROWS_PER_CPU_SECOND: Final = Quantity("rows per CPU second", "1/s")
PER_CPU_SECOND: Final = Quantity("documents per CPU second", "1/s")
PER_SECOND: Final = Quantity("documents per second", "1/s")
CPU_A_DOCUMENT: Final = Quantity("CPU a document", "µs")
BYTES_PER_SECOND: Final = Quantity("input per second", "MB/s")
PEAK: Final = Quantity("peak memory", "MiB")
CPU: Final = Quantity("CPU", "s")
WALL: Final = Quantity("wall", "s")


def speed(documents: int, cpu_seconds: float, wall_seconds: float) -> dict[Quantity, float]:
    """Speed of one run over documents."""
    return {
        PER_CPU_SECOND: documents / cpu_seconds,
        PER_SECOND: documents / wall_seconds,
        CPU_A_DOCUMENT: cpu_seconds / documents * 1e6,
    }
