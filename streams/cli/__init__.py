"""The command line: one file a command, put together here."""

from typing import Annotated

import typer

from streams import __version__
from streams.cli import alerts, bench, dead_letters, detectors, model, policy, settings, topics
from streams.cli.demo import demo
from streams.cli.doctor import doctor
from streams.cli.evaluate import evaluate
from streams.cli.explain import explain
from streams.cli.publish import publish
from streams.cli.replay import replay
from streams.cli.simulate import simulate
from streams.cli.sink import sink
from streams.cli.spikes import spikes
from streams.cli.train import train
from streams.cli.vehicle import vehicle
from streams.cli.worker import worker

app = typer.Typer(
    name="zeromile",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(replay)
app.command()(explain)
app.command()(simulate)
app.command()(evaluate)
app.command()(train)
app.command()(spikes)
app.command()(worker)
app.command()(sink)
app.command()(publish)
app.command()(vehicle)
app.command()(doctor)
app.add_typer(bench.app, name="bench")
app.add_typer(detectors.app, name="detectors")
app.add_typer(model.app, name="model")
app.add_typer(policy.app, name="policy")
app.add_typer(alerts.app, name="alerts")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(topics.app, name="topics")
app.add_typer(settings.app, name="settings")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"zeromile {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Say, with evidence, which cars are being sold twice."""


def main() -> None:
    """Run the command line."""
    app()
