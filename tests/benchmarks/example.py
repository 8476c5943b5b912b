"""A report for tests: two programs, two rounds."""

from tests.benchmarks.quantities import CPU_A_DOCUMENT, PER_CPU_SECOND
from tests.benchmarks.results import Check, Report, Rounds, Skipped
from tests.benchmarks.surroundings import Surroundings

SURROUNDINGS = Surroundings(
    measured_at="2026-01-02T03:04:05+00:00", commit="abc+", machine="Linux", processor="P", cores=2,
    memory_mib=1024, python="3.11.0", versions={"msgspec": "0.20"},
)  # fmt: skip


def report(benchmark: str = "example", *, held: bool = True) -> Report:
    rounds = Rounds()
    for slow in (1.0, 2.0):
        rounds.add("limit", {PER_CPU_SECOND: 1000 / slow, CPU_A_DOCUMENT: 1000 * slow})
        rounds.add("job", {PER_CPU_SECOND: 250 / slow})
    return Report(
        benchmark=benchmark, title="An example", headline=PER_CPU_SECOND.name, settings={"seed": 1},
        surroundings=SURROUNDINGS, rows=rounds.rows(beside="limit"),
        skipped=[Skipped("Peer", "java is not installed")],
        checks=[Check("the peer agrees", held)], notes=["Said in a sentence."],
    )  # fmt: skip
