"""The command line: one file a command, put together here."""

import typer

from streams.cli.replay import replay

app = typer.Typer(
    name="zeromile",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Says, with evidence, which cars are being sold twice.",
)
app.command()(replay)


@app.callback()
def _root() -> None:
    """Say, with evidence, which cars are being sold twice."""


def main() -> None:
    """Run the command line."""
    app()
