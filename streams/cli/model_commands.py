"""What the commands about models do; apart, because scikit-learn takes seconds to import."""

from pathlib import Path

import msgspec
import typer

from detectors.errors import ZeromileError
from detectors.forest.drift import measure_drift
from detectors.forest.training import TrainingRefused, TrainingSettings
from detectors.registry import Catalogue
from streams.backfill.backfill import Backfill, Means
from streams.cli import exit_codes
from streams.cli.console import console_beside, errors, fail, out
from streams.cli.model_tables import (
    agreement_table,
    comparison_table,
    drift_table,
    forest_table,
    origin_table,
    population_table,
)
from streams.cli.progress import replay_progress
from streams.cli.replay import check_readable, processors
from streams.models.choice import model_directory
from streams.models.comparison import Agreement, compare
from streams.models.metrics import write_metrics
from streams.models.population import Populations, PopulationVisitor
from streams.models.reading import LoadedModel, read_model
from streams.models.training import NewModel, train_model
from streams.models.writing import roll_back, write_model
from streams.setup.identities import decode_from_environment
from streams.setup.outputs import Outputs
from streams.setup.policy import load_policy


def train(files: list[Path], directory: Path, settings: TrainingSettings, config: Path | None) -> None:
    """Train on recorded streams and write the model; leaves with 1 where that is refused."""
    found = read_populations(files, config)
    out.print(population_table(found))
    try:
        with errors.status("training"):
            new = train_model(found, settings)
    except TrainingRefused as refused:
        errors.print(f"[bold red]refused:[/] {refused}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    try:
        write_model(directory, new.manifest, new.payload)
    except OSError as error:
        fail(f"cannot write to {directory}: {error.strerror}")
    _report(new, directory)


def _report(new: NewModel, directory: Path) -> None:
    out.print(forest_table(new.manifest))
    if new.silent:
        errors.print(f"hardly any vehicle states: {', '.join(new.silent)}", soft_wrap=True)
    if new.without_exports is not None:
        errors.print(f"no forest among exports: {new.without_exports}", soft_wrap=True)
    out.print(f"{new.model.model_id} written to {directory}", highlight=False, soft_wrap=True)


def show(directory: str, *, as_json: bool) -> None:
    """Check a model and show its manifest."""
    manifest = load(directory).manifest
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(manifest), indent=2).decode())
        return
    out.print(forest_table(manifest))
    out.print(origin_table(manifest))


def compare_two(first: str, second: str, files: list[Path]) -> None:
    """Show two models and, where there are files, how they judge the same vehicles."""
    one, other = load(first), load(second)
    out.print(comparison_table(one.manifest, other.manifest))
    if files:
        out.print(agreement_table(_agreements(one, other, read_populations(files, None))))


def drift(directory: str, files: list[Path], metrics: Path | None, *, force: bool) -> None:
    """Measure drift on recorded streams; leaves with 1 where there is a finding."""
    loaded = load(directory)
    read = [*files, model_directory(directory)]
    with Outputs({"--metrics": metrics}, read, force=force) as places:
        fresh = read_populations(files, None).reference
        measured = measure_drift(loaded.model.reference, fresh.table(), fresh.provinces)
        if not measured.vehicles:
            fail(f"nothing to compare: {'; '.join(measured.findings)}", exit_codes.WANTING)
        if metrics is not None:
            write_metrics(places.path("--metrics"), loaded.model.model_id, measured)
    console = console_beside(data_on_standard_output=places.use_standard_output)
    console.print(drift_table(measured))
    for finding in measured.findings:
        console.print(f"[yellow]finding:[/] {finding}", highlight=False, soft_wrap=True)
    if measured.findings:
        raise typer.Exit(1)


def rollback(directory: Path) -> None:
    """Swap a directory's current and previous model."""
    try:
        roll_back(directory)
    except OSError as error:
        fail(f"{directory} has no previous model: {error.strerror}")
    out.print(f"current model: {load(str(directory)).manifest.model_id}", highlight=False)


def load(directory: str) -> LoadedModel:
    """Read a model or leave with its reason."""
    try:
        return read_model(model_directory(directory))
    except ZeromileError as error:
        fail(str(error))


def read_populations(files: list[Path], config: Path | None) -> Populations:
    """Read recorded streams and sort their vehicles into training populations."""
    check_readable(files, ledger=True)
    visitor: PopulationVisitor
    try:
        catalogue = Catalogue(load_policy(config))
        decode, means = decode_from_environment(catalogue.policy.country), Means(processors())
        with Backfill(catalogue, None, decode, means=means, visitor=PopulationVisitor) as run:
            with replay_progress(files, errors) as (advance, judging):
                run.run(files, advance=advance, judging=judging)
            visitor = run.tally
    except ZeromileError as error:
        fail(str(error))
    return visitor.populations()


def _agreements(one: LoadedModel, other: LoadedModel, found: Populations) -> dict[str, Agreement]:
    agreements = {"reference": compare(one.model.reference, other.model.reference, found.reference)}
    if one.model.exports is not None and other.model.exports is not None:
        agreements["among exports"] = compare(one.model.exports, other.model.exports, found.exports)
    return agreements
