"""From measured values to a forest's columns: scales, residuals, provinces, missing values."""

from dataclasses import dataclass

import numpy as np

from detectors.forest.feature_set import FeatureSet
from detectors.forest.packing import FloatArray, IndexArray


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
        residuals = scaled[:, self._targets()] - self._expected(scaled)
        return np.hstack([scaled[:, self.features.seen], residuals])

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
