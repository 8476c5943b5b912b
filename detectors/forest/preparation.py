"""From measured values to a forest's columns: scales, residuals, provinces, missing values."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import QuantileRegressor

from detectors.forest.feature_set import FeatureSet
from detectors.forest.packing import FloatArray, IndexArray

PROVINCE_WEIGHT = 100.0
"""A province's own median and spread count as much as the nation's when it has so many observed
vehicles."""

_REGRESSION_ROWS = 3000  # the linear programme of a median regression grows fast with its rows
_INTERQUARTILE_TO_DEVIATION = 1.349  # of a normal distribution
_SMALLEST_SPREAD = 1e-3


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was learnt from the reference population to put values on a common footing.

    Attributes
    ----------
    features
        The feature set.
    coefficients
        Shape ``(relations, 1 + features)``: intercept and slope of each relation on the scaled
        features.
    provinces
        Province codes in the order of the rows of `location`, which starts with the nation.
    location, spread
        Shape ``(1 + provinces, columns)``: median and robust standard deviation of each column; row
        0 is the nation, which also serves vehicles of unknown or unseen provinces.
    """

    features: FeatureSet
    coefficients: FloatArray
    provinces: tuple[str, ...]
    location: FloatArray
    spread: FloatArray

    def province_rows(self, provinces: list[str]) -> IndexArray:
        """Row of `location` for each vehicle's province."""
        rows = {code: row for row, code in enumerate(self.provinces, start=1)}
        return np.array([rows.get(code, 0) for code in provinces], dtype=np.intp)

    def columns(self, values: FloatArray) -> FloatArray:
        """Scale the measured values and append the residuals; missing values stay NaN.

        Parameters
        ----------
        values
            Shape ``(vehicles, features)`` in natural units, NaN where missing.
        """
        scaled = scale_values(self.features, values)
        return np.hstack([scaled, scaled[:, self._targets()] - self._expected(scaled)])

    def standardise(self, columns: FloatArray, province_rows: IndexArray) -> FloatArray:
        """Express columns in spreads from the province's median; missing becomes 0, the middle.

        A missing paper must not look abnormal in itself: what is not stated neither accuses nor
        excuses.
        """
        result: FloatArray = (columns - self.location[province_rows]) / self.spread[province_rows]
        return np.where(np.isnan(result), 0.0, result)

    def prepare(self, values: FloatArray, provinces: list[str]) -> FloatArray:
        """Go the whole way from measured values to forest columns."""
        return self.standardise(self.columns(values), self.province_rows(provinces))

    def _targets(self) -> list[int]:
        return [self.features.measured.index(r.target) for r in self.features.relations]

    def _expected(self, scaled: FloatArray) -> FloatArray:
        return np.column_stack(
            [
                _predict(self.features, number, row, scaled)
                for number, row in enumerate(self.coefficients)
            ]
            or [np.zeros((len(scaled), 0))]
        )


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


def scale_values(features: FeatureSet, values: FloatArray) -> FloatArray:
    """Put each measured feature on its scale (``ln(1 + value)`` or as it is)."""
    logarithmic = np.array([feature.scale == "log" for feature in features.features])
    safe = np.where(logarithmic, np.maximum(values, 0.0), 0.0)
    return np.where(logarithmic, np.log1p(safe), values)


def _predict(features: FeatureSet, number: int, row: FloatArray, scaled: FloatArray) -> FloatArray:
    """Predict one relation's target; NaN where one of the given features is missing."""
    # column by column: a matrix product may round differently with the number of rows
    result = np.full(len(scaled), row[0])
    for name in features.relations[number].given:
        column = features.measured.index(name)
        result += scaled[:, column] * row[1 + column]
    return result


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
