"""Which code writes which life of the parameter file."""

from collections.abc import Callable

from streams.simulator.block import Block
from streams.simulator.calendars import IntArray

Life = Callable[[Block, IntArray], None]

EXPORT_LIVES: dict[str, Life] = {}
DOMESTIC_LIVES: dict[str, Life] = {}
NEVER_ZERO: frozenset[str] = frozenset()
