"""Checkpoints out of the operator's hands: onto a topic, and into a folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError

from streams.evidence.ssh_signature import SigningKey
from streams.evidence.time_stamp import TimeStampError
from streams.kafka.blocking_clients import opened
from streams.service.layout import names_of
from streams.store.checkpoints import (
    SignedCheckpoint,
    make_checkpoint,
    newest_checkpoint,
    stamp,
    unstamped,
)
from streams.store.settings import SinkSettings

log = structlog.get_logger("zeromile.sink")
_SEND_SECONDS = 30.0
_STAMPS_AT_ONCE = 10
_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 3600.0
"""Seconds between two requests to an authority that gives no time stamp."""


class CheckpointDesk:
    """Signs the log from time to time and hands the checkpoint out.

    Parameters
    ----------
    settings
        Names the key, the folder and the broker; without a key nothing is signed.
    engine
        The store.

    Raises
    ------
    streams.evidence.ssh_signature.SignatureError
        If the key cannot sign.
    """

    def __init__(self, settings: SinkSettings, engine: sa.Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._key = SigningKey.read(settings.sink_log_key) if settings.sink_log_key else None
        self._stamp_again = self._stamp_pause = 0.0

    def hand_out(self) -> SignedCheckpoint | None:
        """Sign what has come since the last checkpoint; nothing without a key, or if nothing has."""
        if self._key is None:
            return None
        wanted = self._settings.sink_time_stamp_url is not None
        made = make_checkpoint(self._engine, self._key, datetime.now(UTC), stamp_wanted=wanted)
        new = {} if made is None else {made.state.size: made}
        new |= {one.state.size: one for one in self._stamped()}
        for size in sorted(new):
            self._onto_topic(new[size])
        if new:
            self._into_folder()
        return made and new[made.state.size]

    def _stamped(self) -> Iterator[SignedCheckpoint]:
        """Checkpoints that get their time stamp now; an authority that fails is asked more seldom."""
        authority = self._settings.sink_time_stamp_url
        if authority is None or time.monotonic() < self._stamp_again:
            return
        waiting = unstamped(self._engine, _STAMPS_AT_ONCE)
        try:
            for one in waiting:
                yield stamp(self._engine, one, authority)
        except TimeStampError as error:
            self._stamp_pause = min(2 * self._stamp_pause, _LONGEST_PAUSE) or _FIRST_PAUSE
            self._stamp_again = time.monotonic() + self._stamp_pause
            log.warning(
                "checkpoint not stamped, it waits", error=str(error), retry_in=self._stamp_pause
            )
        else:
            self._stamp_pause = 0.0

    def _into_folder(self) -> None:
        """Put the newest checkpoint into the folder."""
        folder, newest = self._settings.sink_checkpoint_folder, newest_checkpoint(self._engine)
        if folder is None or newest is None:
            return
        try:
            newest.write(folder)
        except OSError as error:
            log.warning("checkpoint not written", folder=str(folder), error=error.strerror)

    def _onto_topic(self, made: SignedCheckpoint) -> None:
        """Two checkpoints of one size have two keys, so compaction hides no fork."""
        state = made.state
        key = f"{state.origin} {state.size} {state.root.hex()}".encode()
        try:
            with opened(KafkaProducer, self._settings, acks="all") as producer:
                producer.send(
                    names_of(self._settings).checkpoints,
                    key=key,
                    value=made.note.encode(),
                    headers=[
                        ("sshsig", made.signature.encode()),
                        *([("rfc3161", made.time_stamp)] if made.time_stamp else []),
                    ],
                ).get(timeout=_SEND_SECONDS)
        except KafkaError as error:
            log.warning("checkpoint not published", error=type(error).__name__)
