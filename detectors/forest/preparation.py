"""From measured values to a forest's columns: scales, residuals, provinces, missing values."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from detectors.forest.feature_set import FeatureSet
from detectors.forest.packing import FloatArray, IndexArray


@dataclass(frozen=True)
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
        rows = self._row_of
        return np.array([rows.get(code, 0) for code in provinces], dtype=np.intp)

    def columns(self, values: FloatArray) -> FloatArray:
        """Scale the measured values and append the residuals; missing values stay NaN.

        Parameters
        ----------
        values
            Shape ``(vehicles, features)`` in natural units, NaN where missing.
        """
        scaled = scale_values(self.features, values)
        seen = len(self.features.seen)
        columns = np.empty((len(scaled), len(self.features.columns)))
        columns[:, :seen] = scaled[:, self.features.seen]
        for number, target in enumerate(self.features.targets):
            columns[:, seen + number] = scaled[:, target] - self._expected(number, scaled)
        return columns

    def standardise(self, columns: FloatArray, province_rows: IndexArray) -> FloatArray:
        """Express columns in spreads from the province's median; missing becomes 0, the middle.

        A missing document must not look abnormal in itself: what is not stated neither accuses nor
        excuses.
        """
        result: FloatArray = (columns - self.location[province_rows]) / self.spread[province_rows]
        return np.where(np.isnan(result), 0.0, result)

    def prepare(self, values: FloatArray, provinces: list[str]) -> FloatArray:
        """Go the whole way from measured values to forest columns."""
        return self.standardise(self.columns(values), self.province_rows(provinces))

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {code: row for row, code in enumerate(self.provinces, start=1)}

    def _expected(self, number: int, scaled: FloatArray) -> FloatArray:
        """Expect one relation's target; NaN where one of the given features is missing."""
        # column by column: a matrix product may round differently with the number of rows
        row = self.coefficients[number]
        result = np.full(len(scaled), row[0])
        for column in self.features.given[number]:
            result += scaled[:, column] * row[1 + column]
        return result


def scale_values(features: FeatureSet, values: FloatArray) -> FloatArray:
    """Put each measured feature on its scale (``ln(1 + value)`` or as it is)."""
    logarithmic = features.logarithmic
    safe = np.where(logarithmic, np.maximum(values, 0.0), 0.0)
    return np.where(logarithmic, np.log1p(safe), values)
