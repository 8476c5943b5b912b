"""What must not pass unnoticed: refused documents and failing detectors, and the exit status."""

import traceback
from collections.abc import Iterable

import typer
from rich.markup import escape

from detectors.errors import DocumentError
from streams.backfill.outputs import ReplaySummary
from streams.cli import exit_codes
from streams.cli.console import errors
from streams.cli.feeding import Fed
from streams.engine.results import DetectorFailure
from streams.feeds.reading import Line

_MOST_SHOWN = 160


def leave_by_outcome(replayed: ReplaySummary, allowed: int | None, fed: Fed, *, debug: bool) -> None:
    """Show the first refused line and the first failure of each detector; leave with 1 if that is due.

    Parameters
    ----------
    replayed
        What a replay came to.
    allowed
        How many documents and rows may be refused; ``None`` for half of them.
    fed
        What a feed refused before them.
    debug
        Whether to show tracebacks.
    """
    if replayed.first_refused is not None:
        say_first_refused(*replayed.first_refused)
    for failure in replayed.failures:
        _say_failure(failure, debug=debug)
    counters = replayed.counters
    refused = counters.dead_lettered.total()
    wanting = too_many_refused(refused + fed.refused, counters.read + fed.refused, allowed)
    if wanting or counters.detector_errors:
        raise typer.Exit(exit_codes.WANTING)


def leave_by_failures(failures: Iterable[DetectorFailure]) -> None:
    """Show failures and leave with 1 if there are any: what was compared lacks what would be said."""
    told = list(failures)
    for failure in told:
        _say_failure(failure, debug=False, hint="")
    if told:
        raise typer.Exit(exit_codes.WANTING)


def say_first_refused(line: Line, error: DocumentError) -> None:
    """Show the first refused line and why it was refused."""
    shown = line.value[:_MOST_SHOWN].decode("utf-8", "backslashreplace")
    more = "…" if len(line.value) > _MOST_SHOWN else ""
    errors.print(
        f"[bold yellow]first refused:[/] {escape(line.file)}, line {line.number}: "
        f"{error.reason}: {escape(str(error))}\n  [dim]{escape(shown)}{more}[/]",
        highlight=False,
        soft_wrap=True,
    )


def too_many_refused(refused: int, read: int, allowed: int | None) -> bool:
    """Whether more documents were refused than is allowed; says so."""
    limit = read // 2 if allowed is None else allowed
    if refused <= limit:
        return False
    why = (
        "more than half; --max-dead-letters allows more" if allowed is None else f"allowed: {allowed:,}"
    )
    errors.print(
        f"[bold red]{refused:,} of {read:,} documents were refused[/], {why}",
        highlight=False,
        soft_wrap=True,
    )
    return True


def _say_failure(failure: DetectorFailure, *, debug: bool, hint: str = "; --debug shows where") -> None:
    error = failure.error
    errors.print(
        f"[bold red]detector {failure.detector} failed[/] on vehicle {escape(failure.vin)} "
        f"({escape(', '.join(failure.documents))}): {type(error).__name__}: {escape(str(error))}"
        + ("" if debug else hint),
        highlight=False,
        soft_wrap=True,
    )
    if debug:
        errors.print("".join(traceback.format_exception(error)), markup=False, highlight=False)
