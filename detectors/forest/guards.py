"""Checks of a finished reference forest that do not depend on how its population was chosen."""

from math import nan

import numpy as np

from detectors.forest.feature_set import FeatureSet
from detectors.forest.judging import judge
from detectors.forest.life_cycle import DAYS_A_YEAR, LIFE_CYCLE
from detectors.forest.packing import FloatArray
from detectors.forest.trained import TrainedForest
from detectors.forest.training import TrainingRefused

MOST_SCHEME = 0.01
"""Greatest share of the reference population that may look like the scheme itself."""
LEAST_FOUND = 0.9
"""Share of textbook zero-mileage exports that a reference forest must find at p <= 0.02. Not all of
them, and not at 0.01: exports with a maker's letter are as young, lawful, and among those that they
are compared with. A forest that has learnt the scheme finds less than half."""

LEAST_STATED = 3
"""Measured features that the documents of a population must state, or there is nothing to learn."""
_STATED_BY = 0.05
"""A feature counts as stated where this share of the vehicles states it."""

_DAYS, _KILOMETRES = 30.0, 500.0
_LEVEL = 0.02


def check_population(values: FloatArray) -> None:
    """Refuse a reference population that holds the scheme.

    Parameters
    ----------
    values
        Measured life-cycle features.

    Raises
    ------
    TrainingRefused
        With the share found and the share allowed.
    """
    share = scheme_share(LIFE_CYCLE, values)
    if share > MOST_SCHEME:
        raise TrainingRefused(
            f"{share:.1%} of the offered reference vehicles left within {_DAYS:.0f} days of "
            f"registration with at most {_KILOMETRES:.0f} km; at most {MOST_SCHEME:.0%} may, or the "
            "forest learns the scheme as normal"
        )


def check_stated(features: FeatureSet, values: FloatArray) -> list[str]:
    """Refuse a population whose documents state too little.

    Returns
    -------
    list of str
        What the forest calls the features that hardly any vehicle states: it learns nothing of them.

    Raises
    ------
    TrainingRefused
        With the features that are missing and how many are needed.
    """
    stated = np.isfinite(values).mean(axis=0) if len(values) else np.zeros(values.shape[1])
    seen = [number for number, feature in enumerate(features.features) if feature.seen]
    silent = [features.features[number].label for number in seen if stated[number] < _STATED_BY]
    if len(values) and len(seen) - len(silent) < LEAST_STATED:
        raise TrainingRefused(
            f"of the {len(seen)} features of the {features.name} forest hardly any vehicle states "
            f"{', '.join(silent)}; at least {LEAST_STATED} must be stated by {_STATED_BY:.0%} of them"
        )
    return silent


def scheme_share(features: FeatureSet, values: FloatArray) -> float:
    """Share of vehicles that are hardly owned *and* hardly driven when they leave."""
    if not len(values):
        return 0.0
    age = values[:, features.measured.index("age_days")]
    kilometres = values[:, features.measured.index("odometer_km")]
    return float(((age <= _DAYS) & (kilometres <= _KILOMETRES)).mean())


def check_blindness(forest: TrainedForest) -> float:
    """Refuse a reference forest to which textbook zero-mileage exports look ordinary.

    Whatever way the scheme got into the population, this shows.

    Returns
    -------
    float
        Share of the textbook cases found at p <= 0.02.

    Raises
    ------
    TrainingRefused
        When fewer than 90 % are found.
    """
    cases = textbook_cases(forest)
    found = float((judge(forest, cases, [""] * len(cases)).p_value <= _LEVEL).mean())
    if found < LEAST_FOUND:
        raise TrainingRefused(
            f"the trained forest finds only {found:.0%} of textbook zero-mileage exports (registered "
            f"for 1 to 30 days, 5 to 500 km); {LEAST_FOUND:.0%} are needed: the window is "
            "contaminated with the scheme"
        )
    return found


def textbook_cases(forest: TrainedForest) -> FloatArray:
    """Zero-mileage exports as the trade press describes them, at the population's median price."""
    prices = forest.percentiles[LIFE_CYCLE.columns.index("first_price_cny")]
    price = float(np.expm1(prices[len(prices) // 2])) or nan
    return np.array(
        [
            [days, kilometres, days, price, 1.0, kept, 2.0, days / DAYS_A_YEAR]
            for days in (1.0, 3.0, 7.0, 14.0, 30.0)
            for kilometres in (5.0, 50.0, 200.0, 500.0)
            for kept in (0.95, 1.0, 1.1)
        ]
    )
