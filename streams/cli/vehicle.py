"""`zeromile vehicle`: ask the worker that owns a vehicle."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from streams.cli.service_options import Bootstrap, kafka_errors_explained, settings_or_exit

if TYPE_CHECKING:
    from streams.service.settings import Settings

ASK_SECONDS = 10.0


def vehicle(
    vin: Annotated[str, typer.Argument(help="Vehicle identification number.")],
    bootstrap: Bootstrap = None,
) -> None:
    """Print a vehicle's documents and alerts as its worker holds them now, as JSON.

    Exit codes: 0 found, 1 not known or no worker owns it, 2 wrong use, 3 no broker.
    """
    from streams.kafka.owners import find_owner
    from streams.kafka.reading import committed_reader
    from streams.service.layout import names_of

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    name = vin.strip().upper()
    with kafka_errors_explained(settings), committed_reader(settings) as consumer:
        partition, owner = find_owner(consumer, names_of(settings).vehicles, name)
    if owner is None:
        _not_found(f"partition {partition} has had no worker yet; start `zeromile worker`")
    answer = _ask(settings, owner.url, name)
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def _ask(settings: Settings, url: str, vin: str) -> object:
    request = urllib.request.Request(  # noqa: S310 - the worker's own URL, http or https
        f"{url}/api/vehicles/{urllib.parse.quote(vin, safe='')}"
    )
    if settings.web_token is not None:
        request.add_header("Authorization", f"Bearer {settings.web_token.get_secret_value()}")
    try:
        with urllib.request.urlopen(request, timeout=ASK_SECONDS) as answer:  # noqa: S310 - the same
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        _not_found(f"{url} answers {error.code}: {error.read().decode('utf-8', 'replace')}")
    except OSError as error:
        _not_found(f"the owner {url} does not answer: {error}; is it running, is it reachable?")


def _not_found(message: str) -> NoReturn:
    typer.echo(f"zeromile: {message}", err=True)
    raise typer.Exit(1)
