"""Checkpoints out of the operator's hands: onto a topic, and into a folder."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError

from streams.evidence.ssh_signature import SigningKey
from streams.evidence.time_stamp import TimeStampError
from streams.kafka.blocking_clients import opened
from streams.service.layout import names_of
from streams.store.checkpoints import SignedCheckpoint, make_checkpoint, stamp
from streams.store.settings import SinkSettings

log = structlog.get_logger("zeromile.sink")
_SEND_SECONDS = 30.0


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

    def hand_out(self) -> SignedCheckpoint | None:
        """Sign what has come since the last checkpoint; nothing without a key, or if nothing has."""
        if self._key is None:
            return None
        made = make_checkpoint(self._engine, self._key, datetime.now(UTC))
        if made is not None:
            made = self._stamped(made)
            self._into_folder(made)
            self._onto_topic(made)
        return made

    def _stamped(self, made: SignedCheckpoint) -> SignedCheckpoint:
        """The checkpoint with the time stamp of an authority, if one is named and answers."""
        authority = self._settings.sink_time_stamp_url
        if authority is None:
            return made
        try:
            return stamp(self._engine, made, authority)
        except TimeStampError as error:
            log.warning("checkpoint not stamped", error=str(error))
            return made

    def _into_folder(self, made: SignedCheckpoint) -> None:
        folder = self._settings.sink_checkpoint_folder
        if folder is None:
            return
        try:
            made.write(folder)
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
