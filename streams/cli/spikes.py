"""``zeromile spikes``: sudden spikes in a table of counts."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer
from rich.table import Table

from streams.cli.console import out as console
from streams.cli.console import plain
from streams.cli.replay import Force
from streams.setup.outputs import Outputs

if TYPE_CHECKING:
    from detectors.spikes.scores import Scores
    from streams.spikes.counts import CountTable
    from streams.spikes.labels import LabelOutcome
    from streams.spikes.methods import MethodOptions

Method = Literal["ss-nb", "farrington", "ears-c1", "ears-c2", "ears-c3", "trailing-mean"]


class Calendar(StrEnum):
    """Calendars the expectation of ss-nb may know."""

    AUTO = "auto"
    COUNTRY = "country"
    SEASON = "season"
    NONE = "none"


def spikes(
    counts: Annotated[
        Path,
        typer.Argument(
            help="CSV: region, period (date, ISO week, month), count, optionally label (0, 1).",
        ),
    ],
    *,
    method: Annotated[Method, typer.Option(help="How counts are judged.")] = "ss-nb",
    out: Annotated[Path | None, typer.Option(help="Write every judgement to this CSV.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw every region into this HTML file.")] = None,
    alpha: Annotated[
        float | None,
        typer.Option(
            min=1e-12, max=0.5, help="False alarms a region and period; default the method's."
        ),
    ] = None,
    false_discovery_rate: Annotated[
        float | None,
        typer.Option(min=1e-6, max=0.9, help="Instead: share of false ones among a period's alarms."),
    ] = None,
    calendar: Annotated[Calendar, typer.Option(help="Calendar of ss-nb.")] = Calendar.AUTO,
    baseline_years: Annotated[
        int, typer.Option(min=1, max=20, help="Years of baseline of farrington.")
    ] = 5,
    minimum_count: Annotated[
        int, typer.Option(min=0, help="Documents needed within four periods (ss-nb, farrington).")
    ] = 5,
    nation: Annotated[
        bool | None,
        typer.Option(
            "--nation/--unrelated",
            help="Regions are parts of one nation (ss-nb); default: from 8 regions on.",
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Score every method against the labels instead.")
    ] = False,
    period: Annotated[
        Literal["day", "week", "month"] | None,
        typer.Option(help="What a date stands for; default itself, a day."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="Of the file: cp1252, gb18030 …; default UTF-8, or what a mark says."),
    ] = None,
    decimal: Annotated[
        Literal["point", "comma"] | None,
        typer.Option(help="Decimal sign; default comma in tables with semicolons, else point."),
    ] = None,
    region_column: Annotated[str, typer.Option(help="Name of the column.")] = "region",
    period_column: Annotated[str, typer.Option(help="Name of the column.")] = "period",
    year_column: Annotated[
        str | None, typer.Option(help="Instead of a period's column, with --month-column.")
    ] = None,
    month_column: Annotated[str | None, typer.Option(help="Number of the month.")] = None,
    count_column: Annotated[str, typer.Option(help="Name of the column.")] = "count",
    label_column: Annotated[str, typer.Option(help="Name of the column.")] = "label",
    force: Force = False,
) -> None:
    """Find sudden spikes in counts by region and period."""
    from streams.report.spike_page import write_spike_page
    from streams.setup.policy import load_policy
    from streams.spikes.alarms import write_alarms
    from streams.spikes.counts import read_counts
    from streams.spikes.methods import MethodOptions, judge
    from streams.spikes.table_file import TableOptions

    if alpha is not None and false_discovery_rate is not None:
        raise typer.BadParameter("give --alpha or --false-discovery-rate, not both")
    if (year_column is None) != (month_column is None):
        raise typer.BadParameter("--year-column and --month-column go together")
    written = TableOptions(
        encoding=encoding,
        decimal=decimal,
        region=region_column,
        period=period_column,
        count=count_column,
        label=label_column,
        year=year_column,
        month=month_column,
        length=period,
    )
    options = MethodOptions(
        alpha=alpha,
        calendar=calendar.value,
        country=load_policy().country,
        years=baseline_years,
        minimum_count=minimum_count,
        peers=nation,
        every_upper=out is not None or plot is not None or false_discovery_rate is not None,
    )
    with Outputs({"--out": out, "--plot": plot}, [counts], force=force) as places:
        table = read_counts(counts, written)
        if compare:
            _compare(table, options, counts)
            return
        scores = judge(table, method, options)
        if false_discovery_rate is not None:
            scores = _controlled(scores, false_discovery_rate)
        if out is not None:
            write_alarms(places.path("--out"), table, scores)
        if plot is not None:
            write_spike_page(places.path("--plot"), table, scores, f"{counts.name}: {method}")
    _print(table, scores, method, beside=places.use_standard_output)


def _controlled(scores: Scores, rate: float) -> Scores:
    """Replace each period's alarms by those that false-discovery control keeps."""
    import numpy as np

    from detectors.spikes.discovery import benjamini_hochberg
    from detectors.spikes.scores import Scores

    alarm = np.stack([benjamini_hochberg(column, rate) for column in scores.p.T], axis=1)
    return Scores(scores.expected, scores.upper, scores.p, alarm, scores.moved)


