"""The command line: one file a command, put together here."""

import typer

from streams.cli.bench import bench
from streams.cli.spikes import spikes

app = typer.Typer(
    name="zeromile",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Says, with evidence, which cars are being sold twice.",
)
app.command()(spikes)
app.add_typer(bench, name="bench")


def main() -> None:
    """Run the command line."""
    app()
