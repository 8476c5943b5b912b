"""The embedded job on several processes, with the same outcome as on one.

    reading ──▶ routing by VIN ──▶ worker processes, each with an engine ──▶ proceedings
                                     ▲ watermarks of all, withdrawals ▼ newest days, refusals

Every vehicle belongs to one worker. What reaches beyond a vehicle (how far the feeds have come,
documents that move to another VIN, the provinces) is worked out by the coordinator, batch by batch, as
one process would. Workers read batches ahead, so neither side waits for the other.
"""

from streams.parallel.coordinator import ParallelReplay
from streams.parallel.errors import WorkerError
from streams.parallel.messages import Judge

__all__ = ["Judge", "ParallelReplay", "WorkerError"]
