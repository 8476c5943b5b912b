"""`zeromile evaluate`: how good the detectors are on a labelled stream."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from detectors.errors import ZeromileError
from streams.cli.console import errors, fail, out
from streams.cli.replay import Config, ModelChoice, Rules, check_readable

if TYPE_CHECKING:
    from streams.evaluation.baselines import Register
    from streams.evaluation.observing import ObservedRun


def evaluate(
    file: Annotated[Path, typer.Argument(help="The labelled stream, or a ledger of it.")],
    *,
    truth: Annotated[
        Path,
        typer.Option(
            help="What its people were about: what `simulate` wrote, or a CSV with the columns vehicle "
            "and label (known, scheme, innocent, ordinary) and, if known, class, from and to."
        ),
    ],
    alerts: Annotated[
        Path | None,
        typer.Option(
            help="Score the alert changes that a replay wrote, instead of running the detectors; "
            "delays are then not known."
        ),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="Score any system's answers instead: a CSV with the columns vehicle and score, more "
            "being worse, and day if it is known."
        ),
    ] = None,
    base_rate: Annotated[
        float,
        typer.Option(min=1e-6, max=0.5, help="Share of vehicles that are schemes in life."),
    ] = 0.012,
    config: Config = None,
    model: ModelChoice = None,
    rules: Rules = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the score card as JSON.")] = False,
) -> None:
    """Score alerts against the truth: who is accused, by class, detector, severity and budget."""
    import msgspec

    from streams.evaluation.answers import read_answers
    from streams.evaluation.observing import observe_alerts
    from streams.evaluation.scoring import score
    from streams.evaluation.tables import score_tables
    from streams.evaluation.truth import read_truth

    given = [path for path in (alerts, answers) if path is not None]
    if len(given) > 1:
        raise typer.BadParameter("give --alerts or --answers, not both", param_hint="--answers")
    check_readable([file], ledger=True)
    for path in (truth, answers):
        if path is not None and not path.is_file():
            raise typer.BadParameter(f"{path} is not a file")
    check_readable([alerts] if alerts else [], ("alerts",))
    for value, name, option in (
        (config, "policy", "--config"), (model, "model", "--model"), (rules, "rule", "--rules")
    ):  # fmt: skip
        if given and value is not None:
            raise typer.BadParameter(
                f"a {name} changes nothing in alerts already written", param_hint=option
            )
    try:
        known = read_truth(truth)
        if alerts is not None:
            seen, register = observe_alerts(alerts), _register(file)
        elif answers is not None:
            seen, register = read_answers(answers), _register(file)
        else:
            seen, register = _run(file, config, model, rules)
    except (ZeromileError, OSError) as error:
        fail(str(error))
    documents = known.country.documents if known.country else None
    if documents is not None and seen.documents not in {None, documents}:
        fail(
            f"{file} has {seen.documents} documents, but {truth} speaks of {documents}: "
            "it is the truth of another stream"
        )
    card = score(known, seen, register, base_rate)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(card)).decode())
        return
    for table in score_tables(card):
        out.print(table)


def _register(file: Path) -> Register:
    from streams.evaluation.baselines import read_register
    from streams.setup.identities import decode_from_environment
    from streams.setup.policy import load_policy

    return read_register(file, decode_from_environment(load_policy().country))


def _run(
    file: Path, config: Path | None, model: str | None, rules: Path | None
) -> tuple[ObservedRun, Register]:
    from detectors.registry import Catalogue
    from streams.cli.progress import reading_progress
    from streams.evaluation.observing import observe_run
    from streams.models.choice import choose_model
    from streams.setup.identities import decode_from_environment
    from streams.setup.policy import load_policy

    catalogue = Catalogue(load_policy(config, rules=rules), choose_model(model))
    decode = decode_from_environment(catalogue.policy.country)
    with reading_progress([file], errors) as advance:
        return observe_run(file, catalogue, decode, advance(file) if advance else None)
