"""Every benchmark: those that need nothing else, and those that need a real broker.

`python -m tests.benchmarks NAME [--quick | --full] [--json FILE]`, from the repository's root.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.console import fail
from tests.benchmarks.commands import app
from tests.benchmarks.environments import PeerUnavailableError
from tests.benchmarks.latency import measure_latency
from tests.benchmarks.options import (
    Full,
    JsonFile,
    Quick,
    Repetitions,
    Seed,
    Vehicles,
    measure_and_keep,
    sized,
)
from tests.benchmarks.peers_job import measure_peers
from tests.benchmarks.recovery import measure_recovery
from tests.benchmarks.results import Report
from tests.benchmarks.store import measure_store
from tests.benchmarks.streaming import measure_streaming
from tests.broker.kafka_broker import BrokerUnavailableError

Partitions = Annotated[int, typer.Option(min=1, max=64, help="Partitions of the document topics.")]
Rates = Annotated[str | None, typer.Option(help="Documents a second, several separated by commas.")]


@app.command()
def streaming(
    *,
    vehicles: Vehicles = None,
    seed: Seed = 1,
    repetitions: Repetitions = None,
    partitions: Partitions = 4,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Judge documents from a real Kafka with one worker and with two."""
    count = vehicles or sized(quick, full, (1_000, 400_000, 700_000))
    rounds = repetitions or sized(quick, full, (1, 3, 3))
    _measure(
        "streaming", json, quick, lambda: measure_streaming(count, seed, rounds, partitions, (1, 2))
    )


@app.command()
def peers(
    *,
    vehicles: Vehicles = None,
    seed: Seed = 1,
    repetitions: Repetitions = None,
    partitions: Partitions = 4,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Do the same two rules with stock Faust, Quix Streams, Bytewax, Kafka Streams and Flink."""
    count = vehicles or sized(quick, full, (5_000, 190_000, 950_000))
    rounds = repetitions or sized(quick, full, (1, 3, 3))
    _measure("peers", json, quick, lambda: measure_peers(count, seed, rounds, partitions))


@app.command()
def latency(
    *,
    rates: Rates = None,
    seconds: Annotated[int | None, typer.Option(min=1, max=3600, help="How long at each rate.")] = None,
    repetitions: Repetitions = None,
    partitions: Partitions = 4,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Publish at steady rates: how old a document is when its alert can be read."""
    chosen = parse_rates(rates) if rates else sized(quick, full, ([100], *[[100, 2_000, 10_000]] * 2))
    length = seconds or sized(quick, full, (3, 20, 120))
    rounds = repetitions or sized(quick, full, (1, 2, 3))
    _measure("latency", json, quick, lambda: measure_latency(chosen, length, rounds, partitions))


@app.command()
def recovery(
    *,
    vehicles: Vehicles = None,
    seed: Seed = 1,
    repetitions: Repetitions = None,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Restore a worker's vehicles from the changelog of a real Kafka, beside merely reading it."""
    count = vehicles or sized(quick, full, (1_000, 200_000, 1_000_000))
    rounds = repetitions or sized(quick, full, (1, 3, 3))
    _measure("recovery", json, quick, lambda: measure_recovery(count, seed, rounds))


@app.command()
def store(
    *,
    vehicles: Vehicles = None,
    seed: Seed = 1,
    repetitions: Repetitions = None,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Store documents and alerts in PostgreSQL, beside the store that kept no evidence."""
    count = vehicles or sized(quick, full, (2_000, 60_000, 600_000))
    rounds = repetitions or sized(quick, full, (1, 5, 5))
    _measure("store", json, quick, lambda: measure_store(count, seed, rounds))


def parse_rates(text: str) -> list[int]:
    """Read rates separated by commas.

    Raises
    ------
    typer.BadParameter
        One is no whole number from 1 to 100,000.
    """
    try:
        rates = [int(rate) for rate in text.split(",")]
    except ValueError:
        rates = [0]
    if not all(1 <= rate <= 100_000 for rate in rates):
        allowed = "whole numbers from 1 to 100000, separated by commas, for example 100,2000"
        raise typer.BadParameter(f"{text!r}; allowed: {allowed}", param_hint="--rates")
    return rates


def _measure(name: str, json: Path | None, quick: bool, measure: Callable[[], Report]) -> None:
    try:
        measure_and_keep(name, json, quick, measure)
    except (BrokerUnavailableError, PeerUnavailableError) as error:
        fail(f"cannot be measured here: {error}")


if __name__ == "__main__":
    # An orderly end, so that brokers and workers end as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    app(prog_name="python -m tests.benchmarks")
