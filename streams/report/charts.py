"""What all charts share: look, behaviour on a phone, and the choices of a chart's menu."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

import plotly.graph_objects as go

from streams.report.colours import GRID, INK, MUTED

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a chart's menu and what it changes."""

    value: str
    label: str
    update: dict[str, list[Any]]
    """Attribute to its value for every trace, as ``Plotly.restyle`` takes it."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure as data, drawn by the page."""

    identity: str
    figure: dict[str, Any]
    description: str
    """What a reader who cannot see it should know."""
    choices: tuple[Choice, ...] = field(default=())


def chart(
    identity: str,
    figure: go.Figure,
    *,
    description: str,
    height: int = 340,
    choices: tuple[Choice, ...] = (),
) -> Chart:
    """Give a figure the common look.

    Axes are fixed and dragging is off: on a phone a finger on a chart must scroll the page.
    """
    figure.update_layout(
        template="none",
        height=height,
        autosize=True,
        font={"family": FONT, "size": 13, "color": INK},
        margin={"l": 8, "r": 12, "t": 36, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
        hovermode="x unified",
        hoverlabel={"bgcolor": "#ffffff", "bordercolor": GRID, "font": {"color": INK}},
        legend={"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
        bargap=0.1,
    )
    axis = {"fixedrange": True, "automargin": True, "tickfont": {"color": MUTED}, "zeroline": False}
    figure.update_xaxes(**axis, showgrid=False, linecolor=GRID, ticks="outside", tickcolor=GRID)
    figure.update_yaxes(**axis, gridcolor=GRID)
    return Chart(identity, json.loads(figure.to_json()), description, choices)
