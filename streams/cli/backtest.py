"""`zeromile backtest`: two policies or models over the same documents, and a threshold swept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from streams.cli.console import errors, out
from streams.cli.replay import (
    Files,
    Force,
    Memory,
    Scratch,
    WatermarkTime,
    Workers,
    check_folder,
    check_readable,
    parse_day,
    processors,
)
from streams.setup.outputs import Outputs

if TYPE_CHECKING:
    from rich.table import Table

    from streams.lab.backtest import Comparison, Labelled, Load


def backtest(
    files: Files,
    *,
    a: Annotated[
        Path | None, typer.Option("--a", metavar="POLICY", help="Policy of A; default the shipped one.")
    ] = None,
    b: Annotated[
        Path | None, typer.Option("--b", metavar="POLICY", help="Policy of B; default the shipped one.")
    ] = None,
    model_a: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Model of A: a directory, or default.")
    ] = None,
    model_b: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Model of B: a directory, or default.")
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            metavar="DIR",
            help="Rules by which B judges too (with --sweep A): `zeromile rules new` makes one.",
        ),
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(
            metavar="DETECTOR.PARAMETER=LOW..HIGH[:STEP]",
            help="Instead of B: policy A with one threshold at each of these values.",
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="What the people were about, as for `evaluate`: both sides are scored."),
    ] = None,
    out_directory: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Write comparison.json, differences.parquet and comparison.html there.",
        ),
    ] = None,
    watermark: WatermarkTime = None,
    workers: Workers = None,
    memory: Memory = "2GiB",
    scratch: Scratch = None,
    force: Force = False,
) -> None:
    """Say what another policy or model would change before anybody is told by it.

    Exit codes: 0 fine, 2 wrong use.
    """
    from streams.backfill.backfill import Means
    from streams.feeds.reading import STANDARD_INPUT
    from streams.setup.identities import decode_from_environment

    check_readable(files, ledger=True)
    check_folder(scratch)
    if STANDARD_INPUT in files:
        raise typer.BadParameter("documents are read more than once: give files", param_hint="FILES")
    if sweep is not None and (b is not None or model_b is not None or out_directory is not None):
        raise typer.BadParameter("it takes the place of B and writes no files", param_hint="--sweep")
    if sweep is None and (a, model_a, None) == (b, model_b, rules):
        raise typer.BadParameter(
            "A and B are the same: give --b, --model-b, --rules or --sweep", param_hint="--b"
        )
    decode = decode_from_environment()
    run = _Run(
        files, decode, Means(workers or processors(), memory, scratch),
        parse_day(watermark), _labelled(files[0], truth, decode) if truth is not None else None,
    )  # fmt: skip
    if sweep is not None:
        _sweep(run, Side(a, model_a, rules), sweep)
        return
    _compare(run, Side(a, model_a), Side(b, model_b, rules), out_directory, force=force)


class Side(NamedTuple):
    """By what one side judges."""

    policy: Path | None
    model: str | None
    rules: Path | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """What all runs of one command share."""

    files: list[Path]
    decode: Any
    means: Any
    day: int | None
    labelled: Labelled | None

    def firing(self, catalogue: Any) -> Any:
        from streams.lab.backtest import firing

        return firing(self.files, catalogue, self.decode, self.means, self.day)


def _labelled(documents: Path, truth: Path, decode: Any) -> Labelled:
    from streams.evaluation import read_register, read_truth
    from streams.lab.backtest import Labelled

    return Labelled(read_truth(truth), read_register(documents, decode))


def _compare(
    run: _Run,
    side_a: Side,
    side_b: Side,
    directory: Path | None,
    *,
    force: bool,
) -> None:
    from detectors.registry import Catalogue
    from streams.lab.backtest import compare
    from streams.lab.writing import FILES, write_comparison
    from streams.models.choice import choose_model
    from streams.setup.policy import load_policy

    catalogues = [
        Catalogue(load_policy(side.policy, rules=side.rules), choose_model(side.model))
        for side in (side_a, side_b)
    ]
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
    wanted = {name: None if directory is None else directory / name for name in FILES}
    with Outputs(wanted, [*run.files, side_a.policy, side_b.policy], force=force) as places:
        errors.print("judging by A, then by B", highlight=False)
        before, after = (run.firing(catalogue) for catalogue in catalogues)
        comparison, found = compare(before, after, run.labelled)
        if directory is not None:
            paths = {name: places.path(name) for name in FILES}
            write_comparison(paths, comparison, found, (_named(side_a), _named(side_b)))
    for table in _tables(comparison):
        out.print(table)


def _named(side: Side) -> str:
    named = "the shipped policy" if side.policy is None else f"the policy {side.policy.name}"
    more = [] if side.model is None else [f"the model {Path(side.model).name}"]
    more += [] if side.rules is None else [f"the rules {side.rules.name}"]
    return " with ".join([named, *([" and ".join(more)] if more else [])])


def _tables(comparison: Comparison) -> list[Table]:
    from rich.table import Table

    sides = Table("", "A", "B", title="What there is to look into", title_justify="left")
    for load in _loads(comparison.load_a, comparison.load_b):
        sides.add_row(*load)
    if comparison.score_a is not None and comparison.score_b is not None:
        for row, other in zip(comparison.score_a.kinds, comparison.score_b.kinds, strict=True):
            sides.add_row(f"{row.kind} vehicles accused", _percent(row), _percent(other))
    changes = Table(
        "by", "", *comparison.changes, title="What differs (only B, only A, severity, words)",
        title_justify="left",
    )  # fmt: skip
    changes.add_row("all", "", *(f"{n:,}" for n in comparison.changes.values()))
    for label, values in comparison.by.items():
        for value, counts in values.items():
            cells = [f"{counts[kind]:,}" if kind in counts else "" for kind in comparison.changes]
            changes.add_row(label, value, *cells)
    for table in (sides, changes):
        for column in table.columns[1 if table is sides else 2 :]:
            column.justify = "right"
    return [sides, changes]


def _percent(row: Any) -> str:
    return "" if row.accused.share is None else f"{100 * row.accused.share:.2f} %"


def _loads(a: Load, b: Load) -> list[tuple[str, str, str]]:
    return [
        ("alerts", f"{a.alerts:,}", f"{b.alerts:,}"),
        ("vehicles", f"{a.vehicles:,}", f"{b.vehicles:,}"),
        ("vehicles a week", f"{a.vehicles_a_week:g}", f"{b.vehicles_a_week:g}"),
    ]


def _sweep(run: _Run, side: Side, text: str) -> None:
    from rich.table import Table

    from detectors.registry import Catalogue
    from streams.lab.backtest import load_of, scored
    from streams.lab.sweep import parse_sweep, policies
    from streams.models.choice import choose_model
    from streams.setup.policy import load_policy

    chosen, wanted = choose_model(side.model), parse_sweep(text)
    variants = list(policies(load_policy(side.policy, rules=side.rules), wanted))
    truth = ("schemes accused", "others accused") if run.labelled is not None else ()
    table = Table(
        wanted.parameter,
        f"alerts of {wanted.detector}",
        "alerts",
        "vehicles",
        "vehicles a week",
        *truth,
    )
    for column in table.columns:
        column.justify = "right"
    for value, variant in variants:
        errors.print(f"{wanted.detector}.{wanted.parameter} = {value:g}", highlight=False)
        alerts = run.firing(Catalogue(variant, chosen))
        load = load_of(alerts)
        own = sum(alert.detector == wanted.detector for alert in alerts.values())
        card = scored(alerts, run.labelled)
        figures = [] if card is None else [_accused(card, schemes=True), _accused(card, schemes=False)]
        table.add_row(
            f"{value:g}", f"{own:,}", f"{load.alerts:,}", f"{load.vehicles:,}",
            f"{load.vehicles_a_week:g}", *figures,
        )  # fmt: skip
    out.print(table)


def _accused(card: Any, *, schemes: bool) -> str:
    from streams.evaluation.shares import share
    from streams.evaluation.truth import SCHEMES

    rows = [row for row in card.kinds if (row.kind in SCHEMES) is schemes]
    whole = share(sum(row.accused.count for row in rows), sum(row.vehicles for row in rows))
    return "" if whole.share is None else f"{100 * whole.share:.2f} %"
