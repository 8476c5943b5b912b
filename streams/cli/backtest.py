"""`zeromile backtest`: two policies or models over the same documents, and a threshold swept."""

from __future__ import annotations

from collections import ChainMap
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import msgspec
import typer

from streams.cli.console import errors, fail, out, plain
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
from streams.feeds.reading import STANDARD_INPUT
from streams.setup.outputs import Outputs

if TYPE_CHECKING:
    from rich.table import Table

    from detectors.alerts import Alert
    from detectors.registry import Catalogue
    from streams.evaluation.shares import WilsonShare
    from streams.lab.backtest import Comparison, Labelled, Load
    from streams.lab.laboratory import Laboratory

_PARTIES: Final = 5
"""Parties that the table shows; the page shows more."""


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
    outcomes: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Database of the desk: both sides are held against what was decided."
        ),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole", help="Judge by the detectors that do not differ too; --truth and --outcomes do."
        ),
    ] = False,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="Compare alerts from this day on.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Compare alerts up to this day.")
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
    from streams.setup.policy import load_policy

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
    country = load_policy(a, rules=None if sweep is None else rules).country
    run = _Run(
        files, processors() if workers is None else workers, memory, scratch,
        parse_day(watermark, country), truth, outcomes,
        (parse_day(first, country, "--from"), parse_day(last, country, "--to")),
        whole or truth is not None or outcomes is not None,
    )  # fmt: skip
    if sweep is not None:
        run.sweep(Side(a, model_a, rules), sweep)
        return
    run.compare(Side(a, model_a), Side(b, model_b, rules), out_directory, force=force)


class Side(NamedTuple):
    """By what one side judges."""

    policy: Path | None
    model: str | None
    rules: Path | None = None

    def catalogue(self) -> Catalogue:
        """Its detectors."""
        from detectors.registry import Catalogue
        from streams.models.choice import choose_model
        from streams.setup.policy import load_policy

        return Catalogue(load_policy(self.policy, rules=self.rules), choose_model(self.model))

    def named(self) -> str:
        """The same for people."""
        named = "the shipped policy" if self.policy is None else f"the policy {self.policy.name}"
        more = [] if self.model is None else [f"the model {Path(self.model).name}"]
        more += [] if self.rules is None else [f"the rules {self.rules.name}"]
        return " with ".join([named, *([" and ".join(more)] if more else [])])


@dataclass(frozen=True, slots=True)
class _Run:
    """What was asked for, whatever the sides are."""

    files: list[Path]
    workers: int
    memory: str
    scratch: Path | None
    day: int | None
    truth: Path | None
    outcomes: str | None
    period: tuple[int | None, int | None]
    whole: bool

    def compare(self, side_a: Side, side_b: Side, directory: Path | None, *, force: bool) -> None:
        """Judge by A and by B and say what differs."""
        from streams.cli.outcome import leave_by_failures
        from streams.lab.backtest import compare, within
        from streams.lab.parties import parties_of
        from streams.lab.writing import FILES, samples, write_comparison

        a, b = side_a.catalogue(), side_b.catalogue()
        if a.policy.country != b.policy.country:
            fail("A and B are of different countries; allowed: one, for documents are read by one")
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        wanted = {name: None if directory is None else directory / name for name in FILES}
        inputs = [*self.files, side_a.policy, side_b.policy, self.truth]
        with Outputs(wanted, inputs, force=force) as places, self._laboratory(a) as laboratory:
            labelled, outcomes = self._labelled(a), self._outcomes()
            errors.print("judging by A and by B", highlight=False)
            sides = laboratory.both(a, b, whole=self.whole)
            before, after = within(sides.before, *self.period), within(sides.after, *self.period)
            comparison, found = compare(before, after, labelled, outcomes)
            vehicles = {one.shown.subject for one in found if one.shown.subject_type == "vehicle"}
            comparison = msgspec.structs.replace(
                comparison,
                detectors=sides.detectors,
                parties=tuple(parties_of(found, sides.named)),
            )
            if directory is not None:
                shown = {one.shown.subject for some in samples(found).values() for one in some}
                lives = dict(ChainMap(*laboratory.histories(a, shown & vehicles)))
                paths = {name: places.path(name) for name in FILES}
                names = (side_a.named(), side_b.named())
                write_comparison(paths, comparison, found, names, lives, country=a.policy.country)
        for table in _tables(comparison):
            out.print(table)
        leave_by_failures(laboratory.failures.values())

    def sweep(self, side: Side, text: str) -> None:
        """Judge by A, then by each value of one of its thresholds."""
        from streams.cli.outcome import leave_by_failures
        from streams.lab.backtest import within
        from streams.lab.sweep import parse_sweep, policies

        a, wanted = side.catalogue(), parse_sweep(text)
        variants = list(policies(a.policy, wanted))
        labelled = self._labelled(a)
        table = _sweep_table(wanted.parameter, wanted.detector, scored=labelled is not None)
        with self._laboratory(a) as laboratory:
            errors.print(f"judging by A and {len(variants)} values", highlight=False)
            swept = [type(a)(policy, a.model) for _, policy in variants]
            for (value, _), alerts in zip(variants, laboratory.variants(a, swept), strict=True):
                _add_row(table, value, wanted.detector, within(alerts, *self.period), labelled)
        out.print(table)
        leave_by_failures(laboratory.failures.values())

    def _laboratory(self, a: Catalogue) -> AbstractContextManager[Laboratory]:
        from streams.backfill.backfill import Means
        from streams.lab.laboratory import open_laboratory

        means = Means(self.workers, self.memory, self.scratch)
        return open_laboratory(self.files, a, means, self.day)

    def _labelled(self, a: Catalogue) -> Labelled | None:
        from streams.evaluation import read_register, read_truth
        from streams.lab.backtest import Labelled
        from streams.setup.identities import decode_from_environment

        if self.truth is None:
            return None
        decode = decode_from_environment(a.policy.country)
        return Labelled(read_truth(self.truth), read_register(self.files[0], decode))

    def _outcomes(self) -> dict[str, str] | None:
        from streams.lab.outcomes import read_outcomes

        return None if self.outcomes is None else read_outcomes(self.outcomes)


