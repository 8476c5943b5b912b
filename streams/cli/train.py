"""`zeromile train`: a model from recorded streams."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.replay import Config, Files, check_readable


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
    """Train both forests on recorded streams or a ledger and write a model directory.

    The reference forest learns from vehicles that no rule reports, that are old enough, plausibly
    driven and long enough past; the forest among exports from all used exports. A window that is
    too small or contaminated is refused, with what was found.

    Exit codes: 0 trained, 1 refused, 2 wrong use.
    """
    check_readable(files, ledger=True)
    # scikit-learn takes seconds to import: other commands do not wait for it
    from detectors.forest.training import TrainingSettings
    from streams.cli import model_commands
    from streams.models.writing import check_model_directory

    check_model_directory(out_directory)
    settings = TrainingSettings(trees=trees, samples=samples, seed=seed)
    model_commands.train(files, out_directory, settings, config)
