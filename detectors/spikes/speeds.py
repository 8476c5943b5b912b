"""How fast a series may change: slow for a settled one, fast for a growing one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Pace of one filter of the bank.

    Attributes
    ----------
    level_sd, slope_sd : float
        Standard deviation of one step of the log-level and of its slope.
    slope_damping : float
        What remains of the slope after one step.
    intervention_average : float
        Smoothed residual above which the level is taken to have moved.
    dispersion_rate : float
        Weight of one period in the learnt dispersion, in the long run.
    """

    level_sd: float
    slope_sd: float
    slope_damping: float
    intervention_average: float
    dispersion_rate: float


SLOW = Speed(
    level_sd=0.003,
    slope_sd=0.0002,
    slope_damping=0.97,
    intervention_average=1.5,
    dispersion_rate=0.008,
)
"""For flat and seasonal series: best on stationary counts, alarms too often under growth."""

FAST = Speed(
    level_sd=0.015,
    slope_sd=0.0005,
    slope_damping=0.9,
    intervention_average=1.3,
    dispersion_rate=0.01,
)
"""For series that grow by the week: best there, somewhat insensitive on flat series."""

BOTH = (SLOW, FAST)
