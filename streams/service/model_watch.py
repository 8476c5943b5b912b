"""Exchange the model of a running worker when its directory holds another one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, get_args

import structlog
from mode import Service

from detectors.forest.trained import ForestModel
from detectors.policy import Policy
from detectors.registry import Catalogue
from streams.models.choice import model_directory
from streams.service.metrics import Metrics

if TYPE_CHECKING:
    # scikit-learn and skops take a second to import: only who uses a model waits for them
    from streams.models.reading import LoadedModel
    from streams.models.watching import ModelDirectory

log = structlog.get_logger("zeromile.model")


class ChosenModel(NamedTuple):
    """A model directory and the model that was in it at the start."""

    directory: ModelDirectory
    loaded: LoadedModel


def open_model(choice: str) -> ChosenModel:
    """Open the directory of a model, named as `choose_model` has it.

    Raises
    ------
    streams.models.manifest.ModelError
        The directory holds no model that may be used.
    """
    from streams.models.watching import ModelDirectory  # noqa: PLC0415 - see above

    directory = ModelDirectory(model_directory(choice))
    return ChosenModel(directory, directory.load())


class ModelWatch(Service):
    """Looks at the model directory now and then.

    Reading and checking a model happens in a thread; the exchange itself is one step between two
    batches. A refused model is logged and counted, and the one before stays at work.

    Parameters
    ----------
    chosen
        The model's directory and the model that the worker begins with.
    seconds
        How often to look.
    policy
        Parameters of the detectors, which do not change.
    adopt
        Told the catalogue with the new model.
    metrics
        Where the model in use and refusals are shown.
    """

    def __init__(
        self,
        chosen: ChosenModel,
        *,
        seconds: float,
        policy: Policy,
        adopt: Callable[[Catalogue], None],
        metrics: Metrics,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type] # options of mode's Service
        self._directory = chosen.directory
        self.model: ForestModel = chosen.loaded.model
        """The model in use."""
        self._seconds = seconds
        self._policy = policy
        self._adopt = adopt
        self._metrics = metrics
        from streams.models.manifest import Reason  # noqa: PLC0415 - see above

        for reason in get_args(Reason):
            # A counter that appears with its first event has no increase for Prometheus.
            metrics.refused_models.labels(reason)
        _show(metrics, chosen.loaded)

    @Service.task
    async def _watch(self) -> None:
        while not self.should_stop:
            await self.sleep(self._seconds)
            await self.look()

    async def look(self) -> None:
        """Exchange the model if there is another one that may be used."""
        before = self._directory.refused
        loaded = await asyncio.to_thread(self._directory.poll)
        refused = self._directory.refused
        if refused is not None and refused is not before:
            self._metrics.refused_models.labels(refused.reason).inc()
            log.warning(
                "model refused",
                reason=refused.reason,
                error=str(refused),
                kept=self._directory.model_id,
            )
        if loaded is not None:
            self.model = loaded.model
            self._adopt(Catalogue(self._policy, loaded.model))
            _show(self._metrics, loaded)
            log.info("model exchanged", model=loaded.model.model_id)


def _show(metrics: Metrics, loaded: LoadedModel) -> None:
    """Let the metrics name the model in use, and no other."""
    metrics.model.clear()
    metrics.model_trained.clear()
    manifest = loaded.manifest
    metrics.model.labels(manifest.model_id, manifest.window.last_day).set(1)
    metrics.model_trained.labels(manifest.model_id).set(manifest.trained_at.timestamp())
