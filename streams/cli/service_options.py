"""What the commands that talk to Kafka share: options and readable failures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.exit_codes import UNREACHABLE, WRONG_USE

if TYPE_CHECKING:
    from streams.service.settings import Settings

Bootstrap = Annotated[
    str | None,
    typer.Option("--bootstrap", help="Kafka brokers; default ZEROMILE_BOOTSTRAP_SERVERS."),
]


def settings_or_exit(**overrides: object) -> Settings:
    """Read environment and options; say which one is wrong and leave with status 2."""
    from streams.service.settings import SettingsError, load_settings

    try:
        return load_settings(**overrides)
    except SettingsError as error:
        typer.echo(f"zeromile: {error}", err=True)
        raise typer.Exit(WRONG_USE) from None


@contextmanager
def kafka_errors_explained(settings: Settings) -> Iterator[None]:
    """Turn a broker's or client's failure into one line and status 3."""
    from kafka.errors import KafkaError

    try:
        yield
    except KafkaError as error:
        typer.echo(
            f"zeromile: Kafka at {settings.bootstrap_servers} ({settings.security_protocol}): "
            f"{type(error).__name__}: {error}; `zeromile doctor` looks closer",
            err=True,
        )
        raise typer.Exit(UNREACHABLE) from None
