"""`zeromile dead-letters`: look at refused documents and send them again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from kafka import KafkaProducer
from rich.table import Table

from detectors.decoding import decode
from detectors.errors import DocumentError
from streams.cli.console import fail, out
from streams.cli.service_options import Bootstrap, kafka_errors_explained, settings_or_exit
from streams.kafka.blocking_clients import opened
from streams.kafka.dead_letters import DeadLetter, original_headers
from streams.kafka.reading import committed_reader, partitions_of, read_to_present_end
from streams.service.layout import names_of
from streams.service.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Look at refused documents and send them again.")

Reason = Annotated[str | None, typer.Option(help="Only letters refused for this reason.")]
SHOWN = 120


def _letters(settings: Settings, reason: str | None) -> Iterator[DeadLetter]:
    """Letters, one for each refused record: a crash may have written one twice."""
    seen: set[str] = set()
    with committed_reader(settings) as consumer:
        partitions = partitions_of(consumer, names_of(settings).dead_letters)
        for r in read_to_present_end(consumer, partitions):
            letter = DeadLetter(r.partition, r.offset, r.key, r.value, r.headers)
            if letter.identity not in seen and reason in (None, letter.about("error.class")):
                seen.add(letter.identity)
                yield letter


@app.command("list")
def list_command(reason: Reason = None, bootstrap: Bootstrap = None) -> None:
    """List refused documents with where they were read and why they were refused."""
    settings = settings_or_exit(bootstrap_servers=bootstrap)
    table = Table("letter", "reason", "failed at", "message")
    with kafka_errors_explained(settings):
        for letter in _letters(settings, reason):
            message = letter.about("error.message")
            table.add_row(
                letter.identity,
                letter.about("error.class"),
                letter.about("failed_at"),
                message if len(message) <= SHOWN else message[: SHOWN - 1] + "…",
            )
    out.print(table)


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
        typer.echo(f"{name}: {(data or b'').decode('utf-8', 'backslashreplace')}")
    key = found.key
    typer.echo(f"key: {'none' if key is None else key.decode('utf-8', 'backslashreplace')}")
    typer.echo("")
    typer.echo((found.value or b"").decode("utf-8", "backslashreplace"))


@app.command("redrive")
def redrive_command(
    reason: Reason = None,
    *,
    rekey: Annotated[
        bool, typer.Option(help="Put documents under their VIN where that is readable.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what would be sent.")] = False,
    bootstrap: Bootstrap = None,
) -> None:
    """Send refused documents to their topics again, after the fault has been mended.

    Safe to repeat: a document that was accepted meanwhile is a duplicate and counts once.
    """
    settings = settings_or_exit(bootstrap_servers=bootstrap)
    sent = skipped = 0
    with kafka_errors_explained(settings):
        letters = list(_letters(settings, reason))
        with opened(KafkaProducer, settings, acks="all") as producer:
            for letter in letters:
                topic = letter.about("original.topic")
                if topic not in names_of(settings).documents or letter.cut:
                    typer.echo(f"{letter.identity}: not sent, {_why_not(letter)}", err=True)
                    skipped += 1
                    continue
                key = _vin(letter) or letter.key if rekey else letter.key
                sent += 1
                if not dry_run:
                    # kafka-python takes no header without a value.
                    headers = [(name, data or b"") for name, data in original_headers(letter.headers)]
                    producer.send(topic, value=letter.value, key=key, headers=headers)
            producer.flush()
    typer.echo(f"{'would send' if dry_run else 'sent'} {sent:,}, left {skipped:,}")


def _why_not(letter: DeadLetter) -> str:
    if letter.cut:
        return "it was too large to keep whole"
    return f"its topic {letter.about('original.topic')!r} is none of the document topics"


def _vin(letter: DeadLetter) -> bytes | None:
    try:
        return decode(letter.value or b"").vin.encode()
    except DocumentError:
        return None
