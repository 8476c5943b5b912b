"""`zeromile bench forest`: speed and explanations of the isolation forest beside its peers."""

from typing import Annotated

import typer
from rich.table import Table

from streams.cli.console import errors, out


def forest(
    *,
    seed: Annotated[int, typer.Option(min=0, help="Of the forests and the rows.")] = 1,
    repetitions: Annotated[int, typer.Option(min=1, help="Calls of each scorer.")] = 21,
    explained: Annotated[int, typer.Option(min=10, help="Rows to explain.")] = 500,
) -> None:
    """Score and explain the same rows with zeromile, scikit-learn and SHAP in one run."""
    # scikit-learn takes seconds to import: other commands do not wait for it
    from streams.bench.forest import (  # noqa: PLC0415
        AVAILABLE,
        compare_explanations,
        find_spec,
        time_scoring,
    )

    with errors.status("scoring"):
        timings = list(time_scoring(seed, repetitions))
    table = Table(title="Scoring, 100 trees, 12 features, one thread", title_justify="left")
    for column in (
        "samples a tree",
        "rows",
        "scorer",
        "us a call",
        "us a row",
        "times as fast",
        "diff",
    ):
        table.add_column(column, justify="left" if column == "scorer" else "right")
    for t in timings:
        each = t.microseconds / t.rows
        numbers = (f"{t.microseconds:,.0f}", f"{each:,.2f}", f"{t.ratio:.2f}", f"{t.difference:.1g}")
        table.add_row(f"{t.samples:,}", f"{t.rows:,}", t.scorer, *numbers)
    out.print(table)
    with errors.status("explaining"):
        methods = compare_explanations(seed, explained)
    table = Table(title="Explaining rows with one faulty feature", title_justify="left")
    for column in ("method", "us a row", "top 1 guilty", "additive to", "correlation"):
        table.add_column(column, justify="left" if column == "method" else "right")
    for e in methods:
        additive = "" if e.additivity is None else f"{e.additivity:.1g}"
        cells = (f"{e.microseconds:,.0f}", f"{e.top_1:.3f}", additive, f"{e.correlation:.3f}")
        table.add_row(e.method, *cells)
    out.print(table)
    if not AVAILABLE:
        out.print("numba is not installed: no compiled scorer (extra `compiled`)", highlight=False)
    if find_spec("shap") is None:
        out.print("shap is not installed: no SHAP TreeExplainer", highlight=False)
