"""Run a worker until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import Final

import faust
import structlog
import uvloop
from kafka.errors import KafkaError, RetriableError

from streams.kafka.topic_admin import Difference, admin_client, check_topics
from streams.service.app import build_service
from streams.service.layout import catalogue_of
from streams.service.logs import set_up_logs
from streams.service.settings import Settings

log = structlog.get_logger("zeromile.worker")

RETRY_SECONDS: Final = 1.0


class TopicsError(RuntimeError):
    """Topics are missing or laid out otherwise; the message names them and the remedy."""


class BoundedWorker(faust.Worker):
    """Faust's worker, whose orderly stop may not take for ever.

    A broker that is away keeps transactions open; then the process ends without them, and what
    was not committed comes again to the next owner.
    """

    stop_seconds: float = 25.0

    def _on_sigterm(self) -> None:
        self._end_later()
        super()._on_sigterm()

    def _on_sigint(self) -> None:
        self._end_later()
        super()._on_sigint()

    def _end_later(self) -> None:
        timer = threading.Timer(self.stop_seconds, _end_now)
        timer.daemon = True
        timer.start()


def _end_now() -> None:
    log.error("orderly stop took too long, leaving at once")
    os._exit(1)


def check_layout(settings: Settings) -> None:
    """Refuse to start on missing or differently cut topics; an absent broker is waited for.

    Raises
    ------
    TopicsError
        Names every topic at fault.
    """
    faults = [str(one) for one in _differences(settings) if one.what in ("missing", "partitions")]
    if faults:
        raise TopicsError("; ".join(faults))


def _differences(settings: Settings) -> list[Difference]:
    while True:
        try:
            with admin_client(settings) as client:
                return check_topics(client, catalogue_of(settings))
        except RetriableError:
            # Faust would give up at once.
            log.warning("no broker answers, waiting for one", servers=settings.bootstrap_servers)
            time.sleep(RETRY_SECONDS)
        except KafkaError as error:
            # Reading documents needs fewer rights than asking how topics are laid out.
            log.warning("topics could not be checked", error=type(error).__name__)
            return []


def run_worker(settings: Settings) -> None:
    """Join the group and work; returns never, the process ends with the worker's status.

    SIGTERM and SIGINT finish the batches at hand, write everything out, commit and leave the
    group. What cannot be written in time is left to the next owner.

    Raises
    ------
    TopicsError
        The topics are not there.
    """
    set_up_logs(settings)
    check_layout(settings)
    # Faust runs its consumer in a thread with a loop of its own: both shall be fast.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    service = build_service(settings)
    worker = BoundedWorker(
        service.app,
        *service.surroundings,
        loop=loop,
        quiet=True,
        override_logging=False,
        redirect_stdouts=False,
    )
    worker.stop_seconds = settings.stop_seconds
    # The spinner would write between log lines.
    worker.spinner = None
    worker.execute_from_commandline()
