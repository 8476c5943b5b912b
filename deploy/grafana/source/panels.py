"""The kinds of panels that all dashboards use; every one has title, description and unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge, common, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, Threshold, ThresholdsMode

from deploy.grafana.source.queries import POSTGRES, PROMETHEUS, SqlQuery

HALF, THIRD, QUARTER, FULL = 12, 8, 6, 24
TALL, LOW = 9, 4

VEHICLE_LINK = "/d/zeromile-vehicles?var-vin=${__value.raw}&${__url_time_range}"
PROVINCE_LINK = "/d/zeromile-provinces?var-province=${__value.raw}&${__url_time_range}"
PARTY_LINK = "/d/zeromile-parties?var-party=${__value.raw}&${__url_time_range}"
ALERT_LINKS = {
    "vehicle": VEHICLE_LINK,
    "vin": VEHICLE_LINK,
    "province": PROVINCE_LINK,
    **dict.fromkeys(("party", "seller", "exporter", "from_id", "to_id"), PARTY_LINK),
}

PanelT = TypeVar("PanelT", stat.Panel, table.Panel, timeseries.Panel, bargauge.Panel)


def _named(panel: PanelT, title: str, description: str, unit: str, targets: Sequence[object]) -> PanelT:
    panel = panel.title(title).description(description).unit(unit)
    for target in targets:
        panel = panel.with_target(target)  # type: ignore[arg-type] # the SDK wants its own base class
    is_sql = isinstance(targets[0].build(), SqlQuery)  # type: ignore[attr-defined]
    return panel.datasource(POSTGRES if is_sql else PROMETHEUS)


def number(
    title: str, description: str, unit: str, *targets: object, alarm_at: float | None = None
) -> stat.Panel:
    """One number to read at a glance; red from `alarm_at` on."""
    steps = [Threshold(value=None, color="green")]
    if alarm_at is not None:
        steps.append(Threshold(value=alarm_at, color="red"))
    thresholds = builders.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
    panel = _named(stat.Panel(), title, description, unit, targets)
    return (
        panel.thresholds(thresholds)
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.AREA)
        .no_value("0")
        .span(QUARTER)
        .height(LOW)
    )


def chart(
    title: str, description: str, unit: str, *targets: object, span: int = HALF
) -> timeseries.Panel:
    """Lines over time."""
    legend = (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    panel = _named(timeseries.Panel(), title, description, unit, targets)
    return (
        panel.legend(legend)
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .fill_opacity(8)
        .span(span)
        .height(TALL)
    )


def bars(title: str, description: str, unit: str, *targets: object, span: int = HALF) -> bargauge.Panel:
    """A ranking as horizontal bars."""
    panel = _named(bargauge.Panel(), title, description, unit, targets)
    options = common.ReduceDataOptions().values(True)
    return panel.reduce_options(options).orientation(VizOrientation.HORIZONTAL).span(span).height(TALL)


def listing(
    title: str,
    description: str,
    *targets: object,
    unit: str = "short",
    units: dict[str, str] | None = None,
    span: int = FULL,
) -> table.Panel:
    """A table; columns of vehicles and provinces lead to their dashboards."""
    panel = _named(table.Panel(), title, description, unit, targets)
    panel = panel.span(span).height(TALL).show_header(True)
    for column, url in ALERT_LINKS.items():
        link = {"title": f"Open this {column}", "url": url, "targetBlank": False}
        panel = panel.override_by_name(column, [DynamicConfigValue(id_val="links", value=[link])])
    for column, column_unit in (units or {}).items():
        panel = panel.override_by_name(column, [DynamicConfigValue(id_val="unit", value=column_unit)])
    return panel
