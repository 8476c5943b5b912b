"""The command line: one file a command, put together here."""

import typer

from streams.cli import alerts, dead_letters, settings, topics
from streams.cli.doctor import doctor
from streams.cli.publish import publish
from streams.cli.replay import replay
from streams.cli.vehicle import vehicle
from streams.cli.worker import worker

app = typer.Typer(
    name="zeromile",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Says, with evidence, which cars are being sold twice.",
)
app.command()(replay)
app.command()(worker)
app.command()(publish)
app.command()(vehicle)
app.command()(doctor)
app.add_typer(alerts.app, name="alerts")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(topics.app, name="topics")
app.add_typer(settings.app, name="settings")


@app.callback()
def _root() -> None:
    """Say, with evidence, which cars are being sold twice."""


def main() -> None:
    """Run the command line."""
    app()
