"""What goes wrong between processes."""

from detectors.errors import ZeromileError


class WorkerError(ZeromileError):
    """A worker process that cannot go on, or is gone."""
