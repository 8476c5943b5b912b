"""Both forests on the simulated country, from its documents: trained on one seed, judged on another."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from detectors.forest.export_path import observe_export
from detectors.forest.judging import judge
from detectors.forest.life_cycle import observe_life_cycle
from detectors.forest.training import TrainingSettings
from detectors.registry import Catalogue
from streams.backfill.backfill import Backfill, Means
from streams.backfill.replay import Replay
from streams.engine.engine import Engine
from streams.models.population import Populations, PopulationVisitor
from streams.models.training import train_model
from streams.setup.policy import load_policy
from streams.simulator import load_country, simulate

VEHICLES = 40_000
START, DAYS = 736_603, 3_000  # 2017-10-01: long enough for genuine used exports to have all documents


def recorded(folder: Path, seed: int) -> tuple[Path, dict[str, str]]:
    """A simulated country, and the label of each vehicle that is not ordinary."""
    documents, truth = folder / f"{seed}.jsonl.gz", folder / f"{seed}.truth.jsonl"
    simulate(
        load_country(None), vehicles=VEHICLES, days=DAYS, seed=seed, start=START,
        export_share=0.2, out=documents, truth=truth,
    )  # fmt: skip
    lines = (json.loads(line) for line in truth.read_text(encoding="utf-8").splitlines())
    return documents, {line["vin"]: line["label"] for line in lines if line["record"] == "vehicle"}


def populations(documents: Path) -> Populations:
    """Who could be learnt from."""
    with Backfill(Catalogue(load_policy()), means=Means(processes=1), visitor=PopulationVisitor) as run:
        run.run([documents])
        return run.tally.populations()


def engine_of(documents: Path) -> Engine:
    """Replay documents."""
    run = Replay(Catalogue(load_policy()))
    run.run([documents])
    return run.engine


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A model of one seed, and another seed's country: engine, labels, training populations."""
    folder = tmp_path_factory.mktemp("country")
    trained_on, _ = recorded(folder, 501)
    new = train_model(populations(trained_on), TrainingSettings(seed=1))
    documents, labels = recorded(folder, 502)
    return new, engine_of(documents), labels, populations(documents).reference


def judged_life_cycles(simulated, chosen):
    """Judgements of the reference forest on vehicles with certain labels."""
    new, engine, labels, _ = simulated
    observed = [
        life
        for vin in sorted(engine.store.vins())
        if labels.get(vin, "ordinary") in chosen
        and (life := observe_life_cycle(engine.history(vin))) is not None
    ]
    values = np.array([life.values for life in observed])
    return judge(new.model.reference, values, [life.province for life in observed])


@pytest.mark.slow
def test_zero_mileage_exports_of_a_fresh_country_are_found(simulated):
    """Nearly all, at 1 % false alarms among exports that no rule finds, young honest ones included."""
    scheme = judged_life_cycles(simulated, {"zero_mileage_export", "flash_registration"})
    assert len(scheme.score) > 1_500
    assert (scheme.p_value <= 0.01).mean() >= 0.9
    new, _, _, fresh = simulated
    admitted = judge(new.model.reference, fresh.table(), fresh.provinces)
    assert 0.005 <= (admitted.p_value <= 0.01).mean() <= 0.02
    genuine = judged_life_cycles(simulated, {"genuine_used_export"})
    assert (genuine.p_value <= 0.01).mean() <= 0.1


@pytest.mark.slow
def test_the_second_forest_ranks_moved_values_and_held_up_exports_first(simulated):
    """The simulator's own schemes that show in an export's numbers, among its zero-mileage exports."""
    new, engine, labels, _ = simulated
    observed = []
    for vin in sorted(engine.store.vins()):
        label = labels.get(vin)
        if label in {"zero_mileage_export", "price_gap", "deregistration_overdue"}:
            export = observe_export(engine.history(vin))
            if export is not None:
                observed.append((label, export))
    values = np.array([export.values for _, export in observed])
    score = judge(new.model.exports, values, [export.province for _, export in observed]).score
    fault = np.array([label == "price_gap" for label, _ in observed])
    assert fault.sum() > 15
    assert roc_auc_score(fault, score) >= 0.90


@pytest.mark.slow
def test_the_model_says_what_it_was_trained_on(simulated):
    new, *_ = simulated
    population = new.manifest.population
    assert population.offered == pytest.approx(VEHICLES, rel=0.01)
    assert population.admitted["reference"] > 500
    assert population.refused["rule_finding"] > 1_000
    assert new.without_exports is None
