"""`zeromile worker`: the streaming service."""

from __future__ import annotations

from typing import Annotated

import typer

from detectors.errors import ZeromileError
from streams.cli.console import fail
from streams.cli.service_options import Bootstrap, settings_or_exit


def worker(
    bootstrap: Bootstrap = None,
    web_port: Annotated[
        int | None, typer.Option(help="Port of the web pages; default ZEROMILE_WEB_PORT.")
    ] = None,
) -> None:
    """Judge documents from Kafka until stopped; start several to share the partitions.

    Settings come from the environment, see `zeromile settings show`. Exit codes: 0 told to stop
    and stopped in order, 1 failed, 2 wrong use, a port that is taken,
    topics that are not there, or state of another identity key.
    """
    from streams.service.layout_check import TopicsError
    from streams.service.worker import run_worker

    settings = settings_or_exit(bootstrap_servers=bootstrap, web_port=web_port)
    try:
        run_worker(settings)
    except (ZeromileError, TopicsError) as error:
        fail(str(error))
