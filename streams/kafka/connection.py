"""How to reach and authenticate to Kafka, said once for the three clients that zeromile uses."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Literal

from aiokafka.abc import AbstractTokenProvider
from aiokafka.helpers import create_ssl_context
from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials
from faust.types.auth import CredentialsT
from kafka.net.sasl.oauth import AbstractTokenProvider as BlockingTokenProvider
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

SERVERS = r"^\s*[^\s,]+:\d+\s*(,\s*[^\s,]+:\d+\s*)*$"
RECONNECT_AT_LEAST_EVERY_MS = 1000
"""As Kafka's own clients do it. With kafka-python's 30 s a client that lost its broker for seconds may
look for it again after a minute only: waiting for the broker and for its metadata add up."""

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


def read_token(path: Path) -> str:
    """Bearer token in a file that something else keeps fresh (for example a Kubernetes volume)."""
    return path.read_text("utf-8").strip()


class TokenFile(AbstractTokenProvider):  # type: ignore[misc] # aiokafka is not typed
    """Token source for aiokafka: the file is read again for every authentication."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def token(self) -> str:
        """Return the token that the file holds now."""
        return read_token(self._path)


class BlockingTokenFile(BlockingTokenProvider):  # type: ignore[misc] # kafka-python is not typed
    """The same for kafka-python."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def token(self) -> str:
        """Return the token that the file holds now."""
        return read_token(self._path)


class KafkaConnection(BaseSettings):
    """Address and security of the Kafka cluster; the part of the settings that clients need."""

    bootstrap_servers: str = Field(
        "127.0.0.1:9092",
        pattern=SERVERS,
        description="Kafka brokers to start from, host:port, separated by commas.",
    )
    security_protocol: SecurityProtocol = Field(
        "PLAINTEXT", description="How to talk to the brokers; SSL also covers mutual TLS."
    )
    sasl_mechanism: SaslMechanism = Field(
        "SCRAM-SHA-512", description="How to log in where the protocol is SASL_…"
    )
    sasl_username: str | None = Field(None, description="User name for PLAIN and SCRAM.")
    sasl_password: SecretStr | None = Field(None, description="Password for PLAIN and SCRAM.")
    sasl_token_file: Path | None = Field(
        None, description="File with the bearer token for OAUTHBEARER, read at every login."
    )
    ssl_ca_file: Path | None = Field(
        None, description="Certificate authorities (PEM); without it those of the system."
    )
    ssl_certificate_file: Path | None = Field(
        None, description="Certificate of this client (PEM) for mutual TLS."
    )
    ssl_key_file: Path | None = Field(None, description="Private key of that certificate (PEM).")
    ssl_key_password: SecretStr | None = Field(None, description="Password of the private key.")

    @model_validator(mode="after")
    def _complete(self) -> KafkaConnection:
        if self.security_protocol.startswith("SASL"):
            wanted = (
                ("sasl_token_file",)
                if self.sasl_mechanism == "OAUTHBEARER"
                else ("sasl_username", "sasl_password")
            )
            for name in wanted:
                given = getattr(self, name)
                text = given.get_secret_value() if isinstance(given, SecretStr) else given
                if text is None or not str(text).strip():
                    raise ValueError(
                        f"{name} is {'missing' if given is None else 'empty'}: "
                        f"security_protocol {self.security_protocol} with "
                        f"sasl_mechanism {self.sasl_mechanism} needs {' and '.join(wanted)}"
                    )
        if (self.ssl_certificate_file is None) != (self.ssl_key_file is None):
            raise ValueError("ssl_certificate_file and ssl_key_file go together: give both or none")
        for name in ("ssl_ca_file", "ssl_certificate_file", "ssl_key_file", "sasl_token_file"):
            path = getattr(self, name)
            if path is not None and not path.is_file():
                raise ValueError(f"{name}: there is no file {path}")
        return self

    @property
    def _uses_tls(self) -> bool:
        return self.security_protocol.endswith("SSL")

    @property
    def _uses_sasl(self) -> bool:
        return self.security_protocol.startswith("SASL")

    def _ssl_context(self) -> ssl.SSLContext:
        secret = self.ssl_key_password
        context: ssl.SSLContext = create_ssl_context(
            cafile=self.ssl_ca_file and str(self.ssl_ca_file),
            certfile=self.ssl_certificate_file and str(self.ssl_certificate_file),
            keyfile=self.ssl_key_file and str(self.ssl_key_file),
            password=secret and secret.get_secret_value(),
        )
        return context

    def _password(self) -> str | None:
        return self.sasl_password.get_secret_value() if self.sasl_password else None

    def aiokafka_options(self) -> dict[str, Any]:
        """Arguments for aiokafka's consumers and producers."""
        options = self._client_options(TokenFile)
        if self._uses_tls:
            options["ssl_context"] = self._ssl_context()
        return options

    def kafka_python_options(self) -> dict[str, Any]:
        """Arguments for kafka-python's clients."""
        options = self._client_options(BlockingTokenFile)
        options["reconnect_backoff_max_ms"] = RECONNECT_AT_LEAST_EVERY_MS
        if self._uses_tls:
            options["ssl_context"] = self._ssl_context()
        return options

    def _client_options(
        self, token_source: type[TokenFile] | type[BlockingTokenFile]
    ) -> dict[str, Any]:
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers.split(","),
            "security_protocol": self.security_protocol,
        }
        if self._uses_sasl:
            options["sasl_mechanism"] = self.sasl_mechanism
            if self.sasl_token_file is not None:
                options["sasl_oauth_token_provider"] = token_source(self.sasl_token_file)
            else:
                options["sasl_plain_username"] = self.sasl_username
                options["sasl_plain_password"] = self._password()
        return options

    def faust_credentials(self) -> CredentialsT | None:
        """Value of Faust's `broker_credentials`."""
        context = self._ssl_context() if self._uses_tls else None
        if not self._uses_sasl:
            return SSLCredentials(context=context) if context else None
        if self.sasl_token_file is not None:
            return OAuthCredentials(oauth_cb=TokenFile(self.sasl_token_file), ssl_context=context)
        return SASLCredentials(
            username=self.sasl_username,
            password=self._password(),
            mechanism=self.sasl_mechanism,
            ssl_context=context,
        )

    def broker_addresses(self) -> list[tuple[str, int]]:
        """Host and port of each broker to start from."""
        pairs = (server.strip().rpartition(":") for server in self.bootstrap_servers.split(","))
        return [(host.strip("[]"), int(port)) for host, _, port in pairs]

    def faust_brokers(self) -> list[str]:
        """Broker addresses in the form that Faust wants."""
        return [f"kafka://{server.strip()}" for server in self.bootstrap_servers.split(",")]
