"""Queries against the two data sources."""

from __future__ import annotations

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.models.dashboard import DataSourceRef

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="zeromile-prometheus")
POSTGRES = DataSourceRef(type_val="postgres", uid="zeromile-postgres")


class SqlQuery(variants.Dataquery):
    """A query of Grafana's PostgreSQL data source, which the SDK has no type for."""

    def __init__(self, sql: str, shape: str, ref_id: str) -> None:
        self._sql = " ".join(sql.split())
        self._shape = shape
        self._ref_id = ref_id

    def to_json(self) -> dict[str, object]:
        """The query as Grafana stores it."""
        return {
            "refId": self._ref_id,
            "datasource": POSTGRES,
            "editorMode": "code",
            "format": self._shape,
            "rawQuery": True,
            "rawSql": self._sql,
        }


class _Sql(cogbuilder.Builder[SqlQuery]):
    def __init__(self, query: SqlQuery) -> None:
        self._query = query

    def build(self) -> SqlQuery:
        return self._query


def rows(sql: str, ref_id: str = "A") -> cogbuilder.Builder[SqlQuery]:
    """Ask PostgreSQL for a table."""
    return _Sql(SqlQuery(sql, "table", ref_id))


def series(sql: str, ref_id: str = "A") -> cogbuilder.Builder[SqlQuery]:
    """Ask PostgreSQL for time series: a column `time`, and numbers named as their columns."""
    return _Sql(SqlQuery(sql, "time_series", ref_id))


def over_time(expr: str, legend: str, ref_id: str = "A") -> prometheus.Dataquery:
    """Ask Prometheus for series over the dashboard's range."""
    return prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(ref_id).range()


def now(expr: str, legend: str, ref_id: str = "A") -> prometheus.Dataquery:
    """Ask Prometheus for the present."""
    return prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(ref_id).instant()
