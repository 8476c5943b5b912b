"""A report on the terminal."""

from rich.console import Console
from rich.table import Table

from tests.benchmarks.results import Measured, Report, Row
from tests.benchmarks.statistics import Spread

_SMALL, _LARGE = 10, 100


def show_report(report: Report, console: Console) -> None:
    """Print a report: the table, then what was checked, skipped and measured."""
    console.print(_table(report))
    for check in report.checks:
        console.print(f"{'ok' if check.held else 'FAILED'}: {check.what}", highlight=False)
    for skipped in report.skipped:
        console.print(f"skipped {skipped.name}: {skipped.reason}", highlight=False, markup=False)
    for note in report.notes:
        console.print(note, highlight=False, markup=False)
    about = report.surroundings
    console.print(
        f"{about.processor}, {about.cores} cores, Python {about.python}, commit {about.commit or '?'}",
        highlight=False,
    )


def _table(report: Report) -> Table:
    """Lay the report out with the longer side downwards, for a terminal is narrow."""
    grid = _grid(report)
    if len(grid[0]) > len(grid):
        grid = [list(line) for line in zip(*grid, strict=True)]
    table = Table(title=report.title, title_justify="left")
    for place, heading in enumerate(grid[0]):
        table.add_column(heading, justify="right" if place else "left", overflow="fold")
    for line in grid[1:]:
        table.add_row(*line)
    return table


def _grid(report: Report) -> list[list[str]]:
    """What was compared by what was measured, with headings above and before."""
    units = {name: m.unit for row in report.rows for name, m in row.measured.items()}
    headings = ["", *(f"{name}, {unit}" if unit else name for name, unit in units.items())]
    lines = [[row.name, *(_cell(row.measured.get(name)) for name in units)] for row in report.rows]
    if any(_ratio(report, row) for row in report.rows):
        headings.append(f"ratio of {report.headline}")
        for line, row in zip(lines, report.rows, strict=True):
            line.append(_compared(report, row))
    return [headings, *lines]


def _compared(report: Report, row: Row) -> str:
    ratio = _ratio(report, row)
    return "" if ratio is None else f"{_spread(ratio)}\nof {row.beside}"


def _cell(measured: Measured | None) -> str:
    return "" if measured is None else _spread(measured.spread)


def _ratio(report: Report, row: Row) -> Spread | None:
    headline = row.measured.get(report.headline)
    return None if headline is None else headline.ratio


def _spread(spread: Spread) -> str:
    text, low, high = number(spread.median), number(spread.low), number(spread.high)
    return text if low == high else f"{text} ({low} – {high})"


def number(value: float) -> str:
    """Three digits that matter, thousands apart."""
    if value and abs(value) < 1:
        return f"{value:.3g}"
    if abs(value) < _SMALL:
        return f"{value:.2f}"
    return f"{value:.1f}" if abs(value) < _LARGE else f"{value:,.0f}"
