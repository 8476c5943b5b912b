"""The streaming service, put together: Faust, the agent, partitions, watermarks, web pages."""

from __future__ import annotations

import sys
import uuid
from dataclasses import dataclass
from typing import Any, cast

import faust
import msgspec
from mode import CrashingSupervisor, Service

from detectors.base import spec_in_force
from detectors.documents import EVENT_TYPES
from detectors.registry import Catalogue
from detectors.watermarks import Watermarks
from streams.kafka.batch_app import BatchApp
from streams.kafka.batches import scheduler_for
from streams.service.backends import open_backend
from streams.service.group_watch import GroupWatch
from streams.service.identity_check import fingerprint_of
from streams.service.lag import LagReporter
from streams.service.layout import names_of
from streams.service.metrics import Metrics
from streams.service.model_watch import ChosenModel, ModelWatch, open_model
from streams.service.observer import Observer
from streams.service.owned_partition import OwnedPartition
from streams.service.partition_context import PartitionContext
from streams.service.partition_manager import PartitionManager
from streams.service.partition_store import PartitionStore
from streams.service.settings import Settings
from streams.service.shared_watermarks import SharedWatermarks
from streams.service.state_ttl import Forgetting
from streams.service.terms import NO_MODEL, Terms
from streams.service.web import WebPages
from streams.setup.policy import load_policy

FETCH_BYTES = 1024 * 1024
HEARTBEATS_A_SESSION = 10
METADATA_MS = 5000
"""How long a topic that comes to be known may go unnoticed. A broker that has just started answers
before it has read which topics it has, and the group then shares out no partitions until somebody asks
again: after five minutes, were it left to Faust."""


@dataclass(frozen=True, slots=True)
class StreamingService:
    """A worker, ready to be started.

    Parameters
    ----------
    app
        The Faust application.
    partitions
        What the application's agent hands documents to.
    surroundings
        Services that start before the application and stop after it.
    """

    app: BatchApp
    partitions: PartitionManager
    surroundings: tuple[Service, ...]


def build_service(settings: Settings) -> StreamingService:
    """Make the Faust application and what surrounds it; nothing is started yet.

    Raises
    ------
    detectors.errors.PolicyError
        The policy file has a wrong key or value.
    detectors.errors.ZeromileError
        The model cannot be read.
    """
    names = names_of(settings)
    policy = load_policy(settings.policy_file)
    chosen = None if settings.model is None else open_model(settings.model)
    catalogue = Catalogue(policy, None if chosen is None else chosen.loaded.model)
    metrics = Metrics(
        spec_in_force(detector, policy.parameters[name])
        for name, detector in policy.detectors.items()
        if policy.parameters[name].enabled
    )
    event_types = {names.documents_of(event_type): event_type for event_type in EVENT_TYPES}
    observer = Observer(metrics, event_types, settings.recent_alerts)
    app = _faust_app(settings, frozenset(names.documents))
    identities = fingerprint_of(settings)
    terms = Terms(
        uuid.uuid4().hex, policy.digest, model=_model_id(catalogue), partitions=settings.partitions
    )
    forgetting = Forgetting(settings.state_retention_days, watermarks_known=False)
    watermarks = SharedWatermarks(
        settings,
        names.watermarks,
        Watermarks(policy.watermarks, country=policy.country),
        gauge=metrics.watermark,
        unreadable=metrics.unreadable_records,
        identities=identities,
        forgetting=forgetting,
        terms=terms,
    )
    surroundings = PartitionContext(
        connection=settings,
        names=names,
        group=settings.group,
        partitions=settings.partitions,
        owner=terms.owner,
        terms=terms,
        url=settings.web_url,
        flush_seconds=settings.flush_seconds,
        forgetting=forgetting,
        decode=settings.decode_for(policy.country),
        identities=identities,
        catalogue=catalogue,
        watermarks=watermarks.watermarks,
        metrics=metrics,
        observer=observer,
    )

    def open_partition(number: int) -> OwnedPartition:
        store = PartitionStore(open_backend(settings, number))
        return OwnedPartition(number, store, surroundings)

    partitions = PartitionManager(app, names.documents, settings.partitions, open_partition, metrics)
    _connect(app, partitions, settings)
    lag = LagReporter(
        app,
        partitions,
        settings.broker_addresses(),
        metrics,
    )
    pages = WebPages(
        settings,
        partitions=partitions,
        lag=lag,
        metrics=metrics,
        observer=observer,
        desk_url=lambda: watermarks.desk_url,
        country=policy.country,
        detectors=policy.detectors,
    )
    services: list[Service] = [watermarks, partitions, lag, pages, GroupWatch(app, settings)]
    if chosen is not None:
        services += _model_services(settings, chosen, partitions, surroundings)
    return StreamingService(app, partitions, tuple(services))


