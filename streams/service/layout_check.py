"""Whether topics and state are as a worker needs them, asked before it joins the group."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from kafka.errors import KafkaConnectionError, KafkaError, RetriableError
from mode import Service

from detectors.errors import ZeromileError
from streams.kafka.patience import Patience
from streams.kafka.topic_admin import admin_client, check_topics, described
from streams.service.identity_check import check_identities, said_by_workers
from streams.service.layout import catalogue_of
from streams.service.neighbours import check_instance
from streams.service.settings import Settings
from streams.service.terms import check_terms, terms_of

WRONG_USE: Final = 2
"""Exit status of a worker whose topics are not there, or whose state is not its own."""

log = structlog.get_logger("zeromile.worker")


class TopicsError(ZeromileError, RuntimeError):
    """Topics are missing or laid out otherwise; the message names them and the remedy."""


def check_layout(settings: Settings) -> None:
    """Refuse missing or differently cut topics.

    Raises
    ------
    TopicsError
        Names every topic at fault.
    kafka.errors.RetriableError
        No broker answers.
    """
    try:
        with admin_client(settings) as client:
            found = check_topics(client, catalogue_of(settings))
    except RetriableError:
        raise
    except KafkaError as error:
        # Reading documents needs fewer rights than asking how topics are laid out.
        log.warning("topics could not be checked", error=type(error).__name__)
        return
    faults = described([one for one in found if one.what in ("missing", "partitions")])
    if faults:
        raise TopicsError("; ".join(faults))


def check_start(settings: Settings) -> None:
    """Refuse to start where topics or state are not what the settings say.

    Raises
    ------
    TopicsError
        Names every topic at fault.
    IdentityKeyChangedError
        The state was made under another key.
    OtherTermsError
        Workers are running that judge by another policy or model, or the state is cut otherwise.
    InstanceTakenError
        Another worker is running under the same instance id.
    kafka.errors.RetriableError
        No broker answers.
    """
    check_layout(settings)
    said = said_by_workers(settings)
    check_identities(settings, said)
    check_terms(settings, terms_of(settings), said)
    check_instance(settings)


class WaitForBroker(Service):
    """Holds back what starts after it until a broker answers; Faust would give up at once."""

    def __init__(self, settings: Settings, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type] # options of mode's Service
        self._settings = settings

    async def on_start(self) -> None:
        """Return when all is as it should be, or when told to stop."""
        servers = self._settings.bootstrap_servers
        patience = Patience(log, "no broker answers, waiting for one", servers=servers)
        failure: RetriableError = KafkaConnectionError(servers)
        while not self.should_stop:
            await self.sleep(patience.failed(failure))
            try:
                await asyncio.to_thread(check_start, self._settings)
            except RetriableError as error:
                failure = error
                continue
            except (TopicsError, ZeromileError) as error:
                log.error("not as it should be", faults=str(error))  # noqa: TRY400 - says it all
                raise SystemExit(WRONG_USE) from error
            return
