"""The packed forest beside scikit-learn, its explanations beside SHAP: same rows, same run."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest

from detectors.forest.attribution import attribute
from detectors.forest.compiled import AVAILABLE, FEW, compiled_places
from detectors.forest.packing import FloatArray, PackedForest, pack
from detectors.forest.scoring import anomaly_scores, as_rows, path_length_sums, scores_at, walk

FEATURES = 12
TRAINING_ROWS = 20_000
HAS_SHAP = find_spec("shap") is not None
HAS_NUMBA = AVAILABLE
_FAULT = 6.0  # standard deviations by which a faulty row's one feature is off


@dataclass(frozen=True, slots=True)
class Timing:
    """One scorer on one number of rows.

    Attributes
    ----------
    samples, rows
        Rows a tree was grown on; rows scored in one call.
    scorer
        Its name.
    microseconds
        Median time of a call.
    best
        Shortest time of a call: what the machine can when nobody else uses it.
    ratio
        scikit-learn's median time over this one's, in the same interleaved run.
    difference
        Greatest absolute difference to scikit-learn's scores.
    """

    samples: int
    rows: int
    scorer: str
    microseconds: float
    best: float
    ratio: float
    difference: float


@dataclass(frozen=True, slots=True)
class Explained:
    """One way of explaining flagged rows.

    Attributes
    ----------
    method
        Its name.
    microseconds
        Per row.
    top_1
        Share of rows with one faulty feature whose heaviest contribution is that feature.
    additivity
        Greatest absolute deviation of baseline plus contributions from what they explain, ``None``
        where the method explains another quantity.
    correlation
        Mean correlation by row with path attribution.
    """

    method: str
    microseconds: float
    top_1: float
    additivity: float | None
    correlation: float


Scorer = Callable[[FloatArray], FloatArray]


def time_scoring(seed: int, repetitions: int) -> Iterator[Timing]:
    """Time every scorer on forests of 256 and 1,024 samples, for 1, 100 and 10,000 rows."""
    generator = np.random.default_rng(seed)
    training = _rows(generator, TRAINING_ROWS)
    for samples in (256, 1024):
        forest = IsolationForest(max_samples=samples, random_state=seed).fit(training)
        scorers = _scorers(forest)
        for rows in (1, 100, 10_000):
            batch = _rows(generator, rows)
            yield from _time(samples, scorers, batch, repetitions)


def _scorers(forest: IsolationForest) -> dict[str, Scorer]:
    packed = pack(forest)
    scorers: dict[str, Scorer] = {
        "scikit-learn": lambda rows: -forest.score_samples(rows),
        "packed (numpy)": lambda rows: _by_numpy(packed, rows),
    }
    if HAS_NUMBA:
        scorers["packed (numba)"] = lambda rows: scores_at(
            packed, compiled_places(packed, as_rows(packed, rows))
        )
    return scorers


def _by_numpy(packed: PackedForest, rows: FloatArray) -> FloatArray:
    """Score as zeromile does, never by compiled code."""
    if len(rows) > FEW:
        return anomaly_scores(packed, rows)
    return scores_at(packed, walk(packed, as_rows(packed, rows)))


def _time(samples: int, scorers: dict[str, Scorer], batch: FloatArray, calls: int) -> Iterator[Timing]:
    """Time scorers in turns, so that a busy machine slows all of them alike.

    Single rows are scored in bursts: a scorer's own arrays are in the processor's cache then, as in
    a service that scores row after row, and not what the one before it left there.
    """
    burst = 20 if len(batch) == 1 else 1
    scores = {name: score(batch) for name, score in scorers.items()}
    times: dict[str, list[float]] = {name: [] for name in scorers}
    for _ in range(calls):
        for name, score in scorers.items():
            start = time.perf_counter()
            for _ in range(burst):
                score(batch)
            times[name].append((time.perf_counter() - start) / burst)
    reference = scores["scikit-learn"]
    for name in scorers:
        yield Timing(
            samples=samples,
            rows=len(batch),
            scorer=name,
            microseconds=median(times[name]) * 1e6,
            best=min(times[name]) * 1e6,
            ratio=median(times["scikit-learn"]) / median(times[name]),
            difference=float(np.abs(scores[name] - reference).max()),
        )


def compare_explanations(seed: int, rows: int) -> list[Explained]:
    """Explain rows with one faulty feature by path attribution and, where installed, by SHAP."""
    generator = np.random.default_rng(seed)
    forest = IsolationForest(max_samples=1024, random_state=seed).fit(_rows(generator, TRAINING_ROWS))
    packed = pack(forest)
    faulty = _rows(generator, rows)
    guilty = generator.integers(0, FEATURES, rows)
    faulty[np.arange(rows), guilty] = generator.choice([-_FAULT, _FAULT], rows)
    attribute(packed, faulty[:1])  # the first explanation tables the credits of all leaves
    start = time.perf_counter()
    ours = attribute(packed, faulty)
    seconds = time.perf_counter() - start
    total = ours.baseline + ours.contributions.sum(axis=1)
    error = float(np.abs(total - path_length_sums(packed, faulty)).max())
    method = Explained("path attribution", 0.0, 0.0, error, 1.0)
    results = [_filled(method, seconds, ours.contributions, guilty)]
    if HAS_SHAP:
        results.append(_explain_by_shap(forest, faulty, guilty, ours.contributions))
    return results


def _explain_by_shap(
    forest: IsolationForest, faulty: FloatArray, guilty: Any, ours: FloatArray
) -> Explained:
    import shap  # noqa: PLC0415 - optional, and slow to import

    explainer = shap.TreeExplainer(forest)
    start = time.perf_counter()
    values = np.asarray(explainer.shap_values(faulty), dtype=np.float64)
    seconds = time.perf_counter() - start
    pairs = zip(values, ours, strict=True)
    correlation = float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in pairs]))
    method = Explained("SHAP TreeExplainer", 0.0, 0.0, None, correlation)
    return _filled(method, seconds, values, guilty)


def _filled(method: Explained, seconds: float, contributions: FloatArray, guilty: Any) -> Explained:
    """Fill in the time of a row and how often the guilty feature weighs most."""
    return replace(
        method,
        microseconds=seconds / len(guilty) * 1e6,
        top_1=float((contributions.argmin(axis=1) == guilty).mean()),
    )


def _rows(generator: np.random.Generator, count: int) -> FloatArray:
    """Correlated rows of unit variance."""
    common = generator.normal(size=(count, 1))
    return 0.6 * common + 0.8 * generator.normal(size=(count, FEATURES))
