"""Learn from reference vehicles: scales and relations, and the second opinions.

Apart from the modules that apply what was learnt, so that judging does not import scikit-learn.
"""

import warnings

import numpy as np
from sklearn.covariance import MinCovDet
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import QuantileRegressor

from detectors.forest.ecod import FrozenEcod
from detectors.forest.feature_set import FeatureSet
from detectors.forest.mahalanobis import RobustMahalanobis
from detectors.forest.packing import FloatArray
from detectors.forest.preparation import Preparation, scale_values

PROVINCE_WEIGHT = 100.0
"""A province's own median and spread count as much as the nation's when it has so many observed
vehicles."""

_REGRESSION_ROWS = 3000  # the linear programme of a median regression grows fast with its rows
_INTERQUARTILE_TO_DEVIATION = 1.349  # of a normal distribution
_SMALLEST_SPREAD = 1e-3

_FIT_ROWS = 5000  # the estimate does not improve noticeably beyond, its time does
_LEAST_VARIANCE = 0.25  # along directions that the core holds constant; a prepared column has 1
_GRID = 1024  # quantiles kept of each column: tails are resolved to 1 in 1,000


def fit_preparation(
    features: FeatureSet, values: FloatArray, provinces: list[str], seed: int
) -> Preparation:
    """Learn scales, relations and provinces from reference vehicles.

    Parameters
    ----------
    features
        The feature set.
    values
        Shape ``(vehicles, features)`` in natural units, NaN where missing.
    provinces
        Province of each vehicle, empty when unknown.
    seed
        Chooses the rows of the median regressions.
    """
    scaled = scale_values(features, values)
    coefficients = np.vstack(
        [_fit_relation(features, number, scaled, seed) for number in range(len(features.relations))]
        or [np.zeros((0, 1 + len(features.features)))]
    )
    codes = tuple(sorted({code for code in provinces if code}))
    width = len(features.columns)
    blank = Preparation(features, coefficients, codes, np.zeros((1, width)), np.ones((1, width)))
    columns = blank.columns(values)
    location, spread = _fit_provinces(columns, provinces, codes)
    return Preparation(features, coefficients, codes, location, spread)


def _fit_relation(features: FeatureSet, number: int, scaled: FloatArray, seed: int) -> FloatArray:
    """Median regression of a relation; a constant when too few vehicles state all of it."""
    relation = features.relations[number]
    given = [features.measured.index(name) for name in relation.given]
    target = scaled[:, features.measured.index(relation.target)]
    complete = np.flatnonzero(~np.isnan(target) & ~np.isnan(scaled[:, given]).any(axis=1))
    row = np.zeros(1 + len(features.features))
    if len(complete) < 10 * (1 + len(given)):
        row[0] = np.median(target[complete]) if len(complete) else 0.0
        return row
    generator = np.random.default_rng((seed, number))
    chosen = complete
    if len(complete) > _REGRESSION_ROWS:
        chosen = np.sort(generator.choice(complete, _REGRESSION_ROWS, replace=False))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = QuantileRegressor(quantile=0.5, alpha=0.0, solver="highs").fit(
            scaled[chosen][:, given], target[chosen]
        )
    row[0] = fit.intercept_
    row[1:][given] = fit.coef_
    return row


def _fit_provinces(
    columns: FloatArray, provinces: list[str], codes: tuple[str, ...]
) -> tuple[FloatArray, FloatArray]:
    """Median and spread of every column by province, drawn to the nation where it is small."""
    location, spread, _ = _robust_scale(columns)
    locations, spreads = [location], [spread]
    membership = np.array(provinces, dtype=np.str_)
    for code in codes:
        own_location, own_spread, observed = _robust_scale(columns[membership == code])
        weight = observed / (observed + PROVINCE_WEIGHT)
        locations.append(weight * own_location + (1 - weight) * location)
        spreads.append(weight * own_spread + (1 - weight) * spread)
    return np.vstack(locations), np.vstack(spreads)


def _robust_scale(columns: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Median, spread and number of observed values of each column.

    The spread is the interquartile range of a normal distribution's deviation; where more than half
    of the values are equal it is zero and the standard deviation takes its place, and 1 where that
    is zero too.
    """
    observed = (~np.isnan(columns)).sum(axis=0).astype(np.float64)
    location, spread = np.zeros(columns.shape[1]), np.ones(columns.shape[1])
    for column in np.flatnonzero(observed > 0):
        values = columns[~np.isnan(columns[:, column]), column]
        low, location[column], high = np.quantile(values, [0.25, 0.5, 0.75])
        width = (high - low) / _INTERQUARTILE_TO_DEVIATION
        if width < _SMALLEST_SPREAD:
            width = float(values.std())
        spread[column] = width if width >= _SMALLEST_SPREAD else 1.0
    return location, spread, observed


def fit_mahalanobis(rows: FloatArray, seed: int) -> RobustMahalanobis:
    """Fit by the minimum covariance determinant on at most 5,000 rows.

    Rousseeuw and Van Driessen (1999).


    Parameters
    ----------
    rows
        Prepared columns of reference vehicles, no NaN.
    seed
        Chooses the rows and the start subsets.
    """
    generator = np.random.default_rng((seed, 77))
    if len(rows) > _FIT_ROWS:
        rows = rows[np.sort(generator.choice(len(rows), _FIT_ROWS, replace=False))]
    with warnings.catch_warnings():
        # columns that are constant in the core make the raw determinant zero; the floor below
        # repairs that
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        core = MinCovDet(random_state=seed, support_fraction=0.75).fit(rows)
    # A residual is nearly a sum of other columns, and of two sales the time between them *is* the age:
    # along such directions the core does not vary at all, and without a floor the distance would
    # measure nothing but how far a row strays from them.
    variances, directions = np.linalg.eigh(core.covariance_)
    precision = directions / np.maximum(variances, _LEAST_VARIANCE) @ directions.T
    return RobustMahalanobis(centre=core.location_, precision=(precision + precision.T) / 2)


def fit_ecod(rows: FloatArray) -> FrozenEcod:
    """Freeze the quantiles of prepared reference rows (no NaN)."""
    centred = rows - rows.mean(axis=0)
    skewness = (centred**3).mean(axis=0) / np.maximum((centred**2).mean(axis=0), 1e-12) ** 1.5
    quantiles = np.quantile(rows, np.linspace(0.0, 1.0, _GRID), axis=0).T
    return FrozenEcod(quantiles=np.ascontiguousarray(quantiles), skewness=skewness)
