"""The summary of a replay as tables."""

from collections import Counter
from collections.abc import Iterable, Iterator

from rich.markup import escape
from rich.table import Table

from detectors.findings import SEVERITIES
from detectors.vin import NoCar
from streams.backfill.outputs import ReplaySummary
from streams.backfill.selection import Selection

SEVERITY_STYLE = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


def summary_tables(replayed: ReplaySummary) -> Iterator[Table]:
    """Documents, alerts by detector and severity, dead letters by reason, detector errors."""
    yield _documents(replayed)
    yield _alerts(replayed)
    counters = replayed.counters
    if counters.dead_lettered:
        yield _counts("Dead letters", "reason", counters.dead_lettered)
    if counters.of_no_car:
        yield _numbers_of_no_car(counters.of_no_car)
    if counters.detector_errors:
        yield _counts("Detector errors", "detector", counters.detector_errors)


def screens_table(selected: Iterable[Selection]) -> Table:
    """How many vehicles passed each screen, and how many were opened for any reason."""
    passed: Counter[str] = Counter()
    vehicles = opened = 0
    for selection in selected:
        passed += selection.passed
        vehicles += selection.vehicles
        opened += selection.opened
    table = Table(title="Vehicles opened", title_justify="left")
    table.add_column("screen of")
    table.add_column("vehicles", justify="right")
    table.add_column("share", justify="right")
    for name, count in [*passed.most_common(), ("opened in all", opened)]:
        table.add_row(name, f"{count:,}", f"{count / vehicles:.2%}" if vehicles else "")
    return table


def _documents(replayed: ReplaySummary) -> Table:
    counters = replayed.counters
    table = Table(title="Documents", title_justify="left", show_header=False)
    rows = {
        "read": counters.read,
        "accepted": counters.accepted,
        "duplicate": counters.duplicate,
        "stale revision": counters.stale,
        "dead-lettered": counters.dead_lettered.total(),
        "vehicles": replayed.vehicles,
        "alert changes": replayed.changes,
        "alerts firing": len(replayed.firing),
    }
    if counters.vin_corrections:
        rows["VIN corrections split"] = counters.vin_corrections
    table.add_column()
    table.add_column(justify="right")
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    return table


def _alerts(replayed: ReplaySummary) -> Table:
    counts = replayed.firing.counts()
    table = Table(title="Alerts firing", title_justify="left")
    table.add_column("detector")
    for severity in reversed(SEVERITIES):
        table.add_column(severity, justify="right", style=SEVERITY_STYLE[severity])
    table.add_column("all", justify="right")
    for detector in sorted({detector for detector, _ in counts}):
        row = [counts[detector, severity] for severity in reversed(SEVERITIES)]
        table.add_row(detector, *(f"{count:,}" if count else "" for count in row), f"{sum(row):,}")
    return table


def _numbers_of_no_car(counts: Counter[tuple[str, NoCar]]) -> Table:
    title = "Numbers that identify no car: counted, and joined to no vehicle"
    table = Table(title=title, title_justify="left")
    for name in ("feed", "number"):
        table.add_column(name)
    table.add_column("documents", justify="right")
    for (source, why), count in sorted(counts.items()):
        table.add_row(escape(source), _WHY[why], f"{count:,}")
    return table


_WHY: dict[NoCar, str] = {
    "masked": "masked",
    "repeated": "one repeated character",
    "word": "a word of the policy's list",
}


def _counts(title: str, noun: str, counts: Counter[str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(noun)
    table.add_column("count", justify="right")
    for name, count in counts.most_common():
        table.add_row(name, f"{count:,}")
    return table
