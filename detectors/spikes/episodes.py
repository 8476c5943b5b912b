"""Alarms that belong together: one finding for a spike of several weeks, one for a new level."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detectors.spikes.special import Array

Kind = Literal["spike", "level_shift", "start"]

QUIET_WEEKS = 1
"""Weeks without alarm that do not end an episode."""

START_WEEKS = 39
"""Weeks after a province's first exports in which further alarms belong to that start."""

HISTORY_WEEKS = 26
FEW_BEFORE = 13


@dataclass(frozen=True, slots=True)
class Episode:
    """Alarmed weeks of one series, both ends included.

    Attributes
    ----------
    first, last : int
        Indices of the first and the last alarmed week.
    kind : str
        ``spike``; ``level_shift`` when the level moved up within it for good; ``start`` when the
        series had next to nothing in the half-year before.
    """

    first: int
    last: int
    kind: Kind

    @property
    def weeks(self) -> range:
        """Indices of its weeks."""
        return range(self.first, self.last + 1)


def episodes(counts: Array, alarm: NDArray[np.bool_], moved: Array) -> list[Episode]:
    """Group one series' alarms.

    Parameters
    ----------
    counts, alarm, moved : array
        One value a week: the count, whether it alarms, and +1 where the level moved up.

    Notes
    -----
    A start or a new plateau alarms week after week until the expectation has followed. That is one
    finding, not a spike a week.
    """
    found: list[Episode] = []
    for week in np.flatnonzero(alarm).tolist():
        previous = found[-1] if found else None
        if previous is not None and week - previous.last <= _reach(previous):
            found[-1] = Episode(previous.first, week, previous.kind)
        else:
            found.append(Episode(week, week, _kind_at(counts, week)))
    return [_with_level(episode, moved) for episode in found]


def _reach(episode: Episode) -> int:
    """Return how many weeks after its last alarm another still belongs to an episode."""
    if episode.kind == "start":
        return max(QUIET_WEEKS + 1, START_WEEKS - (episode.last - episode.first))
    return QUIET_WEEKS + 1


def _kind_at(counts: Array, week: int) -> Kind:
    before = counts[max(0, week - HISTORY_WEEKS) : week]
    return "start" if before.sum() < min(FEW_BEFORE, counts[week]) else "spike"


def _with_level(episode: Episode, moved: Array) -> Episode:
    rises = (moved[episode.first : episode.last + 1] > 0).any()
    if episode.kind == "spike" and rises and episode.last - episode.first >= 2:  # noqa: PLR2004
        return Episode(episode.first, episode.last, "level_shift")
    return episode
