"""Adjusted retail: what was sold to people, without the cars that were registered to be exported."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.source.boards import board, choice, finished
from deploy.grafana.source.country import COUNTRY, MONEY
from deploy.grafana.source.panels import HALF, chart, listing, number
from deploy.grafana.source.queries import rows, series
from streams.report.figures import definitions_of

DEFINITIONS = definitions_of(COUNTRY)
"""As the database's views count."""
WHERE = (
    "COALESCE(province, 'none') IN (${province:sqlstring}) AND COALESCE(brand, 'none') IN (${brand:sqlstring}) "
    "AND $__timeFilter(registered_month)"
)


def adjusted_retail() -> Dashboard:
    """For auditors and analysts."""
    builder = board(
        "zeromile-adjusted-retail", "Adjusted retail",
        "Retail without the cars that were on their way out of the country within 30 or 180 days; the range says how "
        "sure that is.", "now-2y",
    )  # fmt: skip
    for name in ("province", "brand"):
        sql = f"SELECT DISTINCT COALESCE({name}, 'none') FROM adjusted_retail"
        builder = builder.with_variable(choice(name, name.capitalize(), sql))
    return finished(builder, [*_numbers(), *_series(), *_tables()])


def _numbers() -> list[object]:
    def of(title: str, description: str, unit: str, sql: str) -> object:
        return number(title, description, unit, rows(sql))

    return [
        of("Registered", DEFINITIONS["registered"], "short",
           f"SELECT SUM(registered) AS registered FROM adjusted_retail WHERE {WHERE}"),
        of("Share exported within 30 days", "Of the first registrations: early booking.", "percentunit",
           f"""SELECT SUM(exported_within_30_days) / NULLIF(SUM(registered), 0) AS share
               FROM adjusted_retail WHERE {WHERE}"""),
        of("Double-counted turnover", DEFINITIONS["double_counted_cny"], MONEY,
           f"SELECT SUM(double_counted_cny) AS turnover FROM double_counted_turnover WHERE {WHERE}"),
        of("Rebate exposure, upper bound", DEFINITIONS["rebate_exposure_cny"], MONEY,
           f"SELECT SUM(high_cny) AS exposure FROM rebate_exposure WHERE {WHERE}"),
    ]  # fmt: skip


def _series() -> list[object]:
    return [
        chart("Retail, stated and adjusted", "Registered cars a month, and what is left without those exported within "
              "30 days (high) or 180 days (low). The last months rise until their cars have been declared.", "short",
              series(f"""SELECT registered_month AS time, SUM(registered) AS registered,
                         SUM(adjusted_high) AS adjusted_high, SUM(adjusted_low) AS adjusted_low
                         FROM adjusted_retail WHERE {WHERE} GROUP BY 1 ORDER BY 1""")),
        chart("Turnover counted twice", "For cars exported within 180 days: prices at first registration, and what "
              "the same cars were declared at.", MONEY,
              series(f"""SELECT registered_month AS time, SUM(double_counted_cny) AS at_first_registration,
                         SUM(declared_cny) AS declared
                         FROM double_counted_turnover WHERE {WHERE} GROUP BY 1 ORDER BY 1""")),
        chart("Rebate exposure", "Low: cars exported within 30 days. High: within 180 days. "
              + DEFINITIONS["rebate_exposure_cny"], MONEY,
              series(f"""SELECT registered_month AS time, SUM(low_cny) AS low, SUM(high_cny) AS high
                         FROM rebate_exposure WHERE {WHERE} GROUP BY 1 ORDER BY 1""")),
        chart("How soon cars leave", "Median days from first registration to the export declaration, and the share "
              "that waits 181 to 200 days: the evasion of the 180-day rule.", "d",
              series(f"""SELECT registered_month AS time,
                         percentile_cont(0.5) WITHIN GROUP (ORDER BY days_to_export) AS median_days,
                         100.0 * COUNT(*) FILTER (WHERE days_to_export BETWEEN 181 AND 200) / COUNT(*)
                             AS percent_at_181_to_200
                         FROM vehicle_retail WHERE days_to_export IS NOT NULL AND {WHERE}
                         GROUP BY 1 ORDER BY 1""")),
    ]  # fmt: skip


def _tables() -> list[object]:
    return [
        listing("By brand", "Which makers' retail shrinks most when the exported cars are taken out.",
                rows(f"""SELECT brand, SUM(registered) AS registered, SUM(adjusted_low) AS adjusted_low,
                         SUM(adjusted_high) AS adjusted_high,
                         SUM(exported_within_180_days) / SUM(registered) AS share_within_180_days
                         FROM adjusted_retail WHERE {WHERE} GROUP BY brand
                         ORDER BY share_within_180_days DESC, registered DESC LIMIT 50"""),
                units={"share_within_180_days": "percentunit"}, span=HALF),
        listing("Exporters", "Who declares cars soon after their first registration. Ids are hashed upstream.",
                rows("""SELECT exporter_id, province, first_declaration_on, declarations, within_30_days,
                        share_under_alert, declared_cny FROM exporters
                        ORDER BY within_30_days DESC, declarations DESC, exporter_id LIMIT 50"""),
                units={"share_under_alert": "percentunit", "declared_cny": MONEY}, span=HALF),
    ]  # fmt: skip
