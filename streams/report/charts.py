"""A chart as plain data: the page's script draws it with Chart.js."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

BARS: Final = "bars"
LINES: Final = "lines"
MATRIX: Final = "matrix"
WEEK: Final = "week of "

Values = list[Any]
"""One value a label; ``None`` where there is none."""


@dataclass(frozen=True, slots=True)
class Series:
    """What is drawn in one colour."""

    name: str
    colour: str
    style: Literal["bar", "line", "thin", "dotted", "mark"] = "bar"
    pale_from: int | None = None
    """Position from which bars are pale: not yet final."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a chart's menu, and what it shows."""

    value: str
    label: str
    values: list[Values]
    """For every series."""
    notes: Values = field(default_factory=list)
    """What a mark says, label by label."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, drawn by the page."""

    identity: str
    kind: Literal["bars", "lines", "matrix"]
    labels: list[str]
    series: list[Series]
    choices: tuple[Choice, ...]
    """The first one is shown at the beginning; its label is shown only where there are others."""
    description: str
    """What a reader who cannot see it should know."""
    height: int = 340
    """In pixels."""
    label_words: str = ""
    """What stands before a label where one is pointed at."""
    rows: list[str] = field(default_factory=list)
    """Names of a matrix's rows, from the top."""
    row_tops: list[float] = field(default_factory=list)
    """The value that gets the darkest shade, row by row."""
    marks: list[tuple[str, str, str]] = field(default_factory=list)
    """Marked cells of a matrix: label, row, what it says."""
