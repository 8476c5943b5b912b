"""`zeromile topics`: make the topics and check them."""

from __future__ import annotations

import typer

from streams.cli.service_options import Bootstrap, kafka_errors_explained, settings_or_exit
from streams.kafka.topic_admin import Difference, admin_client, apply_topics, check_topics
from streams.service.layout import catalogue_of

app = typer.Typer(no_args_is_help=True, help="Make and check the topics on Kafka.")


@app.command("apply")
def apply_command(bootstrap: Bootstrap = None) -> None:
    """Make missing topics and set differing topic settings; safe to repeat."""
    settings = settings_or_exit(bootstrap_servers=bootstrap)
    with kafka_errors_explained(settings), admin_client(settings) as client:
        left = apply_topics(client, catalogue_of(settings))
    _report(left)


@app.command("check")
def check_command(bootstrap: Bootstrap = None) -> None:
    """Say how the topics differ from what they should be; status 1 if they do."""
    settings = settings_or_exit(bootstrap_servers=bootstrap)
    with kafka_errors_explained(settings), admin_client(settings) as client:
        found = check_topics(client, catalogue_of(settings))
    _report(found)


def _report(differences: list[Difference]) -> None:
    for difference in differences:
        typer.echo(str(difference))
    if differences:
        raise typer.Exit(1)
    typer.echo("all topics are as they should be")
