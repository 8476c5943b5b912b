"""Provinces: exports against what was to be expected, spikes, ranking, attribution."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.source.boards import board, choice, finished, spikes
from deploy.grafana.source.panels import FULL, HALF, THIRD, chart, listing
from deploy.grafana.source.queries import rows, series

WEEKS = """
    WITH weeks AS (
        SELECT generate_series(date_trunc('week', MIN(occurred_on)), date_trunc('week', MAX(occurred_on)),
                               interval '1 week') AS week
        FROM province_exports_daily),
    counts AS (
        SELECT w.week, COALESCE(SUM(e.exports), 0) AS exports
        FROM weeks w
        LEFT JOIN province_exports_daily e
            ON date_trunc('week', e.occurred_on) = w.week AND e.province IN (${province:sqlstring})
        GROUP BY w.week),
    banded AS (
        SELECT week, exports,
               AVG(exports) OVER history AS expected,
               SQRT(GREATEST(VAR_SAMP(exports) OVER history, AVG(exports) OVER history)) AS spread,
               COUNT(*) OVER history AS weeks
        FROM counts
        WINDOW history AS (ORDER BY week ROWS BETWEEN 9 PRECEDING AND 2 PRECEDING))
"""
"""Weekly counts of the chosen provinces. A week is held against the eight weeks up to a fortnight before it, so that
a spike does not raise its own bar."""


def provinces() -> Dashboard:
    """For those who watch whole provinces."""
    builder = board("zeromile-provinces", "Provinces", "Which provinces export more than they should, and through "
                    "whom.", "now-2y")  # fmt: skip
    filters = choice("province", "Province", "SELECT DISTINCT province FROM province_exports_daily")
    return finished(
        builder.with_variable(filters).annotation(spikes()), [_expected(), *_ranking(), *_attribution()]
    )


def _expected() -> object:
    return chart(
        "Used exports a week against the expected band",
        "Declarations of used cars of the chosen provinces. Expected: mean of the eight weeks up to a fortnight "
        "before; band: three standard deviations, at least those of a Poisson count. For the eye; the spike alerts "
        "come from the detectors.",
        "short",
        series(f"""{WEEKS} SELECT week AS time, exports, expected, GREATEST(expected - 3 * spread, 0) AS lower,
                   expected + 3 * spread AS upper FROM banded WHERE weeks >= 4 AND $__timeFilter(week)
                   ORDER BY week"""),
        span=FULL,
    )


def _ranking() -> list[object]:
    return [
        listing("Ranking", "Used exports of the last 28 days that there are documents for, against the 28 days "
                "before.",
                rows("""WITH newest AS (SELECT MAX(occurred_on) AS day FROM province_exports_daily
                                         WHERE occurred_on <= CURRENT_DATE),
                        compared AS (
                            SELECT province,
                                   COALESCE(SUM(exports) FILTER (WHERE occurred_on > day - 28), 0) AS last_28_days,
                                   COALESCE(SUM(exports) FILTER (WHERE occurred_on <= day - 28), 0) AS before
                            FROM province_exports_daily, newest WHERE occurred_on > day - 56 GROUP BY province)
                        SELECT province, last_28_days, before,
                               (last_28_days - before) / NULLIF(before, 0) AS change
                        FROM compared ORDER BY last_28_days DESC"""),
                units={"change": "percentunit"}, span=HALF),
        listing("Alerts about provinces", "Standing spikes and new levels: counted against expected exports, and "
                "through whom most of the excess went.",
                rows("""SELECT occurred_on, subject AS province, detector, severity, score,
                        CAST(facts ->> 'observed' AS DOUBLE PRECISION) AS observed,
                        CAST(facts ->> 'expected' AS DOUBLE PRECISION) AS expected,
                        CAST(facts ->> 'upper_bound' AS DOUBLE PRECISION) AS upper_bound,
                        facts ->> 'breadth' AS breadth, facts ->> 'top_exporter' AS top_exporter,
                        CAST(facts ->> 'top_exporter_share_of_excess' AS DOUBLE PRECISION) AS share_of_excess,
                        explanation FROM firing_alerts
                        WHERE subject_type = 'province' AND $__timeFilter(occurred_on)
                        ORDER BY occurred_on DESC, score DESC LIMIT 100"""),
                units={"score": "percentunit", "share_of_excess": "percentunit"}, span=HALF),
    ]  # fmt: skip


def _attribution() -> list[object]:
    def by(column: str, title: str) -> object:
        return listing(
            title,
            "Used exports of the chosen provinces in the chosen time: are few or many behind them?",
            rows(f"""SELECT {column}, COUNT(*) AS exports, COUNT(*) FILTER (WHERE alerts > 0) AS under_alert,
                     AVG(CASE WHEN days_to_export <= 30 THEN 1.0 ELSE 0 END) AS within_30_days
                     FROM export_declarations
                     WHERE province IN (${{province:sqlstring}}) AND $__timeFilter(occurred_on)
                     GROUP BY {column} ORDER BY exports DESC LIMIT 20"""),
            units={"within_30_days": "percentunit"},
            span=THIRD,
        )

    return [by("exporter_id", "Exporters"), by("destination", "Destinations"), by("brand", "Brands")]
