"""Weekly check that p-values still mean what they say."""

from dataclasses import dataclass

import numpy as np

from detectors.spikes.special import Array

WEEKS = 104
LEVEL = 0.01
BAND = (0.005, 0.02)
_TRIMMED = 1e-4
_MINIMUM = 1000


@dataclass(frozen=True, slots=True)
class MonitorCalibration:
    """Share of small p-values over the last two years.

    Attributes
    ----------
    share : float
        Of the p-values below 0.01, those below 1e-4 left out as probable true spikes.
    judged : int
        How many p-values it rests on.
    trustworthy : bool
        Whether the share lies in [0.5, 2] %; also where fewer than 1,000 p-values say nothing yet.
    """

    share: float
    judged: int
    trustworthy: bool


def calibration(p: Array) -> MonitorCalibration:
    """Check the p-values of a panel, series x weeks; NaN is not judged.

    Notes
    -----
    Counts are whole numbers, so their p-values are larger than uniform ones: a share below the
    band says that the detector is cautious on sparse provinces, one above it that alarms come too
    often.
    """
    latest = p[:, -WEEKS:]
    judged = latest[np.isfinite(latest) & (latest >= _TRIMMED)]
    share = float((judged < LEVEL).mean()) if len(judged) else 0.0
    inside = BAND[0] <= share <= BAND[1]
    return MonitorCalibration(share, len(judged), inside or len(judged) < _MINIMUM)
