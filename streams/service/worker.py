"""Run a worker until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import threading

import faust
import structlog
import uvloop
from kafka.errors import RetriableError
from mode import Service

from streams.service.app import build_service
from streams.service.layout_check import WaitForBroker, check_start
from streams.service.logs import set_up_logs
from streams.service.ports import check_port
from streams.service.settings import Settings

log = structlog.get_logger("zeromile.worker")


class BoundedWorker(faust.Worker):
    """Faust's worker, whose orderly stop may not take for ever, be it asked for or after a crash.

    A broker that is away keeps transactions open, and a service that crashed may no longer answer
    those that wait for it; then the process ends without them, and what was not committed comes
    again to the next owner.
    """

    stop_seconds: float = 25.0

    def _on_sigterm(self) -> None:
        self._end_later()
        super()._on_sigterm()

    def _on_sigint(self) -> None:
        self._end_later()
        super()._on_sigint()

    def _crash(self, reason: BaseException) -> None:
        # A service that fails reaches the worker by this call alone, from whatever depth.
        self._end_later()
        super()._crash(reason)

    def _end_later(self) -> None:
        timer = threading.Timer(self.stop_seconds, _end_now)
        timer.daemon = True
        timer.start()


def _end_now() -> None:
    log.error("orderly stop took too long, leaving at once")
    os._exit(1)


def run_worker(settings: Settings) -> None:
    """Join the group and work; returns never, the process ends with the worker's status.

    A broker that is not there yet is waited for, with the web pages up: the worker is alive.
    SIGTERM and SIGINT finish the batches at hand, write everything out, commit and leave the
    group. What cannot be written in time is left to the next owner.

    Raises
    ------
    PortError
        The web pages' port cannot be had.
    TopicsError
        The topics are not there.
    IdentityKeyChangedError
        The state was made under another key.
    """
    check_port(settings.web_host, settings.web_port, "ZEROMILE_WEB_PORT or --web-port")
    set_up_logs(settings)
    waiting: list[Service] = []
    try:
        check_start(settings)
    except RetriableError:
        waiting.append(WaitForBroker(settings))
    # Faust runs its consumer in a thread with a loop of its own: both shall be fast.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    service = build_service(settings)
    worker = BoundedWorker(
        service.app,
        *service.surroundings,
        *waiting,
        loop=loop,
        quiet=True,
        override_logging=False,
        redirect_stdouts=False,
    )
    worker.stop_seconds = settings.stop_seconds
    # The spinner would write between log lines.
    worker.spinner = None
    worker.execute_from_commandline()
