"""Judgements of the provinces and of the nation, week by week, as one table of regions x weeks."""

from collections.abc import Sequence

import numpy as np

from detectors.spikes.bounds import Bound, joined
from detectors.spikes.detector import SpikeJudgement
from detectors.spikes.panel import WARM_UP
from detectors.spikes.scores import Scores
from detectors.spikes.special import Array


class JudgedWeeks:
    """Judgements of two panels, the rows of the second one below those of the first.

    Parameters
    ----------
    provinces, nation : sequence of SpikeJudgement
        One a week, of the same weeks.
    alpha : float
        Probability of the upper bound.
    """

    def __init__(
        self, provinces: Sequence[SpikeJudgement], nation: Sequence[SpikeJudgement], alpha: float
    ) -> None:
        self._above = len(provinces[0].p)
        """Rows of the first panel."""
        self._panels = (slice(0, self._above), provinces), (slice(self._above, None), nation)
        self._shape = self._above + len(nation[0].p), len(provinces)
        self._alpha = alpha

    def scores(self) -> Scores:
        """Return what was judged after the warm-up, without alarms and upper bounds."""
        scores = Scores.empty(self._shape)
        for week in range(WARM_UP, self._shape[1]):
            for rows, panel in self._panels:
                seen = panel[week]
                scores.expected[rows, week] = seen.expected
                scores.p[rows, week], scores.moved[rows, week] = seen.p, seen.moved
        return scores

    def upper(self, cells: Sequence[tuple[int, int]]) -> Array:
        """Return the upper bounds of single cells, each a row and a week."""
        return self._largest([self._bound(row, week) for row, week in cells])

    def every_upper(self) -> Array:
        """Return the upper bounds of all rows and weeks; NaN within the warm-up."""
        upper = np.full(self._shape, np.nan)
        if self._shape[1] <= WARM_UP:
            return upper
        for rows, panel in self._panels:
            found = self._largest([seen.bound for seen in panel[WARM_UP:]])
            upper[rows, WARM_UP:] = found.reshape(len(panel) - WARM_UP, -1).T
        return upper

    def _bound(self, row: int, week: int) -> Bound:
        part = int(row >= self._above)
        return self._panels[part][1][week].bound.take([row - part * self._above])

    def _largest(self, bounds: Sequence[Bound]) -> Array:
        return joined(bounds).largest_counts(self._alpha) if bounds else np.zeros(0)
