"""`zeromile shadow`: what detectors on trial say, and their promotion."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from detectors.errors import ZeromileError
from streams.cli.console import errors, fail, out, plain
from streams.cli.replay import (
    Config,
    Files,
    Force,
    Memory,
    ModelChoice,
    Rules,
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
    from streams.lab.shadow import ShadowReport

app = typer.Typer(no_args_is_help=True, help="Detectors on trial: what they say, and promotion.")


@app.command("report")
def write_report(
    files: Files,
    *,
    output: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the report as JSON.")
    ] = None,
    config: Config = None,
    model: ModelChoice = None,
    rules: Rules = None,
    outcomes: Annotated[
        str | None, typer.Option(metavar="URL", help="Database of the desk: what people decided.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="Alerts from this day on.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Alerts up to this day.")
    ] = None,
    watermark: WatermarkTime = None,
    workers: Workers = None,
    memory: Memory = "2GiB",
    scratch: Scratch = None,
    force: Force = False,
) -> None:
    """Say what detectors on trial say beside those that speak aloud: what promotion would add.

    Exit codes: 0 fine, 1 a detector failed, 2 wrong use.
    """
    import msgspec

    from detectors.registry import Catalogue
    from streams.backfill.backfill import Means
    from streams.cli.outcome import leave_by_failures
    from streams.lab.laboratory import open_laboratory
    from streams.lab.loads import within
    from streams.lab.outcomes import read_outcomes
    from streams.lab.shadow import shadow_report
    from streams.models.choice import choose_model
    from streams.setup.clock import utc_now
    from streams.setup.policy import load_policy

    check_readable(files, ledger=True)
    check_folder(scratch)
    catalogue = Catalogue(load_policy(config, rules=rules), choose_model(model))
    country = catalogue.policy.country
    days = (parse_day(first, country, "--from"), parse_day(last, country, "--to"))
    means = Means(processors() if workers is None else workers, memory, scratch)
    with (
        Outputs({"--out": output}, [*files, config], force=force) as places,
        open_laboratory(files, catalogue, means, parse_day(watermark, country)) as laboratory,
    ):
        decided = None if outcomes is None else read_outcomes(outcomes)
        alerts = within(laboratory.firing(catalogue), *days)
        period = tuple(None if day is None else date.fromordinal(day) for day in days)
        newest = laboratory.newest_day
        report = shadow_report(
            alerts, catalogue, (period[0], period[1]), utc_now().date(), decided,
            newest=None if newest is None else date.fromordinal(newest),
        )  # fmt: skip
        if output is not None:
            text = msgspec.json.format(msgspec.json.encode(report))
            places.path("--out").write_bytes(text + b"\n")
    out.print(_table(report))
    for one in report.detectors:
        for sample in one.samples[:3]:
            errors.print(plain(f"{one.detector}: {sample.subject}: {sample.explanation}"))
    leave_by_failures(laboratory.failures.values())


def _table(report: ShadowReport) -> Table:
    title = f"On trial, beside {report.loud_vehicles:,} vehicles ({report.loud_a_week:g} a week)"
    table = Table(title=title, title_justify="left")
    for column in (
        "detector",
        "alerts",
        "vehicles",
        "known",
        "added",
        "added a week",
        "right",
        "beside",
    ):
        table.add_column(
            column, justify="left" if column in {"detector", "right", "beside"} else "right"
        )
    for one in report.detectors:
        right = "" if one.decided is None else f"{one.decided.right.count} of {one.decided.right.of}"
        beside = ", ".join(f"{name} {count}" for name, count in list(one.beside.items())[:3])
        table.add_row(
            one.detector, f"{one.alerts:,}", f"{one.vehicles:,}", f"{one.known:,}",
            f"{one.added_vehicles:,}", f"{one.added_a_week:g}", right, beside,
        )  # fmt: skip
    return table


@app.command("promote")
def promote_detector(
    detector: Annotated[str, typer.Argument(metavar="ID", help="Id of the detector.")],
    *,
    config: Annotated[
        Path, typer.Option("--config", help="Policy file that gets the line; made if missing.")
    ],
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What `zeromile shadow report` has written.")
    ] = None,
    rules: Rules = None,
    reason: Annotated[
        str | None,
        typer.Option("--force", metavar="REASON", help="Promote without a report that will do."),
    ] = None,
) -> None:
    """Let a detector on trial speak aloud: one line of the policy, and one of promotions.jsonl.

    Refused without a report that was made in the last 30 days and speaks of them, unless a reason is
    given.
    """
    from streams.lab.promotion import LOG, promote
    from streams.setup.clock import utc_now
    from streams.setup.policy import load_policy

    try:
        policy = load_policy(config if config.exists() else None, rules=rules)
        promote(detector, config, policy, report, forced=reason, today=utc_now().date())
    except (ZeromileError, OSError) as error:
        fail(str(error))
    out.print(plain(f"{config}: {detector} speaks aloud; noted in {config.parent / LOG}"))
