"""Ask now and then whether this worker's vehicles still are like those its model learnt from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Final

import structlog
from mode import Service

from detectors.documents import EVENT_TYPES
from detectors.forest.admission import DELAY_DAYS, refusal
from detectors.forest.drift import LEAST_VEHICLES, measure_drift
from detectors.forest.life_cycle import LIFE_CYCLE, Observation, observe_life_cycle
from detectors.forest.trained import ForestModel
from detectors.history import VehicleHistory
from detectors.registry import FORESTS
from detectors.watermarks import Watermarks
from streams.models.population import Rows
from streams.service.metrics import Metrics
from streams.service.owned_partition import OwnedPartition
from streams.service.partition_manager import PartitionManager
from streams.state import record as records

FRESH_DAYS: Final = 180
"""Civil days before those of late corrections whose vehicles count as fresh."""
FIRST_SECONDS: Final = 300.0
"""Longest wait before the first measurement."""
SLICE: Final = 200
PAUSE_SECONDS: Final = 0.02
MOST_VEHICLES: Final = 20_000
"""Vehicles in memory at once; of more, every second, fourth, … is taken."""

_FOREST_IDS: Final = frozenset(forest.spec.id for forest in FORESTS)

log = structlog.get_logger("zeromile.model")


class FreshVehicles:
    """An even sample of bounded size of the vehicles offered."""

    def __init__(self, most: int = MOST_VEHICLES) -> None:
        self.rows = Rows(LIFE_CYCLE)
        self._most = most
        self._stride = 1
        self._offered = 0

    def offer(self, observation: Observation) -> None:
        """Take a vehicle in if its turn has come."""
        if self._offered % self._stride == 0:
            self.rows.add(observation)
        self._offered += 1
        if len(self.rows.values) > self._most:
            self._stride *= 2
            self.rows.values = self.rows.values[::2]
            self.rows.provinces = self.rows.provinces[::2]


class DriftWatch(Service):
    """Measures drift on the partitions of this worker, a slice of vehicles at a time.

    Vehicles are spread over the partitions by a hash of their VIN, so a worker's share is a fair
    sample of the country.

    Parameters
    ----------
    partitions
        Whose vehicles to look at.
    watermarks
        Say which civil day event time has reached.
    model
        Gives the model that is judged by now.
    seconds
        How often to measure.
    metrics
        Where the figures are shown.
    """

    def __init__(
        self,
        partitions: PartitionManager,
        watermarks: Watermarks,
        model: Callable[[], ForestModel],
        *,
        seconds: float,
        metrics: Metrics,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type] # options of mode's Service
        self._partitions = partitions
        self._watermarks = watermarks
        self._model = model
        self._seconds = seconds
        self._metrics = metrics

    @Service.task
    async def _watch(self) -> None:
        await self.sleep(min(self._seconds, FIRST_SECONDS))
        while not self.should_stop:
            await self.measure()
            await self.sleep(self._seconds)

    async def measure(self) -> None:
        """Measure once, show the figures and say what is found."""
        reached = [self._watermarks.complete_through(feed) for feed in EVENT_TYPES]
        today = max((day for day in reached if day is not None), default=None)
        if today is None:
            return
        fresh = FreshVehicles()
        for number, partition in list(self._partitions.owned.items()):
            await self._look_through(number, partition, today, fresh)
        model, rows = self._model(), fresh.rows
        drift = await asyncio.to_thread(measure_drift, model.reference, rows.table(), rows.provinces)
        self._metrics.drift.show(model.model_id, drift)
        say = log.info if drift.vehicles < LEAST_VEHICLES else log.warning
        for finding in drift.findings:
            say("drift", model=model.model_id, finding=finding)

    async def _look_through(
        self, number: int, partition: OwnedPartition, today: int, fresh: FreshVehicles
    ) -> None:
        """Offer a partition's fresh vehicles, as long as it is ours."""
        vins = partition.store.vins()
        while self._partitions.owned.get(number) is partition and partition.ready.is_set():
            together = list(islice(vins, SLICE))
            for vin in together:
                observation = fresh_vehicle(partition.store.get(vin), vin, today)
                if observation is not None:
                    fresh.offer(observation)
            if len(together) < SLICE:
                return
            await self.sleep(PAUSE_SECONDS)


def fresh_vehicle(data: bytes | None, vin: str, today: int) -> Observation | None:
    """Life cycle of a vehicle that would enter a training population now, and only now.

    Parameters
    ----------
    data
        Its record.
    vin, today
        The vehicle, and the civil day that event time has reached.
    """
    if data is None:
        return None
    record = records.decode(data)
    life = observe_life_cycle(VehicleHistory(vin, record.filed, overfull=record.overfull))
    if life is None or life.closing.day <= today - DELAY_DAYS - FRESH_DAYS:
        return None
    firing = frozenset(alert.finding.detector for alert in record.alerts if alert.finding is not None)
    # What a forest finds unusual belongs to the population whose share of the unusual is asked for.
    return None if refusal(life, firing - _FOREST_IDS, today) is not None else life
