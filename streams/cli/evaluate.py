"""`zeromile evaluate`: how good the detectors are on a labelled stream."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from detectors.errors import ZeromileError
from detectors.registry import Catalogue
from streams.cli.console import errors, fail, out
from streams.cli.progress import reading_progress
from streams.cli.replay import Config, ModelChoice, check_readable
from streams.evaluation import observe_alerts, observe_run, read_truth, score
from streams.evaluation.observing import ObservedRun
from streams.evaluation.tables import score_tables
from streams.models.choice import choose_model
from streams.setup.policy import load_policy


def evaluate(
    file: Annotated[Path, typer.Argument(help="The labelled stream, as `simulate` wrote it.")],
    *,
    truth: Annotated[Path, typer.Option(help="What is true about it.")],
    alerts: Annotated[
        Path | None,
        typer.Option(
            help="Score the alert changes that a replay wrote, instead of running the detectors; "
            "delays are then not known."
        ),
    ] = None,
    config: Config = None,
    model: ModelChoice = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the score card as JSON.")] = False,
) -> None:
    """Score the detectors: recall, precision, delays, by detector, scheme and look-alike."""
    check_readable([file])
    check_readable([truth], ("truth",))
    check_readable([] if alerts is None else [alerts], ("alerts",))
    for given, name, option in ((config, "policy", "--config"), (model, "model", "--model")):
        if alerts is not None and given is not None:
            raise typer.BadParameter(
                f"a {name} changes nothing in alerts already written", param_hint=option
            )
    try:
        known = read_truth(truth)
        seen = observe_alerts(alerts) if alerts else _run(file, config, model)
    except (ZeromileError, OSError) as error:
        fail(str(error))
    documents = known.country.documents if known.country else None
    if seen.documents not in {None, documents}:
        fail(
            f"{file} has {seen.documents} documents, but {truth} speaks of {documents}: "
            "it is the truth of another stream"
        )
    card = score(known, seen)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(card)).decode())
        return
    for table in score_tables(card):
        out.print(table)


def _run(file: Path, config: Path | None, model: str | None) -> ObservedRun:
    catalogue = Catalogue(load_policy(config), choose_model(model))
    with reading_progress([file], errors) as advance:
        return observe_run(file, catalogue, advance(file) if advance else None)
