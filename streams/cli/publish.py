"""`zeromile publish`: recorded streams onto Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from streams.cli.console import errors, fail
from streams.cli.progress import reading_progress
from streams.cli.replay import Files, check_readable
from streams.cli.service_options import Bootstrap, kafka_errors_explained, settings_or_exit
from streams.feeds.reading import Advance, ReadError, read_lines
from streams.kafka.pacing import Pace
from streams.kafka.publishing import Publisher, Router
from streams.service.layout import names_of


def _speed(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if speed <= 0:
        fail(f"--speed is {text!r}; allowed: a number above 0, for example 60x")
    return speed


def _say(message: str) -> None:
    errors.print(f"[bold red]error:[/] {escape(message)}", highlight=False, soft_wrap=True)


def publish(
    files: Files,
    *,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Documents a second.")] = None,
    speed: Annotated[
        str | None, typer.Option(help="Follow the documents' own time, 60x: an hour a minute.")
    ] = None,
    bootstrap: Bootstrap = None,
) -> None:
    """Publish recorded streams, each document on its topic under its VIN.

    An amendment that changes the VIN is split into a withdrawal and a new document. Exit codes:
    0 fine, 1 the broker refused documents, 2 wrong use, 3 no broker.
    """
    settings = settings_or_exit(bootstrap_servers=bootstrap)
    check_readable(files)
    pace = Pace(rate, _speed(speed))
    router = Router(names_of(settings))
    with kafka_errors_explained(settings):
        publisher = Publisher(settings, _say)
        try:
            with reading_progress(files, errors) as advance:
                for path in files:
                    _publish_file(path, router, publisher, pace, advance and advance(path))
        except ReadError as error:
            fail(str(error))
        finally:
            publisher.close()
    refused = publisher.failed.total()
    typer.echo(
        f"published {publisher.published - refused:,} documents, "
        f"{router.split:,} of them withdrawals under a corrected VIN"
    )
    for name, count in publisher.failed.items():
        typer.echo(f"{count:,} documents were not published: {name}", err=True)
    if refused:
        raise typer.Exit(1)


def _publish_file(
    path: Path, router: Router, publisher: Publisher, pace: Pace, advance: Advance | None
) -> None:
    for line in read_lines(path, advance):
        for record in router.route(line.value):
            pace.wait(record.event_time)
            publisher.publish([record])
