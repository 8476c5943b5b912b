"""Judging a panel again and again as its counts change, without starting anew each time.

The detector's state is kept up to the last settled week; open weeks are judged on a copy. States
are kept at intervals, so that a changed count makes the judge start again shortly before it. All
of that is a cache: the judgements are those of a judge that sees the present counts for the first
time.
"""

from dataclasses import dataclass

import numpy as np

from detectors.spikes.delay import COMPLETE
from detectors.spikes.detector import SpikeDetector, SpikeJudgement
from detectors.spikes.special import Array

CHECKPOINT_WEEKS = 4
CHECKPOINTS = 16


@dataclass(frozen=True, slots=True)
class SettledWeeks:
    """State after a number of weeks; never advanced itself."""

    weeks: int
    detector: SpikeDetector


class PanelJudge:
    """Judgements of all weeks of a panel."""

    def __init__(self) -> None:
        self._first_week = 0
        self._counts = np.zeros((0, 0))
        self._judgements: list[SpikeJudgement] = []
        self._checkpoints: list[SettledWeeks] = []

    def judge(
        self, first_week: int, counts: Array, calendar: Array, shares: Array
    ) -> list[SpikeJudgement]:
        """Judge every week; the last one is the present week, still growing.

        Parameters
        ----------
        first_week : int
            Monday of the first week.
        counts : array, series x weeks
        calendar : array, weeks x regressors
        shares : array, series x (weeks - 1)
            Completeness of every week but the present one.
        """
        weeks = counts.shape[1]
        opened = np.flatnonzero((shares < COMPLETE).any(axis=0))
        open_from = int(opened[0]) if len(opened) else weeks - 1
        detector = self._settle(first_week, counts, calendar, open_from)
        ahead = detector.copy()
        judged = [
            ahead.step(counts[:, week], calendar[week], shares[:, week])
            for week in range(open_from, weeks - 1)
        ]
        present = ahead.step(counts[:, -1], calendar[-1], growing=True)
        return [*self._judgements, *judged, present]

    def _settle(self, first_week: int, counts: Array, calendar: Array, until: int) -> SpikeDetector:
        same = self._unchanged(counts, until) if first_week == self._first_week else 0
        self._checkpoints = [point for point in self._checkpoints if point.weeks <= same]
        if self._checkpoints:
            begin, detector = self._checkpoints[-1].weeks, self._checkpoints[-1].detector.copy()
        else:
            begin, detector = 0, SpikeDetector(counts[:, 0], calendar.shape[1])
        del self._judgements[begin:]
        for week in range(begin, until):
            if week % CHECKPOINT_WEEKS == 0 and week > begin:
                self._checkpoints.append(SettledWeeks(week, detector.copy()))
            self._judgements.append(detector.step(counts[:, week], calendar[week]))
        # None before the first week: a new detector starts at that week's counts, which still grow.
        if until > (self._checkpoints[-1].weeks if self._checkpoints else 0):
            self._checkpoints.append(SettledWeeks(until, detector.copy()))
        self._checkpoints = self._checkpoints[-CHECKPOINTS:]
        self._first_week, self._counts = first_week, counts[:, :until].copy()
        return detector

    def _unchanged(self, counts: Array, until: int) -> int:
        """Return the number of first weeks whose settled counts are still the present ones."""
        if self._counts.shape[0] != counts.shape[0]:
            return 0
        weeks = min(self._counts.shape[1], until)
        changed = (self._counts[:, :weeks] != counts[:, :weeks]).any(axis=0)
        return int(np.argmax(changed)) if changed.any() else weeks
