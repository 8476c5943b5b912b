"""The streaming negative-binomial state-space filter: one step a period, no refit.

The log-rate of a series is ``level + coefficients . regressors``; the level walks, its slope is
damped, the coefficients drift slowly. Counts are negative binomial around it. The posterior of
the log-rate is matched with a gamma distribution of the rate, so that a step is closed-form
(West, Harrison and Migon 1985, "Dynamic generalized linear models and Bayesian forecasting").

Three guards, each for a failure that was observed: the variance of the log-rate is bounded and
the state is checked to be finite (NaN compares false, which would silently mean "no alarm");
dispersion is learnt from successive differences (squared residuals swallow a level shift), at a
pace that depends on the age of the series and not on when the panel began; an outlier moves the
state less, but three in a row open the level (gating alone locks a new level out for ever).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from detectors.spikes.special import (
    Array,
    anscombe_residual,
    inverse_trigamma,
    trigamma,
)
from detectors.spikes.speeds import Speed

Mask = NDArray[np.bool_]

GATE = 0.001
"""A count whose tail is less likely than this is an outlier: it moves the state less."""

INTERVENTION_RUN = 3
INTERVENTION_VARIANCE = 0.25
MAXIMUM_VARIANCE = 2.0
COEFFICIENT_SD = 0.0005
INITIAL_LEVEL_SD = 2.0
INITIAL_SLOPE_SD = 0.01
INITIAL_COEFFICIENT_SD = 0.2
INITIAL_COEFFICIENT_SD_BESIDE_PEERS = 0.07
"""What the calendar does to all peers is their common factor; the rest is a matter of taste."""

INITIAL_DISPERSION = 1.5
_USUAL_RATE = 0.05
_RESIDUAL_RATE = 0.25
_RESIDUAL_LIMIT = 3.0
_EARLY = 41
_INFORMATIVE_MEAN = 2.0
_GROWN = 4.0
"""A series this many times as large as when it was young last is another one: young again."""

_YOUNG_AGE = 10.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the filter expects of the next period, before it sees the count.

    Attributes
    ----------
    mean : array
        Expected counts, one a series.
    dispersion : array
        Variance over mean of the counts, given the rate.
    concentration : array
        Shape of the gamma distribution of the rate: its squared coefficient of variation is the
        inverse.
    """

    mean: Array
    dispersion: Array
    concentration: Array

    def predictive_dispersion(self) -> Array:
        """Return variance over mean of the counts, the uncertainty of the rate included."""
        return self.dispersion + self.mean / self.concentration


