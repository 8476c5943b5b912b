"""Settings of the alert store: the worker's connection to Kafka and what is the store's own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import Field, SecretStr

from streams.service.settings import Settings

DEFAULT_URL = "sqlite:///zeromile.sqlite"


class SinkSettings(Settings):
    """What differs between two installations of the store."""

    sink_url: SecretStr = Field(
        SecretStr(DEFAULT_URL),
        description="Database: postgresql://user:password@host/database or sqlite:///file.",
    )
    sink_group: str = Field(
        "zeromile-sink",
        pattern=r"^[a-z0-9][a-z0-9.-]*$",
        description="Consumer group of the store; another group fills another database.",
    )
    sink_documents: bool = Field(
        True, description="Keep the documents too; retail, exports and timelines are counted from them."
    )
    sink_batch_records: int = Field(
        5000, ge=1, le=20_000, description="Most records written in one transaction."
    )
    sink_alert_days: int = Field(
        1095, ge=1, description="Days that resolved alerts and superseded changes are kept."
    )
    sink_document_days: int = Field(
        1095, ge=1, description="Days of event time that documents are kept."
    )
    sink_forget_before: date | None = Field(
        None,
        description="A person's word that documents before this day may be deleted, however many are.",
    )
    sink_log_key: Path | None = Field(
        None, description="Ed25519 key (ssh-keygen) that signs checkpoints of the log, and packs."
    )
    sink_checkpoint_folder: Path | None = Field(
        None, description="Folder for the newest checkpoint; best one that others keep copies of."
    )
    sink_checkpoint_seconds: float = Field(
        60.0, gt=0, description="Seconds between two checkpoints, if anything has come."
    )
    sink_time_stamp_url: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="Authority that stamps checkpoints and packs (RFC 3161); none without it.",
    )
    sink_metrics_host: str = Field("127.0.0.1", description="Address of the store's metrics.")
    sink_metrics_port: int | None = Field(
        None, ge=0, le=65535, description="Port of the store's metrics; none without it."
    )
