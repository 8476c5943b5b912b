"""Drift in the service: the vehicles that training would admit, and the figures of `model drift`."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from detectors.filing import FiledDocument
from detectors.forest.admission import DELAY_DAYS
from detectors.forest.drift import Drift, measure_drift
from detectors.forest.life_cycle import LIFE_CYCLE, observe_life_cycle
from detectors.forest.training import TrainingSettings
from detectors.history import VehicleHistory
from detectors.registry import Catalogue
from detectors.watermarks import Watermarks
from streams.engine.engine import Engine
from streams.models.training import NewModel, train_model
from streams.service import drift_watch
from streams.service.drift_watch import FRESH_DAYS, DriftWatch, FreshVehicles, fresh_vehicle
from streams.service.metrics import Metrics
from streams.service.partition_store import MemoryBackend, PartitionStore
from streams.setup.policy import load_policy
from streams.state import record as records
from tests.forest import population
from tests.forest.populations import LAST_DAY, admitted, offered_window

ALWAYS = 100_000
PREFIX = "zeromile_model_"


@pytest.fixture(scope="module")
def model() -> NewModel:
    found = admitted(offered_window(seed=21, ordinary=100, genuine=2_200, scheme=1_100))
    return train_model(found, TrainingSettings(seed=3, trees=20, samples=256))


def _store(histories: list[VehicleHistory], model: NewModel) -> PartitionStore:
    """What a worker that judges by the model would keep of these vehicles."""
    store = PartitionStore(MemoryBackend())
    for history in histories:
        filed = [FiledDocument(document) for document in history.documents]
        store.put(history.vin, records.encode(records.VehicleRecord(filed=filed)))
    Engine(Catalogue(load_policy(), model.model), store).rejudge(list(store.vins()))
    return store


def _partition(store: PartitionStore) -> SimpleNamespace:
    ready = asyncio.Event()
    ready.set()
    return SimpleNamespace(store=store, ready=ready)


async def _shown(stores: list[PartitionStore], model: NewModel) -> Metrics:
    watermarks, metrics = Watermarks(load_policy().watermarks), Metrics()
    watermarks.declare_complete(LAST_DAY)
    partitions = SimpleNamespace(owned=dict(enumerate(map(_partition, stores))))
    watch = DriftWatch(partitions, watermarks, lambda: model.model, seconds=1, metrics=metrics)
    await watch.measure()
    return metrics


def _figures(metrics: Metrics, drift: Drift) -> tuple[dict[str, float], dict[str, float]]:
    """Figures shown, and those expected."""
    shown = {
        f"{sample.name[len(PREFIX) :]} {sample.labels.get('feature', '')}": sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.labels.get("model_id") and "info" not in sample.name
    }
    expected = {f"feature_stability_index {name}": value for name, value in drift.stability.items()}
    expected |= {
        "unusual_share ": drift.unusual,
        "fresh_vehicles ": drift.vehicles,
        "drift_findings ": len(drift.findings),
    }
    return shown, expected


async def test_the_figures_are_those_of_the_population_that_training_admits(
    model: NewModel, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(drift_watch, "FRESH_DAYS", ALWAYS)
    histories = offered_window(seed=401, ordinary=150, genuine=1_500, scheme=300)
    rows = admitted(histories).reference
    drift = measure_drift(model.model.reference, rows.table(), rows.provinces)
    assert drift.vehicles > 500
    assert drift.unusual > 0, "those that the forest finds unusual are counted"

    metrics = await _shown([_store(histories[::2], model), _store(histories[1::2], model)], model)

    shown, expected = _figures(metrics, drift)
    assert shown == pytest.approx(expected)


def test_only_fresh_vehicles_count():
    history = next(life.export() for life in population.ordinary(7, 1))
    life = observe_life_cycle(history)
    assert life is not None
    filed = [FiledDocument(document) for document in history.documents]
    data = records.encode(records.VehicleRecord(filed=filed))
    seen = [
        days
        for days in range(DELAY_DAYS + FRESH_DAYS + 10)
        if fresh_vehicle(data, history.vin, life.closing.day + days) is not None
    ]
    assert (seen[0], seen[-1]) == (DELAY_DAYS, DELAY_DAYS + FRESH_DAYS - 1)
    assert fresh_vehicle(None, history.vin, LAST_DAY) is None


def test_the_sample_is_bounded_and_even():
    sample = FreshVehicles(most=100)
    for number in range(5_000):
        values = (float(number),) * len(LIFE_CYCLE.features)
        sample.offer(SimpleNamespace(values=values, province=f"P{number}"))

    taken = [int(values[0]) for values in sample.rows.values]
    assert 50 <= len(taken) <= 100
    assert taken == list(range(0, 5_000, taken[1]))
    assert sample.rows.provinces == [f"P{number}" for number in taken]
