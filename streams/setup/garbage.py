"""Settings of Python's garbage collector for programs that take in documents by the thousand."""

import gc
from typing import Final

_ALLOCATIONS: Final = 1_000_000
"""Objects that come into being before the youngest are looked at; Python's own setting is 700.

A batch of 5,000 documents keeps tens of thousands alive for a moment. With a limit of 100,000 they were
looked through every few batches, in vain: 2.4 of 46 microseconds a document.
"""
_GENERATIONS: Final = 20
"""Looks at a generation before the next older one is looked at; Python's own setting is 10."""


def collect_seldom() -> None:
    """Look for cyclic garbage a thousand times less often.

    Documents, histories and findings form no cycles and are freed as soon as they are done with.
    Looking for cycles among them took a third of the time of a replay.
    """
    gc.set_threshold(_ALLOCATIONS, _GENERATIONS, _GENERATIONS)
