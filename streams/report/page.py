"""The page: a template, its style and script, and the packed data."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from detectors import civil_time
from streams import __version__
from streams.report import names
from streams.report.calendar import month_text
from streams.report.charts import Chart
from streams.report.embedding import pack_json, pack_libraries
from streams.setup.templates import templates_of

_SPARK_HEIGHT: Final = 28
_SPARK_WIDTH: Final = 160


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Templates and what they may call."""
    environment = templates_of("streams.report")
    environment.filters |= {
        "count": names.count,
        "money": _money,
        "percent": names.percent,
        "province": _province,
        "day": civil_time.day_text,
        "month": month_text,
        "spark": spark,
    }
    return environment


@pass_context
def _money(context: Context, amount: float) -> str:
    return names.money(context["country"], amount)


@pass_context
def _province(context: Context, code: str | None) -> str:
    return names.province_name(context["country"], code)


def render(context: dict[str, Any], charts: Sequence[Chart], tables: dict[str, dict[str, Any]]) -> str:
    """Write the page.

    Parameters
    ----------
    context
        What the template names.
    charts
        Figures, drawn by the page's script where the template places them.
    tables
        Tables that the page's script fills, by name: `table` of the alerts, `parties` of double sales.
    """
    by_identity = {chart.identity: chart for chart in charts}
    data = {
        "charts": by_identity,
        **tables,
        "retail": context["retail_cells"],
        "retailFinalBefore": month_text(context["final_before"]),
    }
    template = environment().get_template("report.html.j2")
    return template.render(
        context,
        charts=by_identity,
        data=pack_json(data),
        libraries=pack_libraries(),
        version=__version__,
    )


def spark(values: Sequence[int]) -> str:
    """Write the outline of small bars as the points of an SVG polygon.

    Neighbouring weeks are put together so that a bar is at least two units wide.
    """
    step = -(-len(values) // (_SPARK_WIDTH // 2)) if values else 1
    bars = [sum(values[i : i + step]) for i in range(0, len(values), step)]
    top = max(bars, default=0) or 1
    width = _SPARK_WIDTH / (len(bars) or 1)
    points = [f"0,{_SPARK_HEIGHT}"]
    for index, bar in enumerate(bars):
        y = _SPARK_HEIGHT - bar / top * (_SPARK_HEIGHT - 2)
        points += [f"{index * width:.1f},{y:.1f}", f"{(index + 1) * width:.1f},{y:.1f}"]
    return " ".join([*points, f"{_SPARK_WIDTH},{_SPARK_HEIGHT}"])
