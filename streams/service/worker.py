"""Run a worker until it is told to stop."""

from __future__ import annotations

import asyncio

import faust
import uvloop

from streams.service.app import build_service
from streams.service.logs import set_up_logs
from streams.service.settings import Settings


def run_worker(settings: Settings) -> None:
    """Join the group and work; returns never, the process ends with the worker's status.

    SIGTERM and SIGINT finish the batches at hand, write everything out, commit and leave the
    group. A second signal ends the process at once.
    """
    set_up_logs(settings)
    # Faust runs its consumer in a thread with a loop of its own: both shall be fast.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    service = build_service(settings)
    worker = faust.Worker(
        service.app,
        *service.surroundings,
        loop=loop,
        quiet=True,
        override_logging=False,
        redirect_stdouts=False,
    )
    # The spinner would write between log lines.
    worker.spinner = None
    worker.execute_from_commandline()
