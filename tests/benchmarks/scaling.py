"""`scaling`: whether a document costs the same in a small country and in a large one."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.embedded import add_replay, first_document
from tests.benchmarks.inputs import country
from tests.benchmarks.quantities import CPU_A_DOCUMENT
from tests.benchmarks.results import Report, Rounds
from tests.benchmarks.surroundings import look_around


def measure_scaling(vehicles: Sequence[int], seed: int, repetitions: int) -> Report:
    """Replay countries of growing size, rules and spikes, each beside the smallest in its round."""
    rounds = Rounds()
    names: list[str] = []
    with tempfile.TemporaryDirectory() as directory:
        for round_number in range(repetitions):
            for count in vehicles:
                data = country(count, seed)
                name = f"{data.documents:,} documents, {count:,} vehicles"
                if round_number == 0:
                    names.append(name)
                one = first_document(data, Path(directory))
                add_replay(rounds, name, data, one, [])
    return Report(
        benchmark="scaling",
        title="Cost of a document as the country grows",
        headline=CPU_A_DOCUMENT.name,
        settings={
            "vehicles": ",".join(map(str, vehicles)),
            "seed": seed,
            "repetitions": repetitions,
        },
        surroundings=look_around(),
        rows=rounds.rows(beside=names[0]),
        notes=[
            "`zeromile replay` without a model, less its start. All countries cover the same three "
            "years, so documents and vehicles grow together."
        ],
    )
