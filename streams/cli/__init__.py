"""The command line: one file a command, put together here."""

import typer

app = typer.Typer(
    name="zeromile",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Says, with evidence, which cars are being sold twice.",
)


def main() -> None:
    """Run the command line."""
    app()
