"""What the commands that talk to Kafka share: options and readable failures."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from streams.cli.exit_codes import UNREACHABLE, WRONG_USE

if TYPE_CHECKING:
    from streams.service.settings import Settings

Bootstrap = Annotated[
    str | None,
    typer.Option("--bootstrap", help="Kafka brokers; default ZEROMILE_BOOTSTRAP_SERVERS."),
]


def warn_of_misspelt_variables() -> None:
    """Name variables of the environment that look like a setting and are none."""
    from streams.desk.settings import DeskSettings

    known = {f"ZEROMILE_{name.upper()}" for name in DeskSettings.model_fields}
    for name in sorted(os.environ):
        if name.startswith("ZEROMILE_") and name not in known:
            for alike in get_close_matches(name, known, 1, 0.85):
                typer.echo(f"zeromile: {name} is no setting; did you mean {alike}?", err=True)


def known_detector(value: str | None) -> str | None:
    """Refuse an id that no detector has."""
    from streams.setup.policy import load_policy

    return one_of(value, load_policy().detectors, "detector")


def known_reason(value: str | None) -> str | None:
    """Refuse a reason for which nothing is refused."""
    from detectors.errors import Reason

    return one_of(value, get_args(Reason), "reason")


def one_of(value: str | None, allowed: Collection[str], what: str) -> str | None:
    """Refuse a value that is not allowed, naming those it looks like, or else all."""
    if value is None or value in allowed:
        return value
    alike = get_close_matches(value, allowed)
    hint = f"did you mean {' or '.join(alike)}?" if alike else f"allowed: {', '.join(sorted(allowed))}"
    raise typer.BadParameter(f"there is no {what} {value!r}; {hint}")


def detectors_like(incomplete: str) -> list[str]:
    """Ids of detectors, for the shell's completion."""
    from streams.setup.policy import load_policy

    return [name for name in load_policy().detectors if name.startswith(incomplete)]


def settings_or_exit(**overrides: object) -> Settings:
    """Read environment and options; say which one is wrong and leave with status 2."""
    warn_of_misspelt_variables()
    from streams.service.settings import SettingsError, load_settings

    try:
        return load_settings(**overrides)
    except SettingsError as error:
        typer.echo(f"zeromile: {error}", err=True)
        raise typer.Exit(WRONG_USE) from None


@contextmanager
def kafka_errors_explained(settings: Settings) -> Iterator[None]:
    """Turn a broker's or client's failure into one line and status 3."""
    from kafka.errors import KafkaError, UnknownTopicOrPartitionError

    try:
        yield
    except UnknownTopicOrPartitionError as error:
        what = error.args[0] if error.args else "a topic is missing"
        typer.echo(
            f"zeromile: Kafka at {settings.bootstrap_servers}: {what}; "
            "`zeromile topics apply` makes what is missing",
            err=True,
        )
        raise typer.Exit(UNREACHABLE) from None
    except KafkaError as error:
        typer.echo(
            f"zeromile: Kafka at {settings.bootstrap_servers} ({settings.security_protocol}): "
            f"{type(error).__name__}: {error}; `zeromile doctor` looks closer",
            err=True,
        )
        raise typer.Exit(UNREACHABLE) from None
