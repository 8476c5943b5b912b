"""`zeromile sink`: alerts and documents into a database."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from detectors.errors import DocumentError, ZeromileError
from streams.cli.console import errors, fail, out
from streams.cli.exit_codes import WANTING
from streams.cli.replay import check_readable
from streams.cli.service_options import Bootstrap, kafka_errors_explained
from streams.feeds.reading import read_lines

if TYPE_CHECKING:
    from kafka import KafkaConsumer
    from sqlalchemy import Engine

    from detectors.identities import Decode
    from streams.store.records import Stored
    from streams.store.settings import SinkSettings

log = structlog.get_logger("zeromile.sink")

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="postgresql://user:password@host/database or sqlite:///file; or ZEROMILE_SINK_URL.",
    ),
]
FromFile = Annotated[
    list[Path] | None,
    typer.Option(
        "--from-file", help="Store recorded alerts and documents (JSON Lines) instead of reading Kafka."
    ),
]


def sink(
    *,
    url: Url = None,
    from_file: FromFile = None,
    bootstrap: Bootstrap = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Store again what lies in refused_records, once its cause is mended, and stop.",
        ),
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="Stop when all that is on the topics now is stored.")
    ] = False,
    documents: Annotated[
        bool | None,
        typer.Option("--documents/--no-documents", help="Keep the documents too; default yes."),
    ] = None,
    max_dead_letters: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="With --from-file: exit with 1 if more lines than this were refused; without it, if "
            "more than half.",
        ),
    ] = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="Port of the metrics; default ZEROMILE_SINK_METRICS_PORT.")
    ] = None,
) -> None:
    """Keep alerts, their history and evidence, and the documents in a database.

    Makes and updates the tables by itself. Restarts and repeated records change nothing.
    Exit codes: 0 fine, 1 too many lines of --from-file or some records of --again were refused, 2 wrong
    use or an unusable database, 3 Kafka cannot be reached.
    """
    from sqlalchemy.exc import DBAPIError

    from streams.cli.outcome import too_many_refused
    from streams.service.ports import check_port
    from streams.setup.policy import load_document_terms
    from streams.store.again import store_again
    from streams.store.country import note_country
    from streams.store.from_file import KINDS_OF_LINES
    from streams.store.records import KINDS

    settings = _settings(
        sink_url=url,
        bootstrap_servers=bootstrap,
        sink_documents=documents,
        sink_metrics_port=metrics_port,
    )
    if again and from_file:
        fail("--again stores what was refused before, --from-file stores files; give one of them")
    if url is None and not os.environ.get("ZEROMILE_SINK_URL"):
        fail("give --url or set ZEROMILE_SINK_URL, for example --url sqlite:///zeromile.sqlite")
    check_readable(from_file or [], KINDS_OF_LINES)
    try:
        if settings.sink_metrics_port is not None and not from_file and not again:
            setting = "ZEROMILE_SINK_METRICS_PORT or --metrics-port"
            check_port(settings.sink_metrics_host, settings.sink_metrics_port, setting)
        with _opened(settings) as engine:
            note_country(engine, load_document_terms(settings.policy_file).country)
            if again:
                done = store_again(engine, _read(settings), concealed=settings.identities is not None)
            elif from_file:
                done = _from_files(settings, engine, from_file)
            else:
                done = _from_kafka(settings, engine, once=once)
    except ZeromileError as error:
        fail(str(error))
    except DBAPIError as error:
        fail(f"the database refuses: {str(error.orig).strip()}")
    for kind in KINDS:
        out.print(
            f"{kind}s: {done.stored[kind]:,} stored, "
            f"{done.repeated[kind]:,} already there or superseded, {done.refused[kind]:,} refused",
            highlight=False,
        )
    if again and any(done.refused.values()):
        raise typer.Exit(WANTING)
    if from_file and any(done.refused.values()):
        _say_first_refused(from_file, _read(settings))
        read = sum(done.stored.values()) + sum(done.repeated.values()) + sum(done.refused.values())
        if too_many_refused(sum(done.refused.values()), read, max_dead_letters):
            raise typer.Exit(WANTING)


@contextmanager
def _opened(settings: SinkSettings) -> Iterator[Engine]:
    """The database with its newest schema; its connections are closed at the end."""
    from streams.store.database import migrate, open_database

    engine = open_database(settings.sink_url.get_secret_value())
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def _read(settings: SinkSettings) -> Decode:
    """How the documents of the policy's country are read."""
    from detectors.decoding import decoder_of
    from streams.setup.policy import load_policy

    return decoder_of(load_policy(settings.policy_file).country)


def _say_first_refused(paths: list[Path], decode: Decode) -> None:
    """Look for the first line that cannot be stored; all before it can. A pipe is not read twice."""
    from streams.cli.outcome import say_first_refused
    from streams.store.from_file import KINDS_OF_LINES

    for path in filter(Path.is_file, paths):
        for line in read_lines(path, wanted=KINDS_OF_LINES):
            try:
                if b'"alert_id"' not in line.value:
                    decode(line.value)
            except DocumentError as error:
                say_first_refused(line, error)
                return


def _settings(**overrides: object) -> SinkSettings:
    from streams.service.settings import SettingsError, load
    from streams.store.settings import SinkSettings

    try:
        return load(SinkSettings, **overrides)
    except SettingsError as error:
        fail(str(error))


def _from_files(settings: SinkSettings, engine: Engine, paths: list[Path]) -> Stored:
    from streams.cli.progress import reading_progress
    from streams.store.from_file import store_files

    with reading_progress(paths, errors) as advance:
        return store_files(engine, paths, advance, settings.identities, _read(settings))


def _from_kafka(settings: SinkSettings, engine: Engine, *, once: bool) -> Stored:
    from prometheus_client import start_http_server

    from streams.service.logs import set_up_logs
    from streams.store.consumer import Sink
    from streams.store.metrics import SinkMetrics

    set_up_logs(settings)
    metrics = SinkMetrics()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if settings.sink_metrics_port is not None:
        start_http_server(settings.sink_metrics_port, settings.sink_metrics_host, metrics.registry)
    with kafka_errors_explained(settings), ExitStack() as stack:
        consumer = _joined(settings, stack, stop, patient=not once)
        return Sink(settings, engine, consumer, metrics, stop).run(until_end=once)


def _joined(
    settings: SinkSettings, stack: ExitStack, stop: threading.Event, *, patient: bool
) -> KafkaConsumer:
    """Join the group; a service waits for a broker that is not there yet, as a worker does."""
    from kafka.errors import RetriableError, UnknownTopicOrPartitionError

    from streams.kafka.patience import Patience
    from streams.service.identity_check import check_identities
    from streams.store.consumer import open_consumer

    patience = Patience(log, "no broker answers, waiting for one", servers=settings.bootstrap_servers)
    while True:
        try:
            if settings.sink_documents:
                check_identities(settings)
            return stack.enter_context(open_consumer(settings))
        except UnknownTopicOrPartitionError:
            raise
        except RetriableError as error:
            if not patient:
                raise
            if stop.wait(patience.failed(error)):
                raise typer.Exit from error
