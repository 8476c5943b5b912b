"""Scoring alarms against labelled outbreaks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.spikes.scores import Scores
from streams.spikes.counts import CountTable
from streams.spikes.periods import PERIODS_A_YEAR

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LabelOutcome:
    """Alarms against labels.

    Attributes
    ----------
    outbreaks, hits : int
        Labelled outbreaks, and those with at least one alarm.
    true_alarms, false_alarms : int
        Alarmed periods within and outside outbreaks.
    false_alarms_a_year : float
        False alarms a region and judged year.
    delay : float
        Mean periods from the start of an outbreak to its first alarm, over the hits; NaN without
        hits.
    """

    outbreaks: int
    hits: int
    true_alarms: int
    false_alarms: int
    false_alarms_a_year: float
    delay: float

    @property
    def precision(self) -> float:
        """Share of the alarmed periods that lie in an outbreak; NaN without alarms."""
        alarms = self.true_alarms + self.false_alarms
        return self.true_alarms / alarms if alarms else float("nan")

    @property
    def recall(self) -> float:
        """Share of the outbreaks with an alarm; NaN without outbreaks."""
        return self.hits / self.outbreaks if self.outbreaks else float("nan")


def outbreaks_of(labels: Mask) -> list[tuple[int, int, int]]:
    """Return (region, first period, last period) of every run of labelled periods."""
    found = []
    for region, row in enumerate(labels):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        found += [
            (region, int(start), int(end) - 1)
            for start, end in zip(edges[::2], edges[1::2], strict=True)
        ]
    return found


def score_labels(table: CountTable, labels: Mask, scores: Scores) -> LabelOutcome:
    """Compare the alarms with the labels of a table."""
    runs = outbreaks_of(labels)
    delays = []
    for region, start, end in runs:
        alarmed = np.flatnonzero(scores.alarm[region, start : end + 1])
        if len(alarmed):
            delays.append(int(alarmed[0]))
    false = int((scores.alarm & ~labels).sum())
    years = (scores.judged() & ~labels).sum() / PERIODS_A_YEAR[table.kind]
    return LabelOutcome(
        outbreaks=len(runs),
        hits=len(delays),
        true_alarms=int((scores.alarm & labels).sum()),
        false_alarms=false,
        false_alarms_a_year=false / years if years else float("nan"),
        delay=float(np.mean(delays)) if delays else float("nan"),
    )


def at_equal_false_alarms(labels: Mask, scores: Scores, enough: Mask, budget: int) -> int:
    """Return how many outbreaks are hit at the threshold with at most `budget` false alarms.

    Parameters
    ----------
    labels : array of bool, regions x periods
    scores : Scores
    enough : array of bool
        Where there are documents enough for an alarm.
    budget : int
    """
    p = np.where(scores.judged() & enough, scores.p, 1.0)
    quiet = np.sort(p[~labels])
    threshold = quiet[budget] if budget < len(quiet) else 1.0
    return sum(
        bool((p[region, start : end + 1] < min(threshold, 1.0)).any())
        for region, start, end in outbreaks_of(labels)
    )
