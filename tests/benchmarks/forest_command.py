"""Speed and explanations of the isolation forest beside its peers."""

from typing import Annotated, Literal

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
    from tests.benchmarks.forest import (  # noqa: PLC0415
        HAS_NUMBA,
        HAS_SHAP,
        compare_explanations,
        time_scoring,
    )

    with errors.status("scoring"):
        timings = list(time_scoring(seed, repetitions))
    title = "Scoring: 100 trees, 12 features, one thread; times = as fast as scikit-learn"
    table = Table(title=title, title_justify="left")
    for column in ("samples", "rows", "scorer", "us a call", "best", "times", "diff"):
        justify: Literal["left", "right"] = "left" if column == "scorer" else "right"
        table.add_column(column, justify=justify, no_wrap=True)
    for t in timings:
        numbers = (f"{t.microseconds:,.0f}", f"{t.best:,.0f}", f"{t.ratio:.2f}")
        table.add_row(f"{t.samples:,}", f"{t.rows:,}", t.scorer, *numbers, f"{t.difference:.1g}")
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
    if not HAS_NUMBA:
        out.print("numba is not installed: no compiled scorer (extra `compiled`)", highlight=False)
    if not HAS_SHAP:
        out.print("shap is not installed: no SHAP TreeExplainer", highlight=False)
