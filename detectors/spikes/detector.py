"""SS-NB, the default method: two filters, the nation's common factor, a scan of two weeks.

Two views are fused before the p-value is taken: a province's own calendar and growth (the filter)
and what the rest of the nation does in the same period (the common factor). Multiplying p-values
of two separate views instead is not a p-value, and shocks the calendar does not know spoil one of
them.
"""

from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from detectors.spikes.bounds import Bound
from detectors.spikes.common import MINIMUM_PEERS, common_factor
from detectors.spikes.falls import Falls
from detectors.spikes.filter import (
    GATE,
    INITIAL_COEFFICIENT_SD,
    INITIAL_COEFFICIENT_SD_BESIDE_PEERS,
    NegativeBinomialFilter,
    Prediction,
)
from detectors.spikes.scan import WEEK_WINDOWS, Scan, of_the_excess
from detectors.spikes.special import (
    SMALLEST_PROBABILITY,
    Array,
    anscombe_residual,
    log_likelihood,
)
from detectors.spikes.speeds import BOTH, Speed
from detectors.spikes.spread import INFORMATIVE_MEAN, Spread, peers_spread
from detectors.spikes.trend import DispersionTrend, to_judge_with

_FORGETTING = 0.98
_FOLLOWED = 0.6
_LARGEST_LOSS = 3.0
_WARM_UP = 20


@dataclass(frozen=True, slots=True)
class SpikeJudgement:
    """What the detector says of one period, one value a series.

    Attributes
    ----------
    expected : array
        Expected count, common factor and completeness included.
    p : array
        Probability of counts at least as large, over the scan windows and both speeds.
    moved : array
        +1 or -1 where the level has moved up or down, else 0.
    bound : Bound
        What the largest counts without alarm follow from, where they are wanted.
    """

    expected: Array
    p: Array
    moved: Array
    bound: Bound


