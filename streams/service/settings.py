"""Settings of the service: environment variables `ZEROMILE_…`, checked at the start."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from detectors.country import Country
from detectors.decoding import decoder_of
from detectors.errors import ZeromileError
from detectors.identities import Decode, IdentityKey
from streams.kafka.connection import KafkaConnection

LOOPBACK = ("127.0.0.1", "::1", "localhost")
Seconds = Annotated[float, Field(gt=0)]


class SettingsError(ZeromileError, ValueError):
    """A setting is wrong; the message names the variable, its value's fault and what is allowed."""


class Settings(KafkaConnection):
    """Everything that differs between two installations of zeromile."""

    model_config = SettingsConfigDict(env_prefix="ZEROMILE_", frozen=True, extra="ignore")

    group: str = Field(
        "zeromile",
        pattern=r"^[a-z0-9][a-z0-9.-]*$",
        description="Consumer group and prefix of the transactional ids; one a deployment.",
    )
    topic_prefix: str = Field(
        "zeromile",
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        description="First part of every topic name, `zeromile` in `zeromile.alerts.v1`.",
    )
    partitions: int = Field(
        8, ge=1, le=1024, description="Partitions of the document topics; fixed for their life."
    )
    replication_factor: int = Field(
        1, ge=1, le=9, description="Copies of every topic; 3 on a cluster of three brokers or more."
    )
    document_retention_days: int = Field(
        30, ge=1, description="How long Kafka keeps the documents (the state keeps its own copy)."
    )
    identity_key: SecretStr | None = Field(
        None,
        description="Secret under which ids of owners, sellers and exporters become digests before "
        "anything is kept; one for all workers, the store and the life of their state.",
    )
    policy_file: Path | None = Field(
        None, description="TOML file that overrides single values of the policy."
    )
    model: str | None = Field(
        None,
        description="Trained model to judge by as well: its directory, or `default` as shipped.",
    )
    model_poll_seconds: Seconds = Field(
        30.0,
        le=86_400,
        description="How often the model's directory is looked at for another model.",
    )
    drift_seconds: Seconds = Field(
        21_600.0,
        le=604_800,
        description="How often the vehicles are compared with those that the model learnt from.",
    )
    state_store: Literal["memory", "rocksdb"] = Field(
        "memory", description="Where a worker keeps vehicles: in memory or on its disk (RocksDB)."
    )
    state_directory: Path = Field(
        Path("zeromile-state"), description="Directory of the RocksDB store, one a worker."
    )
    state_retention_days: int = Field(
        1096, ge=400, description="Days without a document after which a vehicle is forgotten."
    )
    flush_seconds: Seconds = Field(
        0.4,
        le=30,
        description="Longest time for which alerts and state are collected before they are written; "
        "shorter while the broker answers quickly.",
    )
    max_batch_documents: int = Field(
        2000, ge=1, le=100_000, description="Most documents read in one go for a partition."
    )
    max_unflushed_documents: int = Field(
        20_000, ge=1, description="Documents of a partition in flight before reading pauses."
    )
    stop_seconds: Seconds = Field(
        25.0, le=600, description="Longest orderly stop; keep it below the orchestrator's grace."
    )
    commit_seconds: Seconds = Field(1.0, le=60, description="How often offsets are committed.")
    session_seconds: Seconds = Field(
        30.0, le=1800, description="Silence after which the group gives a worker up."
    )
    instance_id: str | None = Field(
        None, description="Static group membership, for example the pod's name; unique a worker."
    )
    web_host: str = Field("127.0.0.1", description="Address that the web pages listen on.")
    web_port: int = Field(6066, ge=0, le=65535, description="Port of the web pages.")
    web_advertised_url: str | None = Field(
        None,
        description="URL at which other workers reach these pages; default from host and port.",
    )
    web_token: SecretStr | None = Field(
        None, description="Bearer token asked for under /api; without it /api is open to loopback."
    )
    recent_alerts: int = Field(
        1000, ge=0, le=100_000, description="Latest alert changes that /api/alerts keeps."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="Log lines for people or machines; auto: people on a terminal."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity that is logged."
    )

    @model_validator(mode="after")
    def _guarded(self) -> Settings:
        if self.web_host not in LOOPBACK and self.web_token is None:
            raise ValueError(
                f"web_token is missing: web_host {self.web_host!r} is reachable from other "
                "machines and /api serves vehicles; set web_token or listen on 127.0.0.1"
            )
        return self

    @field_validator("web_token")
    @classmethod
    def _not_empty(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not token.get_secret_value().strip():
            return None  # as if it were not set: what then must not be open is refused below
        return token

    @field_validator("identity_key")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None or not key.get_secret_value():
            return None
        IdentityKey(key.get_secret_value())
        return key

    @property
    def identities(self) -> IdentityKey | None:
        """What puts digests in the place of ids; `None` where they are kept as they come."""
        return None if self.identity_key is None else IdentityKey(self.identity_key.get_secret_value())

    def decode_for(self, country: Country) -> Decode:
        """How documents of a country are read."""
        key = self.identity_key
        if key is None:
            return decoder_of(country)
        return IdentityKey(key.get_secret_value(), country).decode

    @property
    def web_url(self) -> str:
        """URL at which other workers ask this one about its vehicles."""
        if self.web_advertised_url:
            return self.web_advertised_url.rstrip("/")
        host = socket.gethostname() if self.web_host in ("0.0.0.0", "::") else self.web_host  # noqa: S104 - compared, not bound
        return f"http://{host}:{self.web_port}"


SettingsT = TypeVar("SettingsT", bound=Settings)


def load_settings(**overrides: object) -> Settings:
    """Read the settings of the worker from the environment, see :func:`load`."""
    return load(Settings, **overrides)


def load(kind: type[SettingsT], /, **overrides: object) -> SettingsT:
    """Read settings from the environment.

    Parameters
    ----------
    kind
        Which settings: the worker's, or those of a part of their own.
    overrides
        Values of command line options, which win; `None` leaves the environment's.

    Raises
    ------
    SettingsError
        Names every setting that is wrong.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return kind(**given)  # type: ignore[arg-type] # checked by pydantic
    except ValidationError as error:
        faults = [
            f"{_variable(fault['loc'])}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("; ".join(faults)) from None


def _variable(location: tuple[int | str, ...]) -> str:
    name = "__".join(str(part).upper() for part in location)
    return f"ZEROMILE_{name}" if name else "settings"
