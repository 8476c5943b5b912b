"""A report on the terminal."""

from rich.console import Console
from rich.table import Table

from streams.bench.results import Measured, Report, Row
from streams.bench.statistics import Spread

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
    table = Table(title=report.title, title_justify="left")
    table.add_column("", overflow="fold")
    units = {name: m.unit for row in report.rows for name, m in row.measured.items()}
    for name, unit in units.items():
        table.add_column(f"{name}, {unit}" if unit else name, justify="right")
    compared = any(_ratio(report, row) for row in report.rows)
    if compared:
        table.add_column(f"ratio of {report.headline}", justify="right")
    for row in report.rows:
        cells = [_cell(row.measured.get(name)) for name in units]
        table.add_row(row.name, *cells, *([_ratio(report, row)] if compared else []))
    return table


def _cell(measured: Measured | None) -> str:
    return "" if measured is None else _spread(measured.spread)


def _ratio(report: Report, row: Row) -> str:
    headline = row.measured.get(report.headline)
    if headline is None or headline.ratio is None:
        return ""
    return f"{_spread(headline.ratio)} of {row.beside}"


def _spread(spread: Spread) -> str:
    text, low, high = number(spread.median), number(spread.low), number(spread.high)
    return text if low == high else f"{text} ({low}–{high})"


def number(value: float) -> str:
    """Three digits that matter, thousands apart."""
    if value and abs(value) < 1:
        return f"{value:.3g}"
    if abs(value) < _SMALL:
        return f"{value:.2f}"
    return f"{value:.1f}" if abs(value) < _LARGE else f"{value:,.0f}"