class NegativeBinomialFilter:
    """State of many series at once, advanced in place.

    Parameters
    ----------
    first : array
        First counts, one a series: the level starts there, with a wide variance.
    regressors : int
        Number of regressors.
    speeds : sequence of Speed
        One a series.
    coefficient_sd : float
        Standard deviation of the regressors' coefficients before anything is known.
    """

    def __init__(
        self,
        first: Array,
        regressors: int,
        speeds: Sequence[Speed],
        coefficient_sd: float = INITIAL_COEFFICIENT_SD,
    ) -> None:
        series, width = len(first), regressors + 2
        self.mean = np.zeros((series, width))
        self.mean[:, 0] = np.log(first + 0.5)
        variance = np.full(width, coefficient_sd**2)
        variance[:2] = INITIAL_LEVEL_SD**2, INITIAL_SLOPE_SD**2
        self.covariance = np.tile(np.diag(variance), (series, 1, 1))
        self.dispersion = np.full(series, INITIAL_DISPERSION)
        self.usual_mean = first + 0.5
        self.age = np.zeros(series)
        self._aged_from = self.usual_mean.copy()
        self.previous_residual = np.zeros(series)
        self.previous_weight = np.zeros(series)
        self.run = np.zeros(series)
        self.average = np.zeros(series)
        self._drift = np.full((series, width), COEFFICIENT_SD**2)
        self._drift[:, 0] = [speed.level_sd**2 for speed in speeds]
        self._drift[:, 1] = [speed.slope_sd**2 for speed in speeds]
        self._damping = np.array([speed.slope_damping for speed in speeds])
        self._limit = np.array([speed.intervention_average for speed in speeds])
        self._rate = np.array([speed.dispersion_rate for speed in speeds])
        self._design = np.zeros(width)
        self._design[0] = 1.0
        self._loading = np.zeros((series, width))
        self._variance = np.zeros(series)
        self._log_rate = np.zeros(series)

    def predict(self, regressors: Array) -> Prediction:
        """Move the state one period on and return what it expects there.

        Parameters
        ----------
        regressors : array
            Of the coming period, common to all series.
        """
        self._advance()
        self._design[2:] = regressors
        self._loading = self.covariance @ self._design
        self._variance = self._bounded(self._loading @ self._design)
        self._log_rate = self.mean @ self._design
        concentration = inverse_trigamma(self._variance)
        mean = np.exp(self._log_rate - scipy.special.psi(concentration)) * concentration
        return Prediction(mean, self.dispersion_at(mean), concentration)

    def dispersion_at(self, mean: Array) -> Array:
        """Return the dispersion at a mean: it grows with the root of mean over usual mean."""
        return 1.0 + (self.dispersion - 1.0) * self._scale(mean)

    def update(self, counts: Array, expected: Prediction, high: Mask) -> Array:
        """Learn from the counts of the predicted period.

        Parameters
        ----------
        counts : array
            Counts of the period.
        expected : Prediction
            What `predict` returned for it; its mean may have been multiplied by a known exposure.
        high : array of bool
            Counts so high that their upper tail is below `GATE`.

        Returns
        -------
        array
            +1 or -1 where the level has demonstrably moved up or down, else 0.
        """
        spread = expected.predictive_dispersion()
        residual = anscombe_residual(counts, expected.mean, spread)
        outlying = high | (residual < scipy.special.ndtri(GATE))
        moved = self._follow_level(residual, outlying)
        opened = moved != 0
        weight = np.where(outlying & ~opened, 1.0 / np.maximum(residual**2, 1.0), 1.0)
        self._correct(counts, expected, weight, opened)
        self._learn_dispersion(counts, expected, np.where(opened, 0.0, weight))
        self._assert_finite()
        return moved

    def shift_level(self, by: Array) -> None:
        """Move the log-levels, as a change of what they are measured from."""
        self.mean[:, 0] += by

    def _advance(self) -> None:
        mean, covariance, damping = self.mean, self.covariance, self._damping
        mean[:, 0] += mean[:, 1]
        mean[:, 1] *= damping
        covariance[:, 0, :] += covariance[:, 1, :]
        covariance[:, 1, :] *= damping[:, None]
        covariance[:, :, 0] += covariance[:, :, 1]
        covariance[:, :, 1] *= damping[:, None]
        diagonal = np.einsum("nii->ni", covariance)
        diagonal += self._drift

    def _bounded(self, variance: Array) -> Array:
        """Shrink the covariance of series whose log-rate is as good as unknown."""
        factor = np.minimum(1.0, MAXIMUM_VARIANCE / variance)
        if (factor < 1.0).any():
            self.covariance *= factor[:, None, None]
            self._loading *= factor[:, None]
        return variance * factor

    def _scale(self, mean: Array) -> Array:
        return np.sqrt(np.minimum(np.maximum(mean / self.usual_mean, 0.05), 20.0))

    def _follow_level(self, residual: Array, outlying: Mask) -> Array:
        """Follow runs of outliers and the smoothed residual; return the sign of a move."""
        sign = np.where(outlying, np.sign(residual), 0.0)
        run = np.where(sign * self.run > 0, self.run + sign, sign)
        limited = np.minimum(np.maximum(residual, -_RESIDUAL_LIMIT), _RESIDUAL_LIMIT)
        average = self.average + _RESIDUAL_RATE * (limited - self.average)
        moved = np.where(np.abs(average) > self._limit, np.sign(average), 0.0)
        moved = np.where(np.abs(run) >= INTERVENTION_RUN, np.sign(run), moved)
        still = moved == 0
        self.run, self.average = run * still, average * still
        return moved

    def _correct(self, counts: Array, expected: Prediction, weight: Array, opened: Mask) -> None:
        """Condition the state on the counts: a gamma posterior of the rate carried to it."""
        f, alpha = self._log_rate, expected.concentration
        rate = np.exp(f - scipy.special.psi(alpha)) * alpha
        exposure = expected.mean / rate
        if opened.any():
            extra = np.where(opened, INTERVENTION_VARIANCE, 0.0)
            self.covariance[:, 0, 0] += extra
            self._loading[:, 0] += extra
            self._variance = self._variance + extra
            alpha = alpha.copy()
            alpha[opened] = inverse_trigamma(self._variance[opened])
        q, loading = self._variance, self._loading
        information = weight / expected.dispersion
        alpha_after = alpha + information * counts
        beta_after = np.exp(scipy.special.psi(alpha) - f) + information * exposure
        change = scipy.special.psi(alpha_after) - np.log(beta_after) - f
        shrink = (1.0 - trigamma(alpha_after) / q) / q
        self.mean += loading * (change / q)[:, None]
        self.covariance -= loading[:, :, None] * (loading * shrink[:, None])[:, None, :]

    def _learn_dispersion(self, counts: Array, expected: Prediction, weight: Array) -> None:
        """Learn variance over mean from successive differences, blind to a wrong level."""
        residual = (counts - expected.mean) / np.sqrt(expected.mean)
        squared = (residual - self.previous_residual) ** 2 / 2.0
        rate = np.maximum(self._rate, 1.0 / (self.age + _EARLY))
        step = rate * np.minimum(weight, self.previous_weight)
        target = 1.0 + (squared - 1.0) / self._scale(expected.mean)
        self.dispersion = np.maximum(1.0, self.dispersion + step * (target - self.dispersion))
        self.previous_residual, self.previous_weight = residual, weight
        self.usual_mean += _USUAL_RATE * (expected.mean - self.usual_mean)
        self._grow_older(expected.mean)

    def _grow_older(self, mean: Array) -> None:
        """Count the periods that told something; a series that has grown fourfold is young again."""
        self.age += mean > _INFORMATIVE_MEAN
        grown = self.usual_mean > _GROWN * self._aged_from
        self.age = np.where(grown, np.minimum(self.age, _YOUNG_AGE), self.age)
        self._aged_from = np.where(grown, self.usual_mean, self._aged_from)

    def _assert_finite(self) -> None:
        if not np.isfinite(self.mean.sum() + self.covariance.sum() + self.dispersion.sum()):
            lost = ~np.isfinite(self.mean.sum(1) + self.covariance.sum((1, 2)) + self.dispersion)
            raise FloatingPointError(
                f"the spike filter lost its state in series {np.flatnonzero(lost)}"
            )
