"""Settings of the desk: those of the store, and where it listens."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from streams.service.settings import LOOPBACK
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
    desk_url: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="Address at which people reach the desk, for links in e-mail.",
    )
    desk_smtp_host: str | None = Field(
        None, description="Mail server that takes digests; without it none is sent."
    )
    desk_smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    desk_smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the way to the mail server is encrypted."
    )
    desk_smtp_user: str | None = Field(None, description="Who signs in there; nobody without it.")
    desk_smtp_password: SecretStr | None = Field(None, description="Password of that user.")
    desk_mail_from: str | None = Field(
        None, pattern=r"^[^\s@<>]+@[^\s@<>]+$", description="Address that digests come from."
    )

    @model_validator(mode="after")
    def _not_in_the_clear(self) -> DeskSettings:
        if self.desk_smtp_tls == "none" and self.desk_smtp_user and self.desk_smtp_host not in LOOPBACK:
            raise ValueError(
                "desk_smtp_tls is none: the password of desk_smtp_user would travel in the clear; "
                "set starttls or tls"
            )
        return self
