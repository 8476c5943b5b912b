"""`zeromile dead-letters`: look at refused documents and send them again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from detectors.errors import DocumentError
from streams.cli.console import fail, plain, show_list
from streams.cli.service_options import (
    Bootstrap,
    kafka_errors_explained,
    known_reason,
    settings_or_exit,
)
from streams.setup.visible_text import visible

if TYPE_CHECKING:
    from streams.kafka.dead_letters import DeadLetter
    from streams.service.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Look at refused documents and send them again.")

Reason = Annotated[
    str | None, typer.Option(help="Only letters refused for this reason.", callback=known_reason)
]


def _letters(settings: Settings, reason: str | None) -> Iterator[DeadLetter]:
    """Letters that were not sent again yet."""
    from streams.kafka.reading import committed_reader, partitions_of, read_to_present_end
    from streams.kafka.redriving import open_letters
    from streams.service.layout import names_of

    with committed_reader(settings) as consumer:
        partitions = partitions_of(consumer, names_of(settings).dead_letters)
        for letter in open_letters(read_to_present_end(consumer, partitions)):
            if reason in (None, letter.about("error.class")):
                yield letter


@app.command("list")
def list_command(reason: Reason = None, bootstrap: Bootstrap = None) -> None:
    """List refused documents with where they were read and why they were refused."""
    settings = settings_or_exit(bootstrap_servers=bootstrap)
    table = Table("letter", "reason", "failed at", "message")
    with kafka_errors_explained(settings):
        for letter in _letters(settings, reason):
            told = (letter.about(name) for name in ("error.class", "failed_at", "error.message"))
            table.add_row(*map(plain, (letter.identity, *told)))
    why = "" if reason is None else f" for {reason}"
    show_list(table, f"no refused document{why} waits to be sent again")


@app.command("show")
def show_command(
    letter: Annotated[str, typer.Argument(help="Name from `list`: topic/partition/offset.")],
    bootstrap: Bootstrap = None,
) -> None:
    """Show one refused document whole: headers, key and payload."""
    settings = settings_or_exit(bootstrap_servers=bootstrap)
    with kafka_errors_explained(settings):
        found = next((one for one in _letters(settings, None) if one.identity == letter), None)
    if found is None:
        fail(f"there is no dead letter {letter!r}; `zeromile dead-letters list` names them")
    for name, data in found.headers:
        typer.echo(visible(f"{name}: {_text(data)}"))
    typer.echo(visible(f"key: {'none' if found.key is None else _text(found.key)}"))
    typer.echo("")
    typer.echo(visible(_text(found.value)))


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "backslashreplace")


@app.command("redrive")
def redrive_command(
    reason: Reason = None,
    *,
    rekey: Annotated[
        bool, typer.Option(help="Put documents under their VIN where that is readable.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what would be sent.")] = False,
    most_attempts: Annotated[
        int, typer.Option(min=1, help="Leave documents that were sent again this often.")
    ] = 3,
    bootstrap: Bootstrap = None,
) -> None:
    """Send refused documents to their topics again, after the fault has been mended.

    Every letter is sent once: one that is refused again has a new letter. What is reported as sent the
    broker has confirmed. Exit codes: 0 fine, 2 wrong use, 3 the broker refused or cannot be reached.
    """
    from streams.kafka.redriving import Redrive, redrive
    from streams.service.layout import names_of

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    names = names_of(settings)
    wanted, left = [], 0
    with kafka_errors_explained(settings):
        for letter in _letters(settings, reason):
            why_not = _why_not(letter, names.documents, most_attempts)
            if why_not:
                typer.echo(visible(f"{letter.identity}: not sent, {why_not}"), err=True)
                left += 1
            else:
                key = _vin(letter) or letter.key if rekey else letter.key
                wanted.append(Redrive(letter, letter.about("original.topic"), key))
        if dry_run:
            typer.echo(f"would send {len(wanted):,}, left {left:,}")
            return
        sent = 0
        try:
            for committed in redrive(settings, f"{settings.group}-redrive", names.dead_letters, wanted):
                sent += committed
        finally:
            typer.echo(f"sent {sent:,}, left {left:,}, not confirmed {len(wanted) - sent:,}")


def _why_not(letter: DeadLetter, topics: tuple[str, ...], most_attempts: int) -> str | None:
    topic = letter.about("original.topic")
    if topic not in topics:
        return f"its topic {topic!r} is none of the document topics"
    if letter.cut:
        return "it was too large to keep whole"
    if letter.attempts >= most_attempts:
        return f"it was sent again {letter.attempts} times; `--most-attempts` allows more"
    return None


def _vin(letter: DeadLetter) -> bytes | None:
    from detectors.decoding import decode

    try:
        return decode(letter.value or b"").vin.encode()
    except DocumentError:
        return None
