"""Two judgements of the same documents side by side."""

from __future__ import annotations

import pyarrow as pa

from streams.lab.backtest import BacktestError, Comparison, Load, compare
from streams.lab.difference import Change
from streams.lab.frame import Frame
from streams.lab.judged import Judged
from streams.lab.writing import differences_table


class BacktestResult:
    """What B says otherwise than A; `backtest` makes it.

    Parameters
    ----------
    comparison
        The figures.
    differences
        One row an alert on which they differ.
    """

    def __init__(self, comparison: Comparison, differences: pa.Table) -> None:
        self.comparison = comparison
        self._differences = Frame(differences)

    @property
    def changes(self) -> dict[Change, int]:
        """How many alerts are new, gone, of another severity, or told in other words."""
        return self.comparison.changes

    @property
    def differences(self) -> Frame:
        """One row an alert on which they differ."""
        return self._differences

    @property
    def loads(self) -> tuple[Load, Load]:
        """What A and B ask of those who look into alerts."""
        return self.comparison.load_a, self.comparison.load_b

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {count:,}" for name, count in self.changes.items())
        return f"<BacktestResult: {counts}>"


def backtest(a: Judged, b: Judged) -> BacktestResult:
    """Say what B says otherwise than A.

    Parameters
    ----------
    a, b
        The same documents, judged by two policies or models.

    Raises
    ------
    BacktestError
        If they were not made of the same documents.
    """
    if not a.documents.is_of(b.documents):
        raise BacktestError("the two were judged of different documents: read once, judge twice")
    comparison, found = compare(a.firing, b.firing)
    return BacktestResult(comparison, differences_table(found))
