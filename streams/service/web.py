"""The worker's web pages: health, metrics, and questions about alerts and vehicles."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable, Collection
from typing import Final, get_args

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from mode import Service

from detectors.alerts import State
from detectors.country import CHINA, Country
from detectors.findings import SEVERITIES
from detectors.registry import DECLARED
from streams.service.answers import Question, answer, fault_of, number_within, problem
from streams.service.lag import LagReporter
from streams.service.metrics import Metrics
from streams.service.observer import Observer
from streams.service.partition_manager import PartitionManager
from streams.service.province_pages import ProvincePages
from streams.service.settings import Settings
from streams.service.vehicle_view import vehicle_view

MOST_ALERTS = 1000
CONNECTION_SECONDS = 60.0
CONNECTION_CHECK_SECONDS = 2.0
MOST_CONNECTIONS = 64
"""Few enough to leave descriptors to partitions and broker, where a process has 256 of them."""
_OF_ALERTS: Final[Question] = {
    "state": get_args(State),
    "severity": SEVERITIES,
    "limit": None,
}


class WebPages(Service):
    """An aiohttp server in the worker's own event loop.

    `/livez`, `/readyz` and `/metrics` are open; everything under `/api` asks for the bearer token
    where one is set.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        partitions: PartitionManager,
        lag: LagReporter,
        metrics: Metrics,
        observer: Observer,
        desk_url: Callable[[], str | None],
        country: Country = CHINA,
        detectors: Collection[str] = tuple(DECLARED),
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type] # options of mode's Service
        self._settings = settings
        self._partitions = partitions
        self._lag = lag
        self._metrics = metrics
        self._observer = observer
        self._of_alerts: Question = {"detector": detectors, **_OF_ALERTS}
        self._provinces = ProvincePages(settings, partitions, desk_url, country)
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
        self._seen: dict[web.RequestHandler, float] = {}
        """When each open connection was seen first."""

    def application(self) -> web.Application:
        """Routes and the guard in front of `/api`."""
        pages = web.Application(middlewares=[self._guard()])
        pages.on_response_prepare.append(_mind_headers)
        pages.router.add_get("/livez", self.livez)
        pages.router.add_get("/readyz", self.readyz)
        pages.router.add_get("/metrics", self.metrics)
        pages.router.add_get("/api/alerts", self.alerts)
        pages.router.add_get("/api/vehicles/{vin}", self.vehicle)
        pages.router.add_get("/api/provinces/{code}", self._provinces.province)
        return pages

    async def on_start(self) -> None:
        """Listen."""
        self._runner = web.AppRunner(self.application(), access_log=None)
        await self._runner.setup()
        self._listener = await asyncio.get_running_loop().create_server(
            self._accept, self._settings.web_host, self._settings.web_port
        )

    async def on_stop(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _accept(self) -> web.RequestHandler:
        """Take a connection, in the place of the oldest one where there are too many."""
        assert self._runner is not None  # noqa: S101 - made before anybody can connect
        assert self._runner.server is not None  # noqa: S101 - the same
        self.close_old_connections(time.monotonic())
        return self._runner.server()

    @Service.task
    async def _watch_connections(self) -> None:
        while not self.should_stop:
            await self.sleep(CONNECTION_CHECK_SECONDS)
            self.close_old_connections(time.monotonic())

    def close_old_connections(self, now: float) -> None:
        """Close connections that are older than a minute, and the oldest beyond so many.

        aiohttp waits for the rest of a request for ever; every connection takes a descriptor, and
        without one left nobody is told that the worker is alive.
        """
        server = None if self._runner is None else self._runner.server
        connections = [] if server is None else list(server.connections)
        self._seen = {one: self._seen.get(one, now) for one in connections}
        oldest = sorted(connections, key=lambda one: self._seen[one])
        spare = len(oldest) - MOST_CONNECTIONS
        for number, one in enumerate(oldest):
            if number < spare or now - self._seen[one] > CONNECTION_SECONDS:
                one.force_close()

    def _guard(self) -> Middleware:
        secret = self._settings.web_token
        expected = f"Bearer {secret.get_secret_value()}".encode() if secret else None

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if expected is not None and request.path.startswith("/api/"):
                given = request.headers.get("Authorization", "").encode("utf-8", "replace")
                if not hmac.compare_digest(given, expected):
                    refused = problem(401, "a bearer token is needed: Authorization: Bearer …")
                    refused.headers["WWW-Authenticate"] = 'Bearer realm="zeromile"'
                    return refused
            return await handler(request)

        return guard

    async def livez(self, _: web.Request) -> web.Response:
        """Alive unless documents of a partition wait and it has stood still for two minutes."""
        if await self._lag.stalled():
            said = "; ".join(f"partition {n} {why}" for n, why in self._partitions.troubles.items())
            return problem(503, said or "documents wait, but nothing has moved for two minutes")
        return answer({"status": "alive"})

    async def readyz(self, _: web.Request) -> web.Response:
        """Ready when every assigned partition has its state, and transactions succeed."""
        ready = [n for n, p in self._partitions.owned.items() if p.ready.is_set()]
        body = {
            "ready": self._partitions.ready,
            "assigned": sorted(self._partitions.assigned),
            "recovered": sorted(ready),
            "failing": {str(n): why for n, why in sorted(self._partitions.troubles.items())},
            "held_back": self._partitions.held_back,
            "unreadable": self._metrics.unreadable,
            "instance_id": self._settings.instance_id,
        }
        return answer(body, status=200 if self._partitions.ready else 503)

    async def metrics(self, _: web.Request) -> web.Response:
        """Metrics for Prometheus."""
        return web.Response(
            body=self._metrics.exposition(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    async def alerts(self, request: web.Request) -> web.Response:
        """Latest alert changes of this worker, newest first."""
        wanted = request.query
        fault = fault_of(request, self._of_alerts)
        if fault is not None:
            return problem(400, fault)
        limit = number_within(wanted.get("limit", "100"), MOST_ALERTS)
        if limit is None:
            return problem(400, f"limit is {wanted['limit']!r}; allowed: 1 to {MOST_ALERTS}")
        found = [
            alert
            for alert in reversed(self._observer.recent)
            if wanted.get("detector") in (None, alert.detector)
            and wanted.get("state") in (None, alert.state)
            and wanted.get("severity") in (None, alert.severity)
        ]
        return answer(found[:limit])

    async def vehicle(self, request: web.Request) -> web.Response:
        """Documents and alerts of one vehicle, if this worker owns its partition."""
        fault = fault_of(request, {})
        if fault is not None:
            return problem(400, fault)
        vin = request.match_info["vin"].strip().upper()
        for partition in self._partitions.owned.values():
            view = vehicle_view(partition.store.get(vin), vin) if partition.ready.is_set() else None
            if view is not None:
                return answer(view)
        if not self._partitions.recovered:
            return problem(503, "partitions are being recovered, the vehicle may be in one of them")
        return problem(404, "this worker's partitions hold no such vehicle")


async def _mind_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Say nothing of what the server is made of, and let nobody keep an answer."""
    response.headers["Server"] = "zeromile"
    response.headers["Cache-Control"] = "no-store"
