"""What all dashboards share: range, links to each other, filters, annotations."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from deploy.grafana.source.country import COUNTRY
from deploy.grafana.source.queries import POSTGRES, SqlQuery

TAG = "zeromile"


def board(uid: str, title: str, description: str, start: str) -> builders.Dashboard:
    """An empty dashboard under the common conventions."""
    others = (
        builders.DashboardLink("zeromile")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .keep_time(True)
    )
    return (
        builders.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .time(start, "now")
        .timezone(COUNTRY.timezone)
        .refresh("1m")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(others)
    )


def choice(name: str, label: str, sql: str, *, with_all: bool = True) -> builders.QueryVariable:
    """A filter whose values are in the database."""
    variable = (
        builders.QueryVariable(name)
        .label(label)
        .query(" ".join(sql.split()))
        .datasource(POSTGRES)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )
    if with_all:
        everything = VariableOption(selected=True, text="All", value="$__all")
        variable = variable.multi(True).include_all(True).current(everything)
    return variable


def text(name: str, label: str) -> builders.TextBoxVariable:
    """A filter that is typed in."""
    return builders.TextBoxVariable(name).label(label)


class _Annotation(AnnotationQuery):
    """An annotation from SQL, which the SDK has no type for."""

    def __init__(self, name: str, sql: str) -> None:
        super().__init__(name=name, datasource=POSTGRES, enable=True, icon_color="red")
        self._sql = sql

    def to_json(self) -> dict[str, object]:
        return super().to_json() | {"target": SqlQuery(self._sql, "table", "Anno")}


class _Annotations(cogbuilder.Builder[AnnotationQuery]):
    def __init__(self, annotation: AnnotationQuery) -> None:
        self._annotation = annotation

    def build(self) -> AnnotationQuery:
        return self._annotation


def spikes() -> cogbuilder.Builder[AnnotationQuery]:
    """Mark the alerts about provinces themselves."""
    return _Annotations(
        _Annotation(
            "Province alerts",
            """SELECT occurred_on AS time, subject || ': ' || title AS text, detector AS tags
               FROM firing_alerts WHERE subject_type = 'province' AND $__timeFilter(occurred_on)""",
        )
    )


def finished(builder: builders.Dashboard, panels: Sequence[object]) -> Dashboard:
    """Put the panels in, in order."""
    for panel in panels:
        builder = builder.with_panel(panel)  # type: ignore[arg-type] # builders of different panels
    return builder.build()
