"""Structured logs: for people on a terminal, JSON lines otherwise; nobody's documents at info."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.types import EventDict, Processor

from streams import __version__
from streams.service.repeats import Repeats
from streams.service.settings import Settings
from streams.setup.visible_text import visible

QUIET = ("aiokafka", "faust", "mode", "kafka", "aiohttp", "asyncio", "streams")


def set_up_logs(settings: Settings) -> None:
    """Send structlog and the standard library's logging through one formatter to stderr."""
    as_json = settings.log_format == "json" or (
        settings.log_format == "auto" and not sys.stderr.isatty()
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _name_the_service,
        _make_visible,
    ]
    final: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    handler.addFilter(Repeats(QUIET))
    root = logging.getLogger()
    root.handlers = [handler]
    level = getattr(logging, settings.log_level.upper())
    root.setLevel(level)
    # The libraries tell at info what belongs to debugging them; mode does so under the names of
    # our modules. Our own events come from loggers called zeromile.….
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _name_the_service(_: object, __: str, event: EventDict) -> EventDict:
    event["service"] = "zeromile"
    event["version"] = __version__
    return event


def _make_visible(_: object, __: str, event: EventDict) -> EventDict:
    """Let no text of a document steer the terminal that shows the log."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = visible(value)
    return event
