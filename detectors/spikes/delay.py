"""Reporting delay: which share of a week's documents has arrived, and whether it moves.

Chain ladder (Mack 1993): how much a week's count grows from one lag to the next is estimated on
the weeks old enough to show it, and completeness is the inverse of all growth still to come.
"""

from dataclasses import dataclass

import numpy as np

from detectors.spikes.special import Array

COMPLETE = 0.99
"""Completeness from which a week is settled: its count moves the state for good."""

LAGS = 8
"""Weeks of delay that are told apart; later documents count with the last."""

WINDOW = 26
"""Settled weeks completeness is learnt from."""

RECENT = 6
_MINIMUM_DOCUMENTS = 50
_SIGNIFICANT = 4.0
_NOTEWORTHY = 0.05


def completeness(reports: Array, window: int = WINDOW) -> Array:
    """Estimate the share of documents that has arrived by each lag.

    Parameters
    ----------
    reports : array, weeks x lags
        Documents of each week by the number of weeks after it in which they were recorded, the
        present week last. Lags still to come hold 0.
    window : int
        Latest weeks used for each lag.

    Returns
    -------
    array
        One share a lag, rising to 1. Lags no week can show yet, or with fewer than 50 documents,
        add nothing: their share is that of the next.
    """
    weeks, lags = reports.shape
    cumulative = np.cumsum(reports, axis=1)
    shares = np.ones(lags)
    for lag in range(lags - 2, -1, -1):
        shown = slice(max(0, weeks - 1 - lag - window), max(0, weeks - 1 - lag))
        before, after = cumulative[shown, lag].sum(), cumulative[shown, lag + 1].sum()
        growth = after / before if after >= _MINIMUM_DOCUMENTS and before > 0 else 1.0
        shares[lag] = shares[lag + 1] / growth
    return shares


@dataclass(frozen=True, slots=True)
class DelayDrift:
    """A source has become slower or faster: counts of open weeks cannot be trusted as before.

    Attributes
    ----------
    lag : int
        Weeks of delay at which the change is largest.
    usual, now : float
        Share of the documents known one lag later that was there by this lag: before and lately.
    z : float
        Standardised difference.
    """

    lag: int
    usual: float
    now: float
    z: float

    def explanation(self, source: str) -> str:
        """Return one sentence with the numbers."""
        pace = "later" if self.now < self.usual else "sooner"
        when = "in the week of the event" if self.lag == 0 else f"within {self.lag} weeks of it"
        return (
            f"The documents of {source} come {pace} than usual: {self.now:.0%} are there {when}, "
            f"usually {self.usual:.0%}; counts of the latest weeks may mislead."
        )


def delay_drift(reports: Array, recent: int = RECENT, window: int = WINDOW) -> DelayDrift | None:
    """Compare the latest weeks' delay with that of the weeks before them.

    Returns
    -------
    DelayDrift or None
        The strongest change of at least 5 points and four standard errors; weeks count as units, so
        that documents arriving in batches do not make a change look certain.
    """
    weeks, lags = reports.shape
    cumulative = np.cumsum(reports, axis=1)
    found: list[DelayDrift] = []
    for lag in range(lags - 1):
        end = weeks - 1 - lag
        begin = max(0, end - recent - window)
        if end - recent <= begin + 1:
            continue
        here, later = cumulative[begin:end, lag], cumulative[begin:end, lag + 1]
        found += _compare(lag, here, later, recent)
    return max(found, key=lambda drift: abs(drift.z), default=None)


def _compare(lag: int, here: Array, later: Array, recent: int) -> list[DelayDrift]:
    old, new = slice(None, -recent), slice(-recent, None)
    if min(later[old].sum(), later[new].sum()) < _MINIMUM_DOCUMENTS:
        return []
    usual, now = here[old].sum() / later[old].sum(), here[new].sum() / later[new].sum()
    spread = max(usual * (1.0 - usual), 1e-4)
    residual = (here[old] - usual * later[old]) ** 2 / (np.maximum(later[old], 1.0) * spread)
    heterogeneity = max(1.0, float(residual.mean()))
    variance = heterogeneity * spread * (1.0 / later[old].sum() + 1.0 / later[new].sum())
    z = float((now - usual) / np.sqrt(variance))
    if abs(z) < _SIGNIFICANT or abs(now - usual) < _NOTEWORTHY:
        return []
    return [DelayDrift(lag, float(usual), float(now), z)]
