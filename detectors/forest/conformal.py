"""From a score to a rate of false alarms: conformal p-values on rows kept out of training."""

import numpy as np
import numpy.typing as npt

from detectors.forest.packing import FloatArray


def p_values(calibration: npt.ArrayLike, scores: npt.ArrayLike) -> FloatArray:
    """Share of held-out reference vehicles that look at least as abnormal.

    Parameters
    ----------
    calibration
        Anomaly scores of held-out reference vehicles, **sorted ascending**, shape ``(n,)``.
    scores
        Anomaly scores to judge, any shape.

    Returns
    -------
    ndarray
        ``(1 + #{calibration >= score}) / (n + 1)``. For a vehicle exchangeable with the held-out
        ones, the chance of ``p <= a`` is at most ``a``, whatever the scores' distribution (Vovk et
        al. 2005). The smallest possible value is ``1 / (n + 1)``: alerts at p near 1e-4 need n >=
        10,000.
    """
    reference = np.asarray(calibration, dtype=np.float64)
    at_least = len(reference) - np.searchsorted(
        reference, np.asarray(scores, dtype=np.float64), side="left"
    )
    return np.asarray((1.0 + at_least) / (len(reference) + 1.0), dtype=np.float64)
