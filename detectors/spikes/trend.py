"""How far the counts of peers stray: one line in the mean for all of them, each drawn towards it.

Eighty weeks of one province tell its variance to a sixth, and with too wide a variance a spike
is missed, with too narrow a one there is a false alarm. Peers of one trade stray alike: variance over
mean is near one line in the mean (overdispersion of the first and the second kind together), to which
each series adds a factor of its own, drawn towards 1 as long as little is known of it. So genes share
their dispersion in counts of RNA (Love, Huber and Anders 2014, "DESeq2").
"""

import numpy as np

from detectors.spikes.common import MINIMUM_PEERS
from detectors.spikes.special import Array
from detectors.spikes.spread import (
    INFORMATIVE_MEAN,
    LEAST_DISPERSION,
    mean_clipped_square,
    variance_of_clipped_square,
)

SHARE = 0.68
"""Part of the variance that is judged with, for the reasons of `spread.SHARE`, and because
`peers_spread` is cautious too. An assumption, chosen in the same way."""

CLIPPED_AT = 1.5
"""Tighter than for one series alone: peers have periods enough, and outbreaks weigh less."""

FORGETTING = 0.99
"""What a week's weight in the line is a week later: it rests on the last two years."""

OWN_FORGETTING = 0.9875
PRIOR_PERIODS = 50.0
"""Periods for which the line counts beside a series' own, before it is known how much peers differ."""

MOST_PRIOR_PERIODS = 200.0
_ENOUGH = 10.0

FIRST_LINE = np.array([1.5, 0.0025])
"""Of a panel that is not known yet: rates stray by a twentieth, with some clusters. An assumption."""

_FIRST_LINE_PERIODS = 8.0
_LEAST_MOMENTS = 1e-6 * np.eye(2)
_LEAST_CONSTANT = 0.5
_LEAST_FACTOR = 0.3


def to_judge_with(given: Array, uncertain: Array) -> Array:
    """Return the variance over mean to judge a series among peers with.

    Parameters
    ----------
    given : array
        Variance over mean given the rate, as learnt: at least Poisson's.
    uncertain : array
        What the uncertainty of the rate adds.
    """
    judged: Array = np.maximum(LEAST_DISPERSION, 1.0 + SHARE * (given - 1.0)) + uncertain
    return judged


class DispersionTrend:
    """Variance over mean of several panels of peers, given the rate, advanced in place.

    Parameters
    ----------
    panels, series : int
        Series of one panel are peers; every panel has its own line.
    """

    def __init__(self, panels: int, series: int) -> None:
        self._shape = (panels, series)
        self.line = np.tile(FIRST_LINE, (panels, 1))
        self._moments = np.zeros((panels, 2, 2))
        self._products = np.zeros((panels, 2))
        self._strayed = np.zeros(self._shape)
        self._periods = np.zeros(self._shape)

    def dispersion_at(self, mean: Array) -> Array:
        """Return the variance over mean that belongs to a mean of every series."""
        prior = self._prior_periods()
        own = (prior + self._strayed) / (prior + self._periods)
        line = self._on_line(mean.reshape(self._shape))
        dispersion: Array = np.maximum(1.0, line * np.maximum(own, _LEAST_FACTOR)).ravel()
        return dispersion

    def learn(self, residual: Array, mean: Array, uncertain: Array) -> None:
        """Learn from one period.

        Parameters
        ----------
        residual : array
            Under the predicted variance.
        mean : array
            As if all of the period had arrived.
        uncertain : array
            What the uncertainty of the rate adds to the variance over mean.
        """
        given = self.dispersion_at(mean).reshape(self._shape)
        mean, uncertain = mean.reshape(self._shape), uncertain.reshape(self._shape)
        squared = np.minimum(residual.reshape(self._shape) ** 2, CLIPPED_AT**2)
        clipped = squared / mean_clipped_square(CLIPPED_AT)
        strayed = clipped * (given + uncertain) - uncertain
        informative = mean > INFORMATIVE_MEAN
        line = self._on_line(mean)
        forgetting = np.where(informative, OWN_FORGETTING, 1.0)
        self._strayed = forgetting * self._strayed + informative * strayed / line
        self._periods = forgetting * self._periods + informative
        self._fit(mean, strayed, informative / (line + uncertain) ** 2)

    def _prior_periods(self) -> Array:
        """Return for how many periods the line counts: the fewer, the more the peers differ."""
        known = self._periods >= _ENOUGH
        peers = known.sum(axis=1, keepdims=True)
        periods = np.maximum(self._periods, 1.0)
        own = np.where(known, self._strayed / periods, 0.0)
        centre = own.sum(axis=1, keepdims=True) / np.maximum(peers, 1)
        sampling = variance_of_clipped_square(CLIPPED_AT)
        apart = np.where(known, (own - centre) ** 2 - sampling / periods, 0.0)
        variance = apart.sum(axis=1, keepdims=True) / np.maximum(peers - 1, 1)
        prior = sampling / np.maximum(variance, sampling / MOST_PRIOR_PERIODS)
        return np.where(peers >= MINIMUM_PEERS, prior, PRIOR_PERIODS)

    def _on_line(self, mean: Array) -> Array:
        constant, slope = self.line[:, :1], self.line[:, 1:]
        line: Array = np.maximum(1.0, constant + slope * mean)
        return line

    def _fit(self, mean: Array, strayed: Array, weight: Array) -> None:
        """Fit the line by weighted least squares; neither part of it may be negative."""
        if not weight.any():
            return
        terms = np.stack([np.ones_like(mean), mean], axis=-1)
        weighted = terms * weight[..., None]
        present = np.einsum("psi,psj->pij", weighted, terms)
        self._moments = FORGETTING * self._moments + present
        self._products = FORGETTING * self._products + np.einsum("psi,ps->pi", weighted, strayed)
        first = _FIRST_LINE_PERIODS * present + _LEAST_MOMENTS
        moments, products = self._moments + first, self._products + first @ FIRST_LINE
        line = np.linalg.solve(moments, products[..., None])[..., 0]
        flat = products[:, 0] / moments[:, 0, 0]
        steep = (products[:, 1] - moments[:, 0, 1] * _LEAST_CONSTANT) / moments[:, 1, 1]
        line = np.where(line[:, 1:] < 0.0, np.stack([flat, np.zeros_like(flat)], axis=-1), line)
        low = np.stack([np.full_like(steep, _LEAST_CONSTANT), np.maximum(steep, 0.0)], axis=-1)
        self.line = np.where(line[:, :1] < _LEAST_CONSTANT, low, line)
