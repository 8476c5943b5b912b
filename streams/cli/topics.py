"""`zeromile topics`: make the topics and check them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.exit_codes import UNREACHABLE
from streams.cli.service_options import Bootstrap, kafka_errors_explained, settings_or_exit

if TYPE_CHECKING:
    from streams.kafka.topic_admin import Difference

app = typer.Typer(no_args_is_help=True, help="Make and check the topics on Kafka.")


Wait = Annotated[
    float,
    typer.Option(
        "--wait", metavar="SECONDS", min=1, max=3600,
        help="How long to wait for a broker that does not answer yet.",
    ),
]  # fmt: skip


@app.command("apply")
def apply_command(bootstrap: Bootstrap = None, wait: Wait = 10.0) -> None:
    """Make missing topics and set differing settings, then write and read one record; safe to repeat.

    Exit codes: 0 fine, 1 differences are left, 2 wrong use, 3 no broker, or one that takes no records.
    """
    from streams.kafka.round_trip import RoundTripError, round_trip
    from streams.kafka.topic_admin import admin_client, apply_topics
    from streams.service.layout import catalogue_of, names_of

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    with kafka_errors_explained(settings), admin_client(settings, wait) as client:
        left = apply_topics(client, catalogue_of(settings))
    _report(left)
    try:
        seconds = round_trip(settings, names_of(settings).dead_letters, f"{settings.group}-round-trip")
    except RoundTripError as error:
        typer.echo(f"zeromile: {error}", err=True)
        raise typer.Exit(UNREACHABLE) from None
    typer.echo(f"a record was written and read in {seconds:.1f} s")


@app.command("check")
def check_command(bootstrap: Bootstrap = None) -> None:
    """Say how the topics differ from what they should be; status 1 if they do."""
    from streams.kafka.topic_admin import admin_client, check_topics
    from streams.service.layout import catalogue_of

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    with kafka_errors_explained(settings), admin_client(settings) as client:
        found = check_topics(client, catalogue_of(settings))
    _report(found)


def _report(differences: list[Difference]) -> None:
    from streams.kafka.topic_admin import described

    for said in described(differences):
        typer.echo(said)
    if differences:
        raise typer.Exit(1)
    typer.echo("all topics are as they should be")
