"""The measurements behind the figures, as commands."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.benchmarks.file_commands import capacity, embedded, limit, memory, scaling
from tests.benchmarks.forest_command import forest
from tests.benchmarks.spikes import Measurement, measure, paired_z, summarise
from tests.benchmarks.spikes_growth import simulate_growth
from tests.benchmarks.spikes_late import first_look
from tests.benchmarks.spikes_methods import METHODS
from tests.benchmarks.spikes_noufaily import simulate_noufaily
from tests.benchmarks.spikes_outbreaks import Simulation

app = typer.Typer(no_args_is_help=True)
for command in (limit, embedded, scaling, memory, capacity):
    app.command()(command)
app.command("forest")(forest)

_PROGRESS = Console(stderr=True)


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
) -> None:
    """Compare all count methods on the Noufaily simulation and on growing provinces."""
    _run(f"Noufaily 2013, seed {seed}", [simulate_noufaily(seed, repetitions)])
    for shocks in (False, True):
        simulations = [simulate_growth(seed + index, shocks=shocks) for index in range(panels)]
        name = "calendar wrong, policy shocks" if shocks else "calendar right"
        _run(f"31 growing provinces, {name}, seeds {seed}-{seed + panels - 1}", simulations)
        if late:
            _run_late(simulations, name, seed)


def _run(title: str, simulations: list[Simulation]) -> None:
    results = []
    for method in METHODS:
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
    headings = ("false %", "worst", "POD", "@1 %", "@0.5 %", "delay", f"z {anchor}", "µs")
    shown.add_column("method")
    for heading in headings:
        shown.add_column(heading, justify="right")
    reference = next(result for result in results if result.method == anchor)
    for result in results:
        shown.add_row(
            result.method,
            f"{100 * result.false_alarm_rate:.2f}",
            f"{100 * result.worst:.2f}",
            f"{result.detected:.3f}",
            f"{result.detected_at_1:.3f}",
            f"{result.detected_at_half:.3f}",
            f"{result.delay:.2f}",
            f"{paired_z(result, reference):+.1f}",
            f"{result.microseconds:.1f}",
        )
    Console(width=110).print(shown)