class SpikeDetector:
    """State of SS-NB for a panel of series, advanced one period at a time.

    The states learn with the common factor taken out, so that a national shock spoils none of
    them. What all series do together would then be nobody's: levels and factor could drift apart
    for ever. After each period all levels therefore take over a part of the factor, which changes
    no expectation (the next factor is smaller by as much).

    Parameters
    ----------
    first : array
        Counts of the first period, one a series.
    regressors : int
        Number of calendar regressors.
    windows : tuple of int
        Windows of the scan, in periods.
    speeds : tuple of Speed
        The bank; the likelihood of the counts chooses among them for every series by itself.
    peers : bool, optional
        Whether series are parts of one nation; default when there are at least eight.
    """

    def __init__(
        self,
        first: Array,
        regressors: int,
        *,
        windows: tuple[int, ...] = WEEK_WINDOWS,
        speeds: tuple[Speed, ...] = BOTH,
        peers: bool | None = None,
    ) -> None:
        self.series, self.speeds = len(first), len(speeds)
        self.peers = self.series >= MINIMUM_PEERS if peers is None else peers
        each = [speed for speed in speeds for _ in range(self.series)]
        prior = INITIAL_COEFFICIENT_SD_BESIDE_PEERS if self.peers else INITIAL_COEFFICIENT_SD
        self.filter = NegativeBinomialFilter(np.tile(first, self.speeds), regressors, each, prior)
        self.scan = Scan(self.series * self.speeds, windows)
        self.spread = Spread(self.series * self.speeds)
        self.trend = DispersionTrend(self.speeds, self.series)
        self.falls = Falls(self.filter.mean[:, 0])
        self.log_weights = np.zeros((self.speeds, self.series))
        self.steps = 0
        self._common = np.zeros(self.series * self.speeds)

    def step(
        self,
        counts: Array,
        regressors: Array,
        completeness: Array | float = 1.0,
        *,
        growing: bool = False,
    ) -> SpikeJudgement:
        """Judge one period and learn from it.

        Parameters
        ----------
        counts : array
            One a series.
        regressors : array
            Calendar of the period.
        completeness : array or float
            Share of the period's documents that has arrived. An incomplete period is best given
            to a `copy`: what it teaches is provisional.
        growing : bool
            The period is not over: its count is held against what the whole period allows, and
            peers that are behind so far do not lower the expectation.
        """
        share = np.tile(
            np.broadcast_to(np.asarray(completeness, dtype=float), self.series), self.speeds
        )
        every = np.tile(counts, self.speeds)
        own = self.filter.predict(regressors)
        mean = own.mean * share
        thinned = Prediction(mean, self._given(mean, share), own.concentration)
        expected, factored = self._with_peers(every, thinned, share, growing=growing)
        learnt = factored.predictive_dispersion()
        weights = self.weights()
        judged = self._as_before_a_fall(factored, share)
        dispersion = self._to_judge_with(judged)
        if self.peers and not growing:
            dispersion = dispersion * self._peers_spread(every, judged.mean, dispersion)

        tails, alone = self.scan.p_value(every, judged.mean, dispersion)
        usual = self._mixed(weights, judged.mean)
        p = of_the_excess(
            counts, usual, self._mixed(weights, tails), self._mixed(weights, alone), self.scan.windows
        )
        bound = self._bound(weights, judged, dispersion)
        self._weigh(every, factored.mean, self._to_judge_with(factored))
        high = alone < GATE
        residual = anscombe_residual(every, factored.mean, learnt)
        moved = self.filter.update(every, expected, high)
        self.filter.shift_level(_FOLLOWED * self._common)
        self.falls.shift(_FOLLOWED * self._common)
        self.falls.learn(self.filter.mean[:, 0], residual, self.filter.average, moved)
        self._learn_spread(residual, factored, share)
        self.scan.push(every, judged.mean, dispersion, high)
        self.steps += 1
        return SpikeJudgement(
            usual,
            np.clip(p, SMALLEST_PROBABILITY, 1.0),
            np.rint(self._mixed(weights, moved)),
            bound,
        )

    def weights(self) -> Array:
        """Return the weight of every speed for every series, speeds x series."""
        weights = np.exp(self.log_weights - self.log_weights.max(axis=0))
        result: Array = weights / weights.sum(axis=0)
        return result

    def copy(self) -> "SpikeDetector":
        """Return an independent copy, to judge incomplete periods or to resume from."""
        return deepcopy(self)

    def _given(self, mean: Array, share: Array) -> Array:
        """Return variance over mean, given the rate, of a count of which only a share has arrived.

        Documents come late one by one, so what has arrived is a binomial thinning of the whole.
        """
        whole = (self.trend if self.peers else self.filter).dispersion_at(mean / share)
        return 1.0 + share * (whole - 1.0)

    def _to_judge_with(self, expected: Prediction) -> Array:
        if not self.peers:
            return self.spread.judged(expected.predictive_dispersion())
        return to_judge_with(expected.dispersion, expected.mean / expected.concentration)

    def _learn_spread(self, residual: Array, expected: Prediction, share: Array) -> None:
        if not self.peers:
            self.spread.learn(residual, expected.mean)
            return
        whole = expected.mean / share
        self.trend.learn(residual, whole, whole / expected.concentration)

    def _bound(self, weights: Array, judged: Prediction, dispersion: Array) -> Bound:
        """Return what the largest count without alarm follows from, as of this period."""
        shape = (self.speeds, self.series)
        history = self.scan.history
        return Bound(
            self.scan.windows,
            weights,
            judged.mean.reshape(shape),
            dispersion.reshape(shape),
            history.reshape(*history.shape[:2], *shape).copy(),
        )

    def _with_peers(
        self, counts: Array, own: Prediction, share: Array, *, growing: bool
    ) -> tuple[Prediction, Prediction]:
        """Return the predictions to learn with and to judge with (the factor's error in it)."""
        if not self.peers:
            return own, own
        shape = (self.speeds, self.series)
        dispersion = own.predictive_dispersion().reshape(shape)
        observed, mean = counts.reshape(shape), own.mean.reshape(shape)
        factors, variances, centre = common_factor(observed, mean, dispersion)
        factor, variance = factors.ravel(), variances.ravel()
        self._common = np.repeat(centre[:, 0], self.series)
        mean = own.mean * np.exp(np.maximum(factor, 0.0) if growing else factor)
        spread = self._given(mean, share)
        uncertain = 1.0 / (1.0 / own.concentration + variance)
        return Prediction(mean, spread, own.concentration), Prediction(mean, spread, uncertain)

    def _peers_spread(self, counts: Array, mean: Array, dispersion: Array) -> Array:
        """Return how much more room the period asks for; not while it grows: all are behind then."""
        shape = (self.speeds, self.series)
        residual = anscombe_residual(counts, mean, dispersion).reshape(shape)
        return peers_spread(residual, mean.reshape(shape) > INFORMATIVE_MEAN).ravel()

    def _as_before_a_fall(self, expected: Prediction, share: Array) -> Prediction:
        """Return the prediction with the level from which a series fell lately, where it fell."""
        height = self.falls.height(self.filter.mean[:, 0])
        if not height.any():
            return expected
        mean = expected.mean * np.exp(height)
        return Prediction(mean, self._given(mean, share), expected.concentration)

    def _weigh(self, counts: Array, mean: Array, dispersion: Array) -> None:
        """Move the bank's weights by the likelihood of the counts, each loss bounded."""
        if self.steps < _WARM_UP or self.speeds == 1:
            return
        likelihood = log_likelihood(counts, mean, dispersion).reshape(self.log_weights.shape)
        loss = np.maximum(likelihood - likelihood.max(axis=0), -_LARGEST_LOSS)
        self.log_weights = _FORGETTING * self.log_weights + loss

    def _mixed(self, weights: Array, values: Array) -> Array:
        result: Array = (weights * values.reshape(weights.shape)).sum(axis=0)
        return result