def _model_services(
    settings: Settings, chosen: ChosenModel, partitions: PartitionManager, shared: PartitionContext
) -> list[Service]:
    """What exchanges the model, and what asks whether it still fits."""
    # It imports scikit-learn: only who uses a model waits for that
    from streams.service.drift_watch import DriftWatch  # noqa: PLC0415

    def adopt(changed: Catalogue) -> None:
        shared.catalogue = changed
        shared.terms = msgspec.structs.replace(shared.terms, model=_model_id(changed))
        partitions.adopt()

    exchange = ModelWatch(
        chosen,
        seconds=settings.model_poll_seconds,
        policy=shared.catalogue.policy,
        adopt=adopt,
        metrics=shared.metrics,
    )
    drift = DriftWatch(
        partitions,
        shared.watermarks,
        lambda: exchange.model,
        seconds=settings.drift_seconds,
        metrics=shared.metrics,
    )
    return [exchange, drift]


def _model_id(catalogue: Catalogue) -> str:
    return NO_MODEL if catalogue.model is None else catalogue.model.model_id


def _faust_app(settings: Settings, topics: frozenset[str]) -> BatchApp:
    return BatchApp(
        settings.group,
        broker=settings.faust_brokers(),
        broker_credentials=settings.faust_credentials(),
        broker_commit_interval=settings.commit_seconds,
        # By time alone: a commit between two deliveries could outlast a rebalance.
        broker_commit_every=sys.maxsize,
        broker_session_timeout=settings.session_seconds,
        broker_heartbeat_interval=settings.session_seconds / HEARTBEATS_A_SESSION,
        broker_request_timeout=max(90.0, settings.session_seconds),
        # One fetch may hold every partition's buffer; batches are cut by the scheduler.
        broker_max_poll_records=None,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=METADATA_MS,
        consumer_max_fetch_size=FETCH_BYTES,
        consumer_group_instance_id=settings.instance_id,
        ConsumerScheduler=scheduler_for(topics, settings.max_batch_documents),
        # A failing agent ends the worker, visibly; whoever supervises it starts it again.
        agent_supervisor=CrashingSupervisor,
        # Topics are made by `zeromile topics apply` and never on the way.
        topic_allow_declare=False,
        topic_disable_leader=True,
        # Our own pages instead of Faust's; see streams.service.web.
        web_enabled=False,
        worker_redirect_stdouts=False,
        store="memory://",
    )


def _connect(app: BatchApp, partitions: PartitionManager, settings: Settings) -> None:
    app.on_partitions_revoked.connect(partitions.on_partitions_revoked)
    app.on_partitions_assigned.connect(partitions.on_partitions_assigned)
    documents = app.batch_topic(*names_of(settings).documents)

    @app.agent(documents, name="documents")
    async def judge_documents(stream: faust.StreamT[Any]) -> None:
        """Hand every batch to its partition, which acknowledges it when all is written."""
        # Without noack() Faust acknowledges a batch whose processing raised.
        async for event in cast("faust.Stream[Any]", stream).noack().events():
            partition = partitions.owned.get(event.message.partition)
            if partition is not None:
                await partition.writing.wait_for_room(settings.max_unflushed_documents)
            # A batch of a partition that is gone or suspended comes again to whoever owns it next.
            if partition is not None and partition.ready.is_set():
                partition.process(event.value, event)
