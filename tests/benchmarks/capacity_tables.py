"""The tables of docs/measuring.md: measured points and the model, as Markdown."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from tests.benchmarks.capacity import COPIES, RECOVERY_MINUTES, Load, Plan, measurements, plan
from tests.benchmarks.embedded import FULL, TWO_WORKERS
from tests.benchmarks.limit import DECODED
from tests.benchmarks.results import Report, Row
from tests.benchmarks.table import number


def markdown(reports: Mapping[str, Report]) -> str:
    """The measured points and the model as two tables.

    Raises
    ------
    ResultsError
        A benchmark that the model needs is missing.
    """
    now = plan(Load(), measurements(reports))
    tenfold = plan(Load(), measurements(reports), 10)
    parts = [*_measured_table(reports), "", _measured_with(reports), "", *_plan_table(now, tenfold)]
    return "\n".join(parts) + "\n"


_SHOWN: Final = (
    ("limit", DECODED),
    ("embedded", FULL),
    ("embedded", TWO_WORKERS),
    ("streaming", None),
    ("peers", None),
    ("latency", None),
    ("memory", None),
    ("store", None),
    ("recovery", None),
    ("scaling", None),
)
"""Rows of the table of measured points: benchmark, and one row of it or all."""


def _measured_table(reports: Mapping[str, Report]) -> Iterable[str]:
    yield "| benchmark | measured | value | beside in the same run |"
    yield "|---|---|---|---|"
    for benchmark, only in _SHOWN:
        if benchmark not in reports:
            continue
        report = reports[benchmark]
        for row in report.rows:
            if only in (None, row.name) and report.headline in row.measured:
                yield _measured_line(report, row)


def _measured_with(reports: Mapping[str, Report]) -> str:
    """On what machines and with which commits the points were measured."""
    shown = {name for name, _ in _SHOWN}
    places: dict[str, list[str]] = {}
    for name, report in reports.items():
        about = report.surroundings
        place = f"{about.processor}, {about.cores} cores, commit {about.commit or 'unknown'}"
        if name in shown:
            places.setdefault(place, []).append(f"`{name}`")
    return "Measured on " + "; ".join(f"{place}: {', '.join(n)}" for place, n in places.items()) + "."


def _measured_line(report: Report, row: Row) -> str:
    measured = row.measured[report.headline]
    beside = "" if measured.ratio is None else _beside(row.beside, measured.ratio.median)
    value = f"{number(measured.spread.median)} {measured.unit}"
    return f"| {report.benchmark} | {row.name}: {report.headline} | {value} | {beside} |"


def _beside(name: str | None, ratio: float) -> str:
    return f"{number(ratio)} × {name}"


def _plan_table(now: Plan, tenfold: Plan) -> Iterable[str]:
    yield "| model | a country | ten times as much |"
    yield "|---|---|---|"
    rows: tuple[tuple[str, Callable[[Plan], str]], ...] = (
        ("documents a day", lambda p: f"{p.documents_a_day:,.0f}"),
        ("documents a second in a rush", lambda p: f"{p.rush_per_second:,.0f}"),
        ("vehicles in the state, at most", lambda p: f"{p.vehicles / 1e6:,.0f} million"),
        ("workers that the rush needs", lambda p: f"{p.workers_for_speed}"),
        (f"workers, to recover within {RECOVERY_MINUTES} min too", lambda p: f"{p.workers}"),
        ("partitions", lambda p: f"{p.partitions}"),
        ("disk a worker (RocksDB)", lambda p: f"{p.disk_a_worker / 1e9:,.0f} GB"),
        (f"changelog on the brokers, {COPIES} copies", lambda p: f"{p.changelog / 1e9:,.0f} GB"),
        ("recovery of everything from the changelog", lambda p: f"{p.recovery_minutes:.0f} min"),
    )
    for name, cell in rows:
        yield f"| {name} | {cell(now)} | {cell(tenfold)} |"
