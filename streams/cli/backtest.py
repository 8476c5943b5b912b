"""`zeromile backtest`: two policies or models over the same documents, and a threshold swept."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from streams.cli.backtest_tables import comparison_tables, sweep_row, sweep_table
from streams.cli.console import errors, fail, out
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
    from detectors.registry import Catalogue
    from streams.lab.backtest import Labelled
    from streams.lab.laboratory import Laboratory, TwoSides


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
    program_a: Annotated[
        Path | None,
        typer.Option(metavar="ZEROMILE", help="The zeromile command of another version: it judges A."),
    ] = None,
    program_b: Annotated[
        Path | None,
        typer.Option(metavar="ZEROMILE", help="The zeromile command of another version: it judges B."),
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
    side_a, side_b = Side(a, model_a, program_a), Side(b, model_b, program_b, rules)
    if sweep is not None and (program_a, side_b[:3], out_directory) != (None, (None,) * 3, None):
        raise typer.BadParameter(
            "it takes the place of B, writes no files and is judged by this version",
            param_hint="--sweep",
        )
    if sweep is None and side_a == side_b:
        raise typer.BadParameter(
            "A and B are the same: give --b, --model-b, --program-b, --rules or --sweep",
            param_hint="--b",
        )
    country = load_policy(a, rules=None if sweep is None else rules).country
    run = _Run(
        files, processors() if workers is None else workers, memory, scratch,
        watermark, parse_day(watermark, country), truth, outcomes,
        (parse_day(first, country, "--from"), parse_day(last, country, "--to")),
        whole or truth is not None or outcomes is not None,
    )  # fmt: skip
    if sweep is not None:
        run.sweep(side_a._replace(rules=rules), sweep)
        return
    run.compare(side_a, side_b, out_directory, force=force)


class Side(NamedTuple):
    """By what one side judges."""

    policy: Path | None
    model: str | None
    program: Path | None = None
    """The command of another version that judges it."""
    rules: Path | None = None

    def words(self) -> list[str]:
        """The same as options of ``replay``."""
        given = {"--config": self.policy, "--model": self.model, "--rules": self.rules}
        return [word for name, one in given.items() if one is not None for word in (name, str(one))]

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
        if self.program is not None:
            from streams.lab.another_version import version_of

            more.append(version_of(self.program))
        return " with ".join([named, *([" and ".join(more)] if more else [])])


@dataclass(frozen=True, slots=True)
class _Run:
    """What was asked for, whatever the sides are."""

    files: list[Path]
    workers: int
    memory: str
    scratch: Path | None
    watermark: str | None
    day: int | None
    truth: Path | None
    outcomes: str | None
    period: tuple[int | None, int | None]
    whole: bool

    def compare(self, side_a: Side, side_b: Side, directory: Path | None, *, force: bool) -> None:
        """Judge by A and by B and say what differs."""
        from streams.cli.outcome import leave_by_failures
        from streams.lab.backtest import compare, with_scores
        from streams.lab.loads import within
        from streams.lab.writing import FILES, write_comparison

        a, b = side_a.catalogue(), side_b.catalogue()
        if a.policy.country != b.policy.country:
            fail("A and B are of different countries; allowed: one, for documents are read by one")
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        wanted = {name: None if directory is None else directory / name for name in FILES}
        inputs = [*self.files, side_a.policy, side_b.policy, self.truth]
        with Outputs(wanted, inputs, force=force) as places, self._laboratory(a) as laboratory:
            labelled, outcomes = self._labelled(a, laboratory), self._outcomes()
            errors.print("judging by A and by B", highlight=False)
            sides = self._judged(laboratory, (side_a, a), (side_b, b))
            if sides is None:
                differences, detectors = laboratory.differences(a, b, self.period)
            else:
                differences, detectors = laboratory.set_side_by_side(a, sides, self.period), None
            load_a, load_b = differences.loads
            comparison = compare(
                differences.rows,
                (load_a.load, load_b.load),
                parties=differences.parties,
                detectors=detectors,
            )
            if sides is not None:
                before, after = (within(alerts, *self.period) for alerts in sides)
                comparison = with_scores(comparison, before, after, labelled, outcomes)
            if directory is not None:
                paths = {name: places.path(name) for name in FILES}
                names = (side_a.named(), side_b.named())
                write_comparison(paths, comparison, differences.rows, names, differences.dossiers)
        for table in comparison_tables(comparison):
            out.print(table)
        leave_by_failures(laboratory.failures.values())

    def _judged(
        self, laboratory: Laboratory, a: tuple[Side, Catalogue], b: tuple[Side, Catalogue]
    ) -> TwoSides | None:
        """All alerts by A and by B, ``None`` where the difference will do."""
        from streams.lab.another_version import firing_by
        from streams.lab.laboratory import TwoSides

        if a[0].program is None and b[0].program is None:
            return laboratory.both(a[1], b[1]) if self.whole else None
        shared = [str(file) for file in self.files]
        shared += [] if self.watermark is None else ["--watermark", self.watermark]
        before, after = (
            laboratory.firing(catalogue)
            if side.program is None
            else firing_by(side.program, [*shared, *side.words()], self.scratch)
            for side, catalogue in (a, b)
        )
        return TwoSides(before, after)

    def sweep(self, side: Side, text: str) -> None:
        """Judge by A, then by each value of one of its thresholds."""
        from streams.cli.outcome import leave_by_failures
        from streams.lab.loads import within
        from streams.lab.sweep import parse_sweep, policies

        a, wanted = side.catalogue(), parse_sweep(text)
        variants = list(policies(a.policy, wanted))
        outcomes = self._outcomes()
        table = sweep_table(
            wanted.parameter, wanted.detector,
            truth=self.truth is not None, outcomes=outcomes is not None,
        )  # fmt: skip
        with self._laboratory(a) as laboratory:
            labelled = self._labelled(a, laboratory)
            errors.print(f"judging by A and {len(variants)} values", highlight=False)
            swept = [type(a)(policy, a.model) for _, policy in variants]
            for (value, _), alerts in zip(variants, laboratory.variants(a, swept), strict=True):
                shown = within(alerts, *self.period)
                table.add_row(*sweep_row(value, wanted.detector, shown, labelled, outcomes))
        out.print(table)
        leave_by_failures(laboratory.failures.values())

    def _laboratory(self, a: Catalogue) -> AbstractContextManager[Laboratory]:
        from streams.backfill.backfill import Means
        from streams.lab.laboratory import open_laboratory

        means = Means(self.workers, self.memory, self.scratch)
        return open_laboratory(self.files, a, means, self.day)

    def _labelled(self, a: Catalogue, laboratory: Laboratory) -> Labelled | None:
        if self.truth is None:
            return None
        from streams.evaluation.baselines import read_register
        from streams.evaluation.truth import read_truth
        from streams.lab.backtest import Labelled
        from streams.setup.identities import decode_from_environment

        decode = decode_from_environment(a.policy.country)
        return Labelled(read_truth(self.truth), read_register(laboratory.ledger, decode))

    def _outcomes(self) -> dict[str, str] | None:
        if self.outcomes is None:
            return None
        from streams.lab.outcomes import read_outcomes

        return read_outcomes(self.outcomes)
