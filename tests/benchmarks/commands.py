"""The measurements behind the figures, as commands."""

import math
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.benchmarks.file_commands import (
    backfill,
    backtest,
    capacity,
    embedded,
    feeds,
    limit,
    memory,
    scaling,
)
from tests.benchmarks.forest_command import forest
from tests.benchmarks.spikes import Measurement, measure, paired_z, summarise
from tests.benchmarks.spikes_growth import STEADY_WANDERING, simulate_growth
from tests.benchmarks.spikes_late import first_look
from tests.benchmarks.spikes_methods import METHODS
from tests.benchmarks.spikes_noufaily import simulate_noufaily
from tests.benchmarks.spikes_outbreaks import Simulation

app = typer.Typer(no_args_is_help=True)
for command in (limit, embedded, backfill, backtest, feeds, scaling, memory, capacity):
    app.command()(command)
app.command("forest")(forest)

_PROGRESS = Console(stderr=True)
_SEASON = 0.25

PANELS: dict[str, Callable[[int], Simulation]] = {
    "calendar right": partial(simulate_growth, season=_SEASON),
    "calendar wrong": partial(simulate_growth, season=_SEASON, foreign=True),
    "policy shocks": partial(simulate_growth, shocks=True),
    "steady shares": partial(simulate_growth, season=_SEASON, wandering=STEADY_WANDERING),
}
"""Growth panels by what detectors do not know of them."""


@app.callback()
def main() -> None:
    """Measure the program beside its limit and its peers, and the detectors on known truth.

    What needs a broker is measured from a checkout of the sources: `make bench`.
    """


@app.command()
def spikes(
    seed: Annotated[int, typer.Option(min=0, help="Of the simulations; a fresh one each time.")] = 1,
    repetitions: Annotated[
        int, typer.Option(min=1, help="Series of each of the 42 Noufaily scenarios.")
    ] = 30,
    panels: Annotated[int, typer.Option(min=1, help="Growth panels of 31 provinces.")] = 12,
    late: Annotated[bool, typer.Option(help="Also judge weeks whose documents come late.")] = True,
    method: Annotated[
        list[str] | None, typer.Option(help="One of the methods; several by repeating it; default all.")
    ] = None,
) -> None:
    """Compare count methods on the Noufaily simulation and on growing provinces.

    `calendar right`: holidays that the detector knows, and a season of every province that it does not.
    `calendar wrong`: holidays of another calendar. `policy shocks`: New Years of unknown size and
    national rushes and pauses. `steady shares`: as `calendar right`, but a province's share of the
    nation moves by 0.5 % a week, not by 1.5 %.
    """
    methods = tuple(dict.fromkeys(method or METHODS))
    unknown = [name for name in methods if name not in METHODS]
    if unknown:
        raise typer.BadParameter(
            f"{unknown[0]!r}; allowed: {', '.join(METHODS)}", param_hint="--method"
        )
    _run(f"Noufaily 2013, seed {seed}", [simulate_noufaily(seed, repetitions)], methods)
    seeds = range(seed, seed + panels)
    for name, simulate in PANELS.items():
        simulations = [simulate(each) for each in seeds]
        _run(f"31 growing provinces, {name}, seeds {seeds[0]}-{seeds[-1]}", simulations, methods)
        if late:
            _run_late(simulations, name, seed)


def _run(title: str, simulations: list[Simulation], methods: tuple[str, ...]) -> None:
    results = []
    for method in methods:
        with _PROGRESS.status(f"{title}: {method}"):
            results.append(measure(method, simulations))
    _show(title, results)


def _run_late(simulations: list[Simulation], name: str, seed: int) -> None:
    with _PROGRESS.status(f"late documents, {name}"):
        results = [measure("ss-nb", simulations)]
        for label, corrected in (("ss-nb, first look", True), ("ss-nb, first look, naive", False)):
            looks = [first_look(sim, seed, corrected=corrected) for sim in simulations]
            results.append(summarise(label, list(zip(simulations, looks, strict=True))))
    _show(f"documents 70/20/7/3 % by week, {name}", results, anchor="ss-nb")


def _show(title: str, results: list[Measurement], anchor: str = "farrington") -> None:
    shown = Table(title=f"{title}: {results[0].outbreaks} outbreaks, {results[0].quiet} quiet weeks")
    headings = ("false %", "worst", ">500", "young", "found %", "@1 %", "@0.5 %", "delay")
    shown.add_column("method")
    for heading in (*headings, f"z {anchor}", "µs"):
        shown.add_column(heading, justify="right")
    reference = next((result for result in results if result.method == anchor), None)
    for result in results:
        shown.add_row(
            result.method,
            str(result.false_alarms),
            *(_percent(part) for part in (result.worst, result.large, result.young)),
            str(result.detected),
            f"{result.detected_at_1:.3f}",
            f"{result.detected_at_half:.3f}",
            f"{result.delay:.2f}",
            "" if reference is None else f"{paired_z(result, reference):+.1f}",
            f"{result.microseconds:.1f}",
        )
    Console(width=140).print(shown)


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{100 * share:.2f}"
