"""Two judgements of the same documents side by side."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa

from streams.lab.backtest import BacktestError, Comparison, compare, with_scores
from streams.lab.difference import Change
from streams.lab.differing import find_differences
from streams.lab.frame import Frame
from streams.lab.judged import Judged
from streams.lab.loads import Load
from streams.lab.writing import differences_table

_SCORES: Final = pa.schema([
    ("side", pa.string()), ("by", pa.string()), ("figure", pa.string()), ("count", pa.int64()),
    ("of", pa.int64()), ("share", pa.float64()), ("low", pa.float64()), ("high", pa.float64()),
])  # fmt: skip


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

    @property
    def scores(self) -> Frame:
        """Precision and recall of A and B by the truth and by outcomes, where those are known.

        ``count`` of ``of`` with Wilson's 95 % interval from ``low`` to ``high``.
        """
        return Frame(pa.Table.from_pylist(list(_scores(self.comparison)), _SCORES))

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {count:,}" for name, count in self.changes.items())
        return f"<BacktestResult: {counts}>"


def _scores(comparison: Comparison) -> Iterator[dict[str, Any]]:
    sides = (
        ("a", "truth", comparison.truth_a),
        ("b", "truth", comparison.truth_b),
        ("a", "outcomes", comparison.outcomes_a),
        ("b", "outcomes", comparison.outcomes_b),
    )
    for side, by, score in sides:
        if score is not None:
            for figure, one in (("precision", score.right), ("recall", score.found)):
                yield {"side": side, "by": by, "figure": figure} | msgspec.structs.asdict(one)


def backtest(
    a: Judged,
    b: Judged,
    *,
    truth: str | PathLike[str] | None = None,
    outcomes: str | None = None,
) -> BacktestResult:
    """Say what B says otherwise than A.

    Parameters
    ----------
    a, b
        The same documents, judged by two policies or models.
    truth
        What the people were about, a file as ``zeromile evaluate`` takes it: both sides are scored.
    outcomes
        URL of the desk's database: both sides are held against what was decided.

    Raises
    ------
    BacktestError
        If they were not made of the same documents.
    ZeromileError
        If the truth or the outcomes cannot be read.
    """
    if not a.documents.is_of(b.documents):
        raise BacktestError("the two were judged of different documents: read once, judge twice")
    labelled = None if truth is None else a.documents.labelled(Path(truth))
    decided = None if outcomes is None else _read_outcomes(outcomes)
    found, _ = find_differences(a.firing, b.firing, (None, None))
    loads = found.loads[0].load, found.loads[1].load
    comparison = with_scores(compare(found.rows, loads), a.firing, b.firing, labelled, decided)
    return BacktestResult(comparison, differences_table(found.rows))


def _read_outcomes(url: str) -> dict[str, str]:
    from streams.lab.outcomes import read_outcomes  # noqa: PLC0415 - half a second, and few hold cases

    return read_outcomes(url)
