"""Adjusted retail by month."""

from collections.abc import Sequence

import plotly.graph_objects as go

from streams.report.adjusted_retail import WINDOW_DAYS, AdjustedRetail, RetailSums
from streams.report.calendar import month_text
from streams.report.charts import Chart, Choice, chart
from streams.report.colours import ORANGE, PALE_BLUE
from streams.report.names import province_name


def monthly_retail(retail: AdjustedRetail, months: Sequence[int], final_before: int) -> Chart:
    """Stacked bars: cars that stayed, cars exported within the window; the menu chooses a province.

    Parameters
    ----------
    retail
        The sums.
    months
        Months to show.
    final_before
        First month whose cars can still be exported within the window; paler from there on.
    """
    ranked = sorted(retail.by_province().items(), key=lambda item: (-item[1].registered, item[0] or ""))
    by_month = retail.by_month()
    nation = [by_month.get(month, RetailSums()) for month in months]
    choices = [Choice("all", "All provinces", _heights(nation))]
    for province, total in ranked:
        # A lookup must not add empty cells to the sums.
        sums = [retail.cells.get((province, month), RetailSums()) for month in months]
        label = f"{province_name(province)} ({total.registered:,})"
        choices.append(Choice(province or "none", label, _heights(sums)))
    opacity = [1.0 if month < final_before else 0.45 for month in months]
    stayed, exported = choices[0].update["y"]
    x = [month_text(month) for month in months]
    figure = go.Figure()
    figure.add_bar(
        x=x, y=stayed, name="stayed (adjusted retail)",
        marker={"color": PALE_BLUE, "opacity": opacity},
        hovertemplate="%{y:,} stayed<extra></extra>",
    )  # fmt: skip
    figure.add_bar(
        x=x, y=exported, name=f"exported within {WINDOW_DAYS} days",
        marker={"color": ORANGE, "opacity": opacity},
        hovertemplate="%{y:,} exported<extra></extra>",
    )  # fmt: skip
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"})
    figure.update_xaxes(type="date", hoverformat="%B %Y")
    figure.update_yaxes(rangemode="tozero", tickformat=",d")
    description = f"Registrations by month, and how many were exported within {WINDOW_DAYS} days."
    return chart("retail", figure, description=description, choices=tuple(choices))


def _heights(sums: Sequence[RetailSums]) -> dict[str, list[object]]:
    return {"y": [[cell.adjusted for cell in sums], [cell.exported for cell in sums]]}
