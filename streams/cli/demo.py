"""`zeromile demo`: a simulated country, what is found in it, and the report."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape
from rich.padding import Padding

from streams.cli.console import errors, out
from streams.cli.replay import Force
from streams.setup.outputs import Outputs

if TYPE_CHECKING:
    from detectors.alerts import Alert
    from streams.backfill.outputs import ReplaySummary

HEADLINE: Final = (
    "double_sale",
    "zero_mileage_export",
    "flash_registration",
    "early_export_without_letter",
    "resale_after_export",
    "unusual_life_cycle",
    "unusual_export",
)
"""Detectors of which the demo explains one alert each, beside one on a province."""

VEHICLES: Final = 145_000
"""Gives some 210,000 documents in the default three years."""


def demo(
    directory: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the files; made if missing.")
    ] = Path("demo"),
    *,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same country.")] = 1,
    vehicles: Annotated[
        int, typer.Option(min=1_000, max=10_000_000, help="Vehicles with documents.")
    ] = VEHICLES,
    force: Force = False,
) -> None:
    """Simulate three years of a scaled-down country, replay it, and write the report."""
    from streams.cli.summary import summary_tables

    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(
            f"cannot make the folder {directory}: {error.strerror}", param_hint="--out"
        ) from None
    wanted = {name: directory / name for name in _FILES}
    with Outputs(wanted, force=force) as places:
        _simulate(places, seed, vehicles)
        replayed = _replay(places)
    for table in summary_tables(replayed):
        out.print(table)
    explain_worst(replayed.firing.values())
    _say_where(directory)


def _simulate(places: Outputs, seed: int, vehicles: int) -> None:
    from streams.cli.progress import counting
    from streams.simulator import load_country, simulate

    country = load_country(None)
    with counting("simulating", vehicles, errors) as advance:
        simulate(
            country,
            vehicles=vehicles,
            days=country.defaults.days,
            seed=seed,
            start=datetime.date.fromisoformat(country.defaults.start).toordinal(),
            export_share=country.defaults.export_share,
            out=places.path("documents.jsonl.gz"),
            truth=places.path("truth.jsonl"),
            progress=advance,
        )


def _replay(places: Outputs) -> ReplaySummary:
    from detectors.registry import Catalogue
    from streams.backfill.outputs import OutputFiles
    from streams.backfill.replay import Replay
    from streams.cli.progress import reading_progress
    from streams.models.choice import DEFAULT, choose_model, chosen_model_id
    from streams.report import describe_sources, write_report
    from streams.setup.policy import load_policy

    documents = places.path("documents.jsonl.gz")
    outputs = OutputFiles(alerts=places["alerts.jsonl"], final=places["final.jsonl"])
    run = Replay(Catalogue(load_policy(None), choose_model(DEFAULT)), outputs)
    with reading_progress([documents], errors) as advance:
        replayed = run.run([documents], advance=advance)
    sources = describe_sources(
        [documents],
        names=("documents.jsonl.gz",),
        simulated=True,
        model_id=chosen_model_id(DEFAULT),
    )
    write_report(
        places.path("report.html"), run.engine, replayed.firing.values(), sources, run.provinces.latest
    )
    return replayed


def explain_worst(firing: Iterable[Alert]) -> None:
    """Print the worst alert of every headline detector, and the worst on a province."""
    worst: dict[str, Alert] = {}
    for alert in firing:
        key = alert.detector if alert.subject_type == "vehicle" else "province"
        rival = worst.get(key)
        if rival is None or (-alert.score, alert.alert_id) < (-rival.score, rival.alert_id):
            worst[key] = alert
    out.print("[bold]One alert of each headline detector[/]")
    for key in (*HEADLINE, "province"):
        if key in worst:
            _explain(worst[key])


def _explain(alert: Alert) -> None:
    from streams.cli.summary import SEVERITY_STYLE

    style = SEVERITY_STYLE[alert.severity]
    out.print(f"[bold]{escape(alert.title)}[/], [{style}]{alert.severity}[/], {escape(alert.subject)}")
    cited = ", ".join(f"{evidence.source}/{evidence.event_id}" for evidence in alert.evidence)
    text = escape(alert.explanation) + (f"\n[dim]Rests on {escape(cited)}.[/]" if cited else "")
    out.print(Padding(text, (0, 0, 1, 2)), highlight=False)


_FILES: Final = {
    "documents.jsonl.gz": "the documents of every vehicle, in arrival order",
    "truth.jsonl": "what is true about them: schemes and look-alikes",
    "alerts.jsonl": "every alert change, in order",
    "final.jsonl": "the alerts that still fire",
    "report.html": "the report: open it in a browser, no network needed",
}


def _say_where(directory: Path) -> None:
    out.print("Every vehicle is invented. An alert is a risk indicator with evidence, never a verdict.")
    for name, what in _FILES.items():
        out.print(f"  {directory / name}  [dim]{what}[/]", soft_wrap=True, highlight=False)
    out.print("To look at the alerts and decide on them:")
    url = shlex.quote(f"sqlite:///{directory / 'zeromile.sqlite'}")
    files = (shlex.quote(str(directory / name)) for name in ("alerts.jsonl", "documents.jsonl.gz"))
    stored = " ".join(f"--from-file {path}" for path in files)
    for command in (f"zeromile sink --url {url} {stored}", f"zeromile desk --url {url}"):
        out.print(f"  {escape(command)}", soft_wrap=True, highlight=False)
