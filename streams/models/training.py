"""From training populations to a model with its manifest."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from sklearn.ensemble import IsolationForest

from detectors.forest.admission import learnt_from
from detectors.forest.guards import check_blindness, check_population, check_stated
from detectors.forest.judging import judge, second_opinions
from detectors.forest.life_cycle import LIFE_CYCLE
from detectors.forest.trained import ForestModel, TrainedForest, model_identity
from detectors.forest.training import TrainingRefused, TrainingSettings, split, train_forest
from streams.models.manifest import (
    FORMAT,
    ForestEntry,
    Libraries,
    Manifest,
    Population,
)
from streams.models.population import Populations, Rows
from streams.models.writing import digest, model_bytes

LEVEL = 0.01
"""Rate of false alarms at which a model's metrics are stated."""


@dataclass(frozen=True, slots=True)
class NewModel:
    """A trained model, ready to be written.

    Attributes
    ----------
    model, manifest
        The model and what describes it.
    payload
        Content of its file.
    without_exports
        Why it has no forest among exports, if it has none.
    silent
        Features of the reference forest that hardly any vehicle states.
    """

    model: ForestModel
    manifest: Manifest
    payload: bytes
    without_exports: str | None
    silent: list[str]


def train_model(found: Populations, settings: TrainingSettings) -> NewModel:
    """Train both forests.

    Raises
    ------
    TrainingRefused
        When the reference population is too small or contaminated; says what was found. Too few
        exports only leave the model without its second forest.
    """
    if len(found.reference.values) < settings.smallest:
        raise TrainingRefused(_too_few(found, settings.smallest))
    values = found.reference.table()
    check_population(values)
    silent = check_stated(LIFE_CYCLE, values)
    reference, estimator = train_forest(
        found.reference.features, values, found.reference.provinces, settings, learnt_from(values)
    )
    textbook = check_blindness(reference)
    exports, exports_estimator, without = _train_exports(found.exports, settings)
    model = ForestModel(reference, exports, model_identity(reference, exports))
    payload = model_bytes(model, estimator, exports_estimator)
    manifest = Manifest(
        format=FORMAT,
        model_id=model.model_id,
        trained_at=datetime.now(UTC).replace(microsecond=0),
        model_file=f"{model.model_id}.skops",
        sha256=digest(payload),
        size=len(payload),
        libraries=Libraries.here(),
        seed=settings.seed,
        window=found.window,
        population=_population(found),
        reference=_entry(
            reference,
            len(split(len(values), settings, learnt_from(values))[0]),
            estimator,
            {"textbook_found": textbook} | _metrics_of_exports(found, reference),
        ),
        exports=None
        if exports is None or exports_estimator is None
        else _entry(exports, len(split(len(found.exports.values), settings)[0]), exports_estimator, {}),
    )
    return NewModel(model, manifest, payload, without, silent)


def _too_few(found: Populations, smallest: int) -> str:
    kept_out = ", ".join(f"{reason} {number:,}" for reason, number in found.refused.most_common())
    return (
        f"the reference forest needs at least {smallest:,} vehicles and was offered "
        f"{len(found.reference.values):,}; kept out: {kept_out or 'none'}; give a longer window"
    )


def _train_exports(
    rows: Rows, settings: TrainingSettings
) -> tuple[TrainedForest | None, IsolationForest | None, str | None]:
    # another stream of random numbers than the reference forest's
    own = replace(settings, seed=settings.seed + 1)
    try:
        exports, estimator = train_forest(rows.features, rows.table(), rows.provinces, own)
    except TrainingRefused as refused:
        return None, None, str(refused)
    return exports, estimator, None


def _population(found: Populations) -> Population:
    return Population(
        offered=found.offered,
        admitted={
            "reference": len(found.reference.values),
            "exports": len(found.exports.values),
        },
        refused={"nothing_to_judge": found.offered - found.judgeable}
        | dict(sorted(found.refused.items())),
    )


def _entry(
    forest: TrainedForest,
    learnt: int,
    estimator: IsolationForest,
    metrics: dict[str, float],
) -> ForestEntry:
    return ForestEntry(
        features=forest.preparation.features.columns,
        provinces=forest.preparation.provinces,
        rows=learnt,
        held_out=len(forest.calibration.forest),
        trees=forest.packed.trees,
        samples=estimator.max_samples_,
        score_at_1_percent=round(float(np.quantile(forest.calibration.forest, 1 - LEVEL)), 6),
        metrics={name: round(value, 6) for name, value in metrics.items()},
    )


def _metrics_of_exports(found: Populations, reference: TrainedForest) -> dict[str, float]:
    """How the second opinions agree with the forest on its own population's unusual vehicles."""
    judged = judge(reference, found.reference.table(), found.reference.provinces)
    unusual = np.flatnonzero(judged.p_value <= LEVEL)
    if not len(unusual):
        return {}
    levels = np.full(len(unusual), LEVEL)
    opinions = second_opinions(reference, judged.standardised[unusual], levels).agreeing
    return {
        "reference_unusual": len(unusual) / len(judged.score),
        "second_opinions_agree": float((opinions > 0).mean()),
    }
