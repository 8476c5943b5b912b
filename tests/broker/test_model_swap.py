"""A running worker takes another model from its directory; a damaged one changes nothing."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from detectors.country import CHINA
from detectors.forest.training import TrainingSettings
from detectors.registry import Catalogue
from streams.backfill.replay import Replay
from streams.cli import app
from streams.models.choice import choose_model, model_directory
from streams.models.training import NewModel, train_model
from streams.models.writing import write_model
from streams.setup.policy import load_policy
from tests.broker.deployment import Deployment, WorkerProcess, expected_alerts, wait_for
from tests.forest.corpus import flipped_bit
from tests.forest.populations import admitted, offered_window

pytestmark = [pytest.mark.broker, pytest.mark.slow]

FORESTS = ("unusual_life_cycle", "unusual_export")


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated country, in which the shipped model finds many unusual vehicles."""
    directory = tmp_path_factory.mktemp("country")
    stream = directory / "documents.jsonl"
    arguments = ["simulate", "--vehicles", "1500", "--days", "400", "--seed", "5", "--out", str(stream)]
    done = CliRunner().invoke(app, [*arguments, "--truth", str(directory / "truth.jsonl")])
    assert done.exit_code == 0, done.output
    return stream


@pytest.fixture(scope="module")
def other_model() -> NewModel:
    """Few trees, and no forest among exports' size: it judges otherwise than the shipped model."""
    found = admitted(offered_window(seed=21, ordinary=100, genuine=2_200, scheme=1_100))
    return train_model(found, TrainingSettings(seed=3, trees=20, samples=256))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(model_directory("default"), tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def deployment(
    bootstrap_servers: str, prefix: str, tmp_path: Path, directory: Path
) -> Iterator[Deployment]:
    deployment = Deployment(
        bootstrap_servers, prefix, tmp_path, partitions=2,
        ZEROMILE_MODEL=str(directory), ZEROMILE_MODEL_POLL_SECONDS="0.2",
        ZEROMILE_DRIFT_SECONDS="0.5",
    )  # fmt: skip
    yield deployment
    deployment.close()


def _changes(deployment: Deployment) -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in deployment.read_all(deployment.names.alerts)]


def test_another_model_judges_every_vehicle_again_and_a_damaged_one_none(
    deployment: Deployment, directory: Path, documents: Path, other_model: NewModel
):
    lines = documents.read_bytes().splitlines()
    worker = deployment.start_worker()
    deployment.publish(lines[: len(lines) // 2])
    deployment.wait_until_consumed()

    flipped_bit(directory)
    wait_for(
        lambda: worker.metric("zeromile_refused_models_total", reason="wrong_digest") == 1,
        30, "the damaged model was not refused", deployment.logs,
    )  # fmt: skip
    deployment.publish(lines[len(lines) // 2 :])
    shipped = choose_model("default")
    assert shipped is not None
    before = expected_alerts(documents, shipped)
    deployment.expect(before)
    assert worker.metric("zeromile_model_info", model_id=shipped.model_id) == 1
    assert "reconfigured" not in {change["cause"] for change in _changes(deployment)}

    write_model(directory, other_model.manifest, other_model.payload)
    after = expected_alerts(documents, other_model.model)
    assert {a["model_id"] for a in after.values() if a["detector"] in FORESTS} == {
        other_model.model.model_id
    }
    deployment.expect(after)
    reconfigured = [c for c in _changes(deployment) if c["cause"] == "reconfigured"]
    assert {change["detector"] for change in reconfigured} <= set(FORESTS)
    assert Counter(change["state"] for change in reconfigured) == _differences(before, after)
    assert worker.metric("zeromile_model_info", model_id=other_model.model.model_id) == 1
    assert worker.metric("zeromile_model_info", model_id=shipped.model_id) == 0
    trained = worker.metric("zeromile_model_trained_timestamp_seconds")
    assert trained == other_model.manifest.trained_at.timestamp()
    wait_for(
        lambda: worker.metric("zeromile_model_fresh_vehicles", model_id=other_model.model.model_id) > 0,
        30, "drift was not measured", deployment.logs,
    )  # fmt: skip
    _check_metrics(worker, documents)
    assert worker.stop() == 0


def _check_metrics(worker: WorkerProcess, documents: Path) -> None:
    """Every source's watermark is that of a replay; shadow alerts are counted as such."""
    replay = Replay(Catalogue(load_policy(None)))
    replay.run([documents])
    sources = replay.engine.watermarks.complete_by_source()
    assert len({source for _, source in sources}) > 1

    def shown() -> dict[tuple[str, str], float]:
        name = "zeromile_watermark_timestamp_seconds"
        return {key: worker.metric(name, event_type=key[0], source=key[1]) for key in sources}

    expected = {key: CHINA.start_of_day(day) for key, day in sources.items()}
    wait_for(lambda: shown() == expected, 30, "other watermarks")
    for detector, shadow in (("unusual_life_cycle", True), ("double_sale", False)):
        for value in (True, False):
            counted = worker.metric(
                "zeromile_alert_changes_total", detector=detector, shadow=str(value).lower()
            )
            assert (counted > 0) == (value == shadow), detector


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, int]:
    """How many alerts a change from one set to the other resolves, and opens or updates."""
    changed = [identity for identity, alert in after.items() if before.get(identity) != alert]
    return {"firing": len(changed), "resolved": len(before.keys() - after.keys())}
