"""Settings of the desk: those of the store, and where it listens."""

from __future__ import annotations

from pydantic import Field, SecretStr

from streams.store.settings import SinkSettings


class DeskSettings(SinkSettings):
    """What differs between two desks."""

    desk_host: str = Field("127.0.0.1", description="Address that the desk listens on.")
    desk_port: int = Field(8080, ge=0, le=65535, description="Port of the desk; 0 takes any.")
    desk_https: bool = Field(
        False, description="Browsers reach the desk by HTTPS: its cookie is sent by HTTPS only."
    )
    desk_token: SecretStr | None = Field(
        None,
        description="A token with the role admin, made by whoever deploys; 24 characters or more.",
    )