def _print(table: CountTable, scores: Scores, method: str, *, beside: bool) -> None:
    """Print one line an alarm and a summary, beside standard output where that carries data."""
    from streams.spikes.labels import score_labels

    if console.format != "table":
        console.print(_alarms(table, scores))
        beside = True
    else:
        for column, line in _places(scores):
            expected, upper = scores.expected[line, column], scores.upper[line, column]
            # A method that adds earlier periods up (EARS C3) may leave less room than is expected.
            usual = (
                f"up to {upper:.0f} is usual"
                if upper >= expected
                else "with the periods before it more than is usual"
            )
            typer.echo(
                f"{table.periods[column]} {table.regions[line]}: "
                f"{table.counts[line, column]:.0f} counted, "
                f"{expected:.1f} expected, {usual} (p {scores.p[line, column]:.2g})",
                err=beside,
            )
    typer.echo(
        f"{method}: {int(scores.alarm.sum())} alarms in {len(table.regions)} regions and "
        f"{len(table.periods)} periods, "
        f"{int(scores.judged().sum())} of {table.counts.size} counts judged",
        err=beside,
    )
    if table.labels is not None:
        typer.echo(_sentence(score_labels(table, table.labels, scores), table.kind), err=beside)


def _places(scores: Scores) -> list[tuple[int, int]]:
    """Column and line of every alarm, in the order of time."""
    import numpy as np

    return [(int(column), int(line)) for column, line in np.argwhere(scores.alarm.T)]


def _alarms(table: CountTable, scores: Scores) -> Table:
    shown = Table("region", "period", "count", "expected", "upper", "p", title="Alarms")
    for figure in shown.columns[2:]:
        figure.justify = "right"
    for column, line in _places(scores):
        judged = (one[line, column] for one in (scores.expected, scores.upper, scores.p))
        counted = f"{table.counts[line, column]:.0f}"
        figures = (counted, *(f"{value:.6g}" for value in judged))
        shown.add_row(plain(table.regions[line]), str(table.periods[column]), *figures)
    return shown


def _sentence(outcome: LabelOutcome, kind: str) -> str:
    return (
        f"labels: {outcome.hits} of {outcome.outbreaks} outbreaks found "
        f"(recall {_figure(outcome.recall)}, precision {_figure(outcome.precision)}), "
        f"{outcome.false_alarms} false alarms "
        f"({_figure(outcome.false_alarms_a_year)} a region and year), "
        f"mean delay {_figure(outcome.delay)} {kind}s"
    )


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def _compare(table: CountTable, options: MethodOptions, path: Path) -> None:
    from streams.spikes.labels import score_labels
    from streams.spikes.methods import judge
    from streams.spikes.table_file import CountsError

    if table.labels is None:
        raise CountsError(f"{path}: --compare needs the column label, with 1 where an outbreak was")
    shown = Table(title=f"{path.name}: {len(table.regions)} regions, {len(table.periods)} periods")
    for name in ("method", "found", "false alarms", "a year", "precision", "delay", "judged"):
        shown.add_column(name, justify="left" if name == "method" else "right")
    for name in get_args(Method):
        try:
            scores = judge(table, name, options)
        except CountsError as error:
            shown.add_row(name, str(error), *[""] * 5)
            continue
        outcome = score_labels(table, table.labels, scores)
        shown.add_row(
            name,
            f"{outcome.hits} of {outcome.outbreaks}",
            str(outcome.false_alarms),
            _figure(outcome.false_alarms_a_year),
            _figure(outcome.precision),
            _figure(outcome.delay),
            f"{scores.judged().mean():.0%}",
        )
    console.print(shown)