def _tables(comparison: Comparison) -> list[Table]:
    from rich.table import Table

    names = comparison.detectors
    of = "" if names is None else f", by {', '.join(names) or 'no detector: none differs'}"
    sides = Table("", "A", "B", title=f"What there is to look into{of}", title_justify="left")
    for load in _loads(comparison.load_a, comparison.load_b):
        sides.add_row(*load)
    if comparison.score_a is not None and comparison.score_b is not None:
        for row, other in zip(comparison.score_a.kinds, comparison.score_b.kinds, strict=True):
            sides.add_row(f"{row.kind} vehicles accused", _percent(row), _percent(other))
    if comparison.outcomes_a is not None and comparison.outcomes_b is not None:
        old, new = comparison.outcomes_a, comparison.outcomes_b
        sides.add_row("right, of those decided", _interval(old.right), _interval(new.right))
        sides.add_row("said, of those found right", _interval(old.found), _interval(new.found))
    changes = Table(
        "by", "", *comparison.changes, title="What differs (only B, only A, severity, words)",
        title_justify="left",
    )  # fmt: skip
    changes.add_row("all", "", *(f"{n:,}" for n in comparison.changes.values()))
    for label, values in comparison.by.items():
        for value, counts in values.items():
            cells = [f"{counts[kind]:,}" if kind in counts else "" for kind in comparison.changes]
            changes.add_row(label, value, *cells)
    for party in comparison.parties[:_PARTIES]:
        cells = [f"{party.changes[k]:,}" if k in party.changes else "" for k in comparison.changes]
        changes.add_row(party.role, plain(party.party), *cells)
    for table in (sides, changes):
        for column in table.columns[1 if table is sides else 2 :]:
            column.justify = "right"
    return [sides, changes]


def _percent(row: Any) -> str:
    return "" if row.accused.share is None else f"{100 * row.accused.share:.2f} %"


def _interval(share: WilsonShare) -> str:
    if share.low is None or share.high is None:
        return f"{share.count:,} of {share.of:,}"
    return f"{share.count:,} of {share.of:,} ({100 * share.low:.0f} to {100 * share.high:.0f} %)"


def _loads(a: Load, b: Load) -> list[tuple[str, str, str]]:
    return [
        ("alerts", f"{a.alerts:,}", f"{b.alerts:,}"),
        ("vehicles", f"{a.vehicles:,}", f"{b.vehicles:,}"),
        ("vehicles a week", f"{a.vehicles_a_week:g}", f"{b.vehicles_a_week:g}"),
    ]


def _sweep_table(parameter: str, detector: str, *, scored: bool) -> Table:
    from rich.table import Table

    truth = ("schemes accused", "others accused") if scored else ()
    table = Table(parameter, f"alerts of {detector}", "alerts", "vehicles", "vehicles a week", *truth)
    for column in table.columns:
        column.justify = "right"
    return table


def _add_row(
    table: Table, value: float, detector: str, alerts: dict[str, Alert], labelled: Labelled | None
) -> None:
    from streams.lab.backtest import load_of, scored

    load, card = load_of(alerts), scored(alerts, labelled)
    own = sum(alert.detector == detector for alert in alerts.values())
    figures = [] if card is None else [_accused(card, schemes=True), _accused(card, schemes=False)]
    table.add_row(
        f"{value:g}", f"{own:,}", f"{load.alerts:,}", f"{load.vehicles:,}", f"{load.vehicles_a_week:g}",
        *figures,
    )  # fmt: skip


def _accused(card: Any, *, schemes: bool) -> str:
    from streams.evaluation.shares import share
    from streams.evaluation.truth import SCHEMES

    rows = [row for row in card.kinds if (row.kind in SCHEMES) is schemes]
    whole = share(sum(row.accused.count for row in rows), sum(row.vehicles for row in rows))
    return "" if whole.share is None else f"{100 * whole.share:.2f} %"
