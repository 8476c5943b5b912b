"""Adjusted retail by month."""

from collections.abc import Sequence

from detectors.country import Country
from streams.report.adjusted_retail import WINDOW_DAYS, AdjustedRetail, RetailSums
from streams.report.calendar import month_text
from streams.report.charts import BARS, Chart, Choice, Series, Values
from streams.report.colours import ORANGE, PALE_BLUE
from streams.report.names import province_name


def monthly_retail(
    retail: AdjustedRetail, months: Sequence[int], final_before: int, country: Country
) -> Chart:
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
        label = f"{province_name(country, province)} ({total.registered:,})"
        choices.append(Choice(province or "none", label, _heights(sums)))
    pale_from = sum(month < final_before for month in months)
    return Chart(
        identity="retail",
        kind=BARS,
        labels=[month_text(month) for month in months],
        series=[
            Series("stayed (adjusted retail)", PALE_BLUE, pale_from=pale_from),
            Series(f"exported within {WINDOW_DAYS} days", ORANGE, pale_from=pale_from),
        ],
        choices=tuple(choices),
        description=f"Registrations by month, and how many were exported within {WINDOW_DAYS} days.",
    )


def _heights(sums: Sequence[RetailSums]) -> list[Values]:
    return [[cell.adjusted for cell in sums], [cell.exported for cell in sums]]
