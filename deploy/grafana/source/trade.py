"""Trade: what leaves the country used, through which gate, to whom, and how soon."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.source.boards import board, choice, finished
from deploy.grafana.source.country import MONEY
from deploy.grafana.source.panels import FULL, HALF, chart, listing, number
from deploy.grafana.source.queries import rows, series

WHERE = (
    "province IN (${province:sqlstring}) AND brand IN (${brand:sqlstring}) AND destination IN (${destination:sqlstring}) "
    "AND $__timeFilter(week)"
)
HARDLY = "1.0 * SUM(hardly_driven) / NULLIF(SUM(with_reading), 0)"
DAYS = "1.0 * SUM(days_to_export) / NULLIF(SUM(with_registration), 0)"


def trade() -> Dashboard:
    """For customs, makers and analysts."""
    builder = board(
        "zeromile-trade", "Trade", "Used exports by week: drive, brand, destination, gate, how far driven and how soon. "
        "A vehicle counts once.", "now-2y",
    )  # fmt: skip
    for name in ("province", "brand", "destination"):
        sql = f"SELECT DISTINCT {name} FROM trade_weekly"
        builder = builder.with_variable(choice(name, name.capitalize(), sql))
    return finished(builder, [*_numbers(), *_series(), *_tables()])


def _numbers() -> list[object]:
    def of(title: str, description: str, unit: str, sql: str) -> object:
        return number(title, description, unit, rows(f"SELECT {sql} FROM trade_weekly WHERE {WHERE}"))

    return [
        of("Used exports", "Vehicles declared for export as used.", "short", "SUM(exports) AS exports"),
        of("Hardly driven", "Share read at no more than 500 km, of those whose odometer was read.", "percentunit",
           f"{HARDLY} AS share"),
        of("Days to export", "Mean civil days from first registration to the first declaration.", "d", f"{DAYS} AS days"),
        of("Within 180 days", "Share of those whose first registration is known.", "percentunit",
           "1.0 * SUM(within_180_days) / NULLIF(SUM(with_registration), 0) AS share"),
    ]  # fmt: skip


def _series() -> list[object]:
    drives = ", ".join(
        f"COALESCE(SUM(exports) FILTER (WHERE drive = '{drive}'), 0) AS \"{drive}\""
        for drive in ("electric", "plug-in hybrid", "combustion", "unknown")
    )
    return [
        chart("Electric and combustion", "Used exports a week by drive.", "short",
              series(f"SELECT week AS time, {drives} FROM trade_weekly WHERE {WHERE} GROUP BY 1 ORDER BY 1")),
        chart("Hardly driven, and early", "Share read at no more than 500 km; share declared within 180 days of first "
              "registration.", "percentunit",
              series(f"""SELECT week AS time, {HARDLY} AS hardly_driven,
                         1.0 * SUM(within_180_days) / NULLIF(SUM(with_registration), 0) AS within_180_days
                         FROM trade_weekly WHERE {WHERE} GROUP BY 1 ORDER BY 1""")),
    ]  # fmt: skip


def _tables() -> list[object]:
    def by(title: str, description: str, column: str, span: int = HALF) -> object:
        return listing(
            title, description,
            rows(f"""SELECT {column}, SUM(exports) AS exports, {HARDLY} AS hardly_driven, {DAYS} AS days_to_export,
                     SUM(declared_cny) AS declared_cny FROM trade_weekly WHERE {WHERE}
                     GROUP BY 1 ORDER BY exports DESC, 1 LIMIT 200"""),
            units={"hardly_driven": "percentunit", "days_to_export": "d", "declared_cny": MONEY}, span=span,
        )  # fmt: skip

    return [
        by("Exit gates", "Customs through which the cars leave.", "exit_customs"),
        by("Destinations", "Countries that the cars go to.", "destination"),
        by("Brands", "Brands that leave used.", "brand"),
        by("Drives", "Electric, plug-in hybrid, combustion.", "drive"),
        listing("Gate by week", "Used exports a week through each gate.",
                rows(f"""SELECT week, exit_customs, drive, destination, SUM(exports) AS exports, {HARDLY} AS hardly_driven
                         FROM trade_weekly WHERE {WHERE} GROUP BY 1, 2, 3, 4
                         ORDER BY week DESC, exports DESC, exit_customs, drive, destination LIMIT 500"""),
                units={"hardly_driven": "percentunit"}, span=FULL),
    ]  # fmt: skip
