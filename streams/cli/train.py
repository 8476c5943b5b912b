"""`zeromile train`: a model from recorded streams."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from detectors.errors import ZeromileError
from detectors.forest.training import TrainingRefused, TrainingSettings
from detectors.registry import Catalogue
from streams.cli.console import errors, fail, out
from streams.cli.progress import reading_progress
from streams.cli.replay import Config, Files, check_readable
from streams.models.manifest import Manifest
from streams.models.population import Populations, gather
from streams.models.training import NewModel, train_model
from streams.models.writing import write_model
from streams.policy import load_policy
from streams.replay import Replay


def train(
    files: Files,
    *,
    out_directory: Annotated[
        Path, typer.Option("--out", help="Model directory; the model in it is kept as the previous.")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Same documents, same seed, same model.")] = 0,
    trees: Annotated[int, typer.Option(min=10, max=1000, help="Trees of each forest.")] = 100,
    samples: Annotated[
        int, typer.Option(min=64, max=65_536, help="Vehicles drawn for each tree.")
    ] = 1024,
    config: Config = None,
) -> None:
    """Train both forests on recorded streams and write a model directory.

    The reference forest learns from vehicles that no rule reports, that are old enough, plausibly
    driven and long enough past; the forest among exports from all used exports. A window that is
    too small or contaminated is refused, with what was found.

    Exit codes: 0 trained, 1 refused, 2 wrong use.
    """
    check_readable(files)
    if out_directory.exists() and not out_directory.is_dir():
        raise typer.BadParameter(f"{out_directory} is not a folder", param_hint="--out")
    try:
        run = Replay(Catalogue(load_policy(config)))
        with reading_progress(files, errors) as advance:
            run.run(files, advance=advance)
    except ZeromileError as error:
        fail(str(error))
    found = gather(run.engine)
    out.print(population_table(found))
    try:
        with errors.status("training"):
            new = train_model(found, TrainingSettings(trees=trees, samples=samples, seed=seed))
    except TrainingRefused as refused:
        errors.print(f"[bold red]refused:[/] {refused}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    write_model(out_directory, new.manifest, new.payload)
    _report(new, out_directory)


def population_table(found: Populations) -> Table:
    """Who was offered, who entered, who did not and why."""
    table = Table(
        title=f"Population of {found.window.first_day} to {found.window.last_day}",
        title_justify="left",
    )
    table.add_column("vehicles")
    table.add_column("number", justify="right")
    table.add_row("offered", f"{found.offered:,}")
    table.add_row("nothing to judge: still with the first owner", f"{_unjudged(found):,}")
    for reason, number in sorted(found.refused.items()):
        table.add_row(f"not in the reference: {reason}", f"{number:,}")
    domestic = len(found.reference.values) - found.reference_exports
    table.add_row("reference: domestic life cycles", f"{domestic:,}")
    table.add_row("reference: vetted genuine used exports", f"{found.reference_exports:,}")
    table.add_row("exports: all used exports", f"{len(found.exports.values):,}")
    return table


def _unjudged(found: Populations) -> int:
    return found.offered - found.judgeable


def _report(new: NewModel, directory: Path) -> None:
    out.print(forest_table(new.manifest))
    if new.without_exports is not None:
        errors.print(f"no forest among exports: {new.without_exports}", soft_wrap=True)
    out.print(f"{new.model.model_id} written to {directory}", highlight=False, soft_wrap=True)


def forest_table(manifest: Manifest) -> Table:
    """The forests of a model side by side."""
    table = Table(title=f"Model {manifest.model_id}", title_justify="left")
    entries = [("reference", manifest.reference)]
    if manifest.exports is not None:
        entries.append(("among exports", manifest.exports))
    table.add_column("")
    for name, _ in entries:
        table.add_column(name, justify="right", overflow="fold")
    rows = {
        "vehicles trained on": [f"{entry.rows:,}" for _, entry in entries],
        "vehicles held out": [f"{entry.held_out:,}" for _, entry in entries],
        "least p-value": [f"{1 / (entry.held_out + 1):.1e}" for _, entry in entries],
        "trees x samples": [f"{entry.trees} x {entry.samples}" for _, entry in entries],
        "score at p = 0.01": [f"{entry.score_at_1_percent:.4f}" for _, entry in entries],
        "provinces": [f"{len(entry.provinces)}" for _, entry in entries],
    }
    for metric in sorted({name for _, entry in entries for name in entry.metrics}):
        rows[metric.replace("_", " ")] = [
            f"{entry.metrics[metric]:.4f}" if metric in entry.metrics else "" for _, entry in entries
        ]
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table
