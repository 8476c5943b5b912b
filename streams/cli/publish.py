"""`zeromile publish`: recorded streams onto Kafka."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from detectors.errors import ZeromileError
from streams.cli.console import errors, fail
from streams.cli.exit_codes import WANTING
from streams.cli.feeding import Fed, FeedOption, documents_of
from streams.cli.replay import Files, check_readable
from streams.cli.service_options import Bootstrap, kafka_errors_explained, settings_or_exit
from streams.feeds.reading import STANDARD_INPUT, Advance, read_lines
from streams.setup.outputs import check_outputs

if TYPE_CHECKING:
    from streams.kafka.pacing import Pace
    from streams.kafka.progress import Progress
    from streams.kafka.publishing import Outgoing, Publisher, Router

KEEP_SECONDS: Final = 1.0
STOP_SECONDS: Final = 5.0
"""How long to wait at the end for a broker that does not answer: an engine kills after ten."""


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
    rate: Annotated[
        float | None,
        typer.Option(min=0.001, help="Documents a second; default as many as the broker takes."),
    ] = None,
    speed: Annotated[
        str | None, typer.Option(help="Follow the documents' own time, 60x: an hour a minute.")
    ] = None,
    progress: Annotated[
        Path | None,
        typer.Option(
            help="Keep in this file how far each stream is published, and go on there: a stream that "
            "has been published is not published again.",
            dir_okay=False,
        ),
    ] = None,
    max_dead_letters: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Exit with 1 if the service will refuse more documents than this; without it, if more "
            "than half.",
        ),
    ] = None,
    feed: FeedOption = None,
    bootstrap: Bootstrap = None,
) -> None:
    """Publish recorded streams, each document on its topic under its VIN.

    An amendment that changes the VIN is split into a withdrawal and a new document. What is no
    document is published too: the service keeps it among its dead letters. SIGTERM ends it when the
    broker has what was sent. Exit codes: 0 fine, 1 the broker refused documents or the service will
    refuse too many, 2 wrong use, 3 no broker, 143 told to end.
    """
    from streams.cli.progress import reading_progress
    from streams.kafka.pacing import Pace
    from streams.kafka.progress import Progress
    from streams.kafka.publishing import Publisher, Router
    from streams.service.layout import names_of
    from streams.setup.policy import load_policy

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    if feed is None:
        check_readable(files)
    elif progress is not None:
        raise typer.BadParameter(
            "goes with files of documents, not with --feed", param_hint="--progress"
        )
    if progress is not None and STANDARD_INPUT in files:
        raise typer.BadParameter("standard input cannot be gone on with", param_hint="--progress")
    if progress is not None:
        check_outputs({"--progress": progress}, files, force=True)
    pace = Pace(rate, _speed(speed))
    country = load_policy(settings.policy_file).country
    router = Router(names_of(settings), country)
    try:
        kept = None if progress is None else Progress(progress)
        with documents_of(files, feed, country) as fed, kafka_errors_explained(settings):
            publisher = Publisher(settings, _say)
            try:
                with reading_progress(fed.files, errors) as advance:
                    for path in fed.files:
                        stream = _Stream(path, router, publisher, pace, kept)
                        stream.publish(advance and advance(path))
            finally:
                publisher.close(STOP_SECONDS)
    except ZeromileError as error:
        fail(str(error))
    _report(publisher, router, fed, max_dead_letters)


def _report(publisher: Publisher, router: Router, fed: Fed, allowed: int | None) -> None:
    from streams.cli.outcome import too_many_refused

    refused = publisher.failed.total()
    typer.echo(
        f"published {publisher.published - refused:,} documents, "
        f"{router.split:,} of them withdrawals under a corrected VIN"
    )
    for name, count in publisher.failed.items():
        typer.echo(f"{count:,} documents were not published: {name}", err=True)
    if refused or too_many_refused(router.refused + fed.refused, router.read + fed.refused, allowed):
        raise typer.Exit(WANTING)


class _Stream:
    """One recorded stream on its way."""

    def __init__(
        self, path: Path, router: Router, publisher: Publisher, pace: Pace, kept: Progress | None
    ) -> None:
        self._path = path
        self._router = router
        self._publisher = publisher
        self._pace = pace
        self._kept = kept
        self._line = 0
        """Last line that has been handed over whole."""

    def publish(self, advance: Advance | None) -> None:
        """Publish what has not been, and keep how far it came."""
        from streams.cli.outcome import say_first_refused

        before = self._line = 0 if self._kept is None else self._kept.line(self._path)
        if before:
            typer.echo(f"{self._path}: {before:,} lines have been published before")
        keep_at = time.monotonic() + KEEP_SECONDS
        try:
            for line in read_lines(self._path, advance):
                told = self._router.refused
                records = list(self._router.route(line.value))
                if not told and self._router.refusal is not None:
                    say_first_refused(line, self._router.refusal)
                if line.number <= before:
                    continue  # routed all the same: a later line may correct its VIN
                self._hand_over(records)
                self._line = line.number
                if self._kept is not None and time.monotonic() >= keep_at:
                    self._keep()
                    keep_at = time.monotonic() + KEEP_SECONDS
        except BaseException:  # SIGTERM as well
            self._keep(STOP_SECONDS)
            raise
        self._keep()

    def _hand_over(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            self._pace.wait(record.event_time)
            self._publisher.publish([record])

    def _keep(self, seconds: float | None = None) -> None:
        """Keep how far it came, if the broker has all of it."""
        confirmed = self._publisher.confirmed(seconds)
        if self._kept is not None and confirmed:
            self._kept.reached(self._path, self._line)
