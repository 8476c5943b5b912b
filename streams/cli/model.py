"""`zeromile model`: look at trained models, compare them, watch their drift, roll back."""

from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from streams.cli.replay import Files, Force

app = typer.Typer(no_args_is_help=True, help="Trained isolation forests.")

Directory = Annotated[str, typer.Argument(metavar="DIR", help="Model directory, or `default`.")]


@app.command("show")
def show_model(
    directory: Directory,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Check a model and show what it is and what it was trained on."""
    _commands().show(directory, as_json=json)


@app.command("compare")
def compare_models(
    first: Directory,
    second: Directory,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Recorded streams whose vehicles both models judge."),
    ] = None,
) -> None:
    """Show two models beside each other and, on recorded streams, where they disagree."""
    _commands().compare_two(first, second, files or [])


@app.command("drift")
def model_drift(
    directory: Directory,
    files: Files,
    *,
    metrics: Annotated[
        Path | None,
        typer.Option(help="Write the figures for Prometheus' text-file collector."),
    ] = None,
    force: Force = False,
) -> None:
    """Say whether fresh documents still come from the population a model knows.

    Exit codes: 0 they do, 1 a finding calls for another model, 2 wrong use.
    """
    _commands().drift(directory, files, metrics, force=force)


@app.command("rollback")
def roll_back_model(directory: Annotated[Path, typer.Argument(help="Model directory.")]) -> None:
    """Make the previous model of a directory the current one."""
    _commands().rollback(directory)


def _commands() -> ModuleType:
    """Import scikit-learn and what needs it; other commands do not wait for it."""
    from streams.cli import model_commands

    return model_commands
