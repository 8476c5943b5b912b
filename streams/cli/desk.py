"""`zeromile desk`: where people read alerts, decide on them and are told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from streams.cli.console import errors, fail, out, plain, show_list

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from streams.desk.receivers import ReceiverMade

app = typer.Typer(
    invoke_without_command=True,
    help="Serve pages and an API on which people read alerts and decide.",
)

Url = Annotated[
    str | None,
    typer.Option("--url", help="Database of the store; default ZEROMILE_SINK_URL."),
]


@app.callback()
def desk(
    ctx: typer.Context,
    *,
    url: Url = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; default ZEROMILE_DESK_HOST, 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port, 0 for any; default ZEROMILE_DESK_PORT, 8080.")
    ] = None,
) -> None:
    """Serve the desk over a store until stopped.

    Where the store has no token yet and the desk listens on this machine only, it prints a link that
    lets one person in, once, within ten minutes. Exit codes: 0 stopped, 2 wrong use or an unusable
    database.
    """
    if ctx.invoked_subcommand is not None:
        if url is not None:
            os.environ["ZEROMILE_SINK_URL"] = url
        return
    from streams.desk.running import serve
    from streams.desk.settings import DeskSettings
    from streams.service.ports import check_port
    from streams.service.settings import load

    settings = load(DeskSettings, sink_url=url, desk_host=host, desk_port=port)
    engine = open_store(url)
    if settings.desk_port:
        check_port(settings.desk_host, settings.desk_port, "ZEROMILE_DESK_PORT or --port")
    serve(settings, engine, say=lambda text: errors.print(plain(text), soft_wrap=True))


@app.command("token")
def token(
    name: Annotated[str, typer.Argument(help="Who acts with it; stands in every event.")],
    *,
    role: Annotated[str, typer.Option(help="read, decide or admin.")] = "read",
    days: Annotated[int, typer.Option(help="Days until it expires.")] = 90,
    url: Url = None,
) -> None:
    """Make a token and print it, this once: only its digest is kept."""
    from streams.desk.tokens import make_token
    from streams.setup.clock import utc_now

    engine = open_store(url)
    made = make_token(engine, name=name, role=role, days=days, now=utc_now())
    out.print(plain(made), soft_wrap=True)
    errors.print(plain(f"token of {name}, role {role}, for {days} days; it is not shown again"))


@app.command("tokens")
def tokens(*, url: Url = None) -> None:
    """List the tokens: who, which role, until when; never the tokens themselves."""
    from streams.desk.tokens import tokens_of

    table = Table("id", "name", "role", "made", "expires", "revoked")
    for one in tokens_of(open_store(url)):
        times = (one.made_at, one.expires_at, one.revoked_at)
        told = ("" if time is None else f"{time:%Y-%m-%d %H:%M}" for time in times)
        table.add_row(one.token_id, plain(one.name), one.role, *told)
    show_list(table, "there is no token yet: zeromile desk token NAME --role admin")


@app.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `zeromile desk tokens` says.")],
    *,
    url: Url = None,
) -> None:
    """Let a token count no more, at once; who signed in with it is signed out."""
    from streams.desk.tokens import revoke_token
    from streams.setup.clock import utc_now

    revoke_token(open_store(url), token_id, utc_now())
    out.print(plain(f"{token_id} counts no more"))


def open_store(url: str | None) -> Engine:
    """Open the store that is asked for, its schema brought up to date; say what is missing."""
    from streams.service.settings import load
    from streams.store.database import existing_store
    from streams.store.settings import SinkSettings

    if url is None and not os.environ.get("ZEROMILE_SINK_URL"):
        fail("give --url or set ZEROMILE_SINK_URL, for example --url sqlite:///zeromile.sqlite")
    settings = load(SinkSettings, sink_url=url)
    return existing_store(settings.sink_url.get_secret_value())


Severity = Annotated[
    str, typer.Option(help="Least severity that it is told of: low, medium, high or critical.")
]
OneDetector = Annotated[str | None, typer.Option(help="Alerts of one detector only.")]
OneProvince = Annotated[str | None, typer.Option(help="Alerts of one province only, CN-GD.")]


@app.command("webhook")
def webhook(
    address: Annotated[str, typer.Argument(metavar="URL", help="Where alerts are posted, https://…")],
    *,
    severity: Severity = "high",
    detector: OneDetector = None,
    province: OneProvince = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Also addresses of the own network, and http.")
    ] = False,
    url: Url = None,
) -> None:
    """Tell an address of alerts from now on, and print the secret that signs, this once."""
    if address.startswith("mailto:"):
        fail(f"the address is {address!r}; an e-mail address is told by `zeromile desk digest`")
    wanted = {"url": address, "severity": severity, "detector": detector, "province": province}
    made = _add(url, wanted, allow_private=allow_private)
    out.print(plain(made.secret or ""), soft_wrap=True)
    errors.print(plain(f"webhook {made.receiver_id}; the secret is not shown again"))


@app.command("digest")
def digest(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="E-mail address, anna@example.org.")
    ],
    *,
    at: Annotated[str, typer.Option(help="Time of the day in the country's zone.")] = "08:00",
    severity: Severity = "high",
    detector: OneDetector = None,
    province: OneProvince = None,
    url: Url = None,
) -> None:
    """Tell an e-mail address once a day of what is new; the desk sends it (ZEROMILE_DESK_SMTP_HOST)."""
    wanted = {
        "url": f"mailto:{address.removeprefix('mailto:')}", "daily_at": at, "severity": severity,
        "detector": detector, "province": province,
    }  # fmt: skip
    made = _add(url, wanted)
    out.print(plain(f"{made.receiver_id} is told daily at {at}"))


def _add(url: str | None, wanted: dict[str, Any], *, allow_private: bool = False) -> ReceiverMade:
    import msgspec

    from streams.cli.service_options import known_detector
    from streams.desk.receivers import NewReceiver, add_receiver
    from streams.setup.clock import utc_now

    known_detector(wanted["detector"])
    try:
        receiver = msgspec.convert(wanted, NewReceiver)
    except msgspec.ValidationError as error:
        fail(str(error))
    return add_receiver(open_store(url), receiver, allow_private=allow_private, now=utc_now())


@app.command("webhooks")
def webhooks(*, url: Url = None) -> None:
    """List who is told of alerts, at once or daily, and what became of it."""
    from streams.desk.receivers import receivers_of

    table = Table("id", "address", "daily at", "severity", "detector", "province")
    for name in ("waiting", "delivered", "given_up"):
        table.add_column(name, justify="right")
    table.add_column("newest failure")
    with open_store(url).connect() as connection:
        known = receivers_of(connection)
    for one in known:
        counts = (str(one.waiting), str(one.delivered), str(one.given_up))
        scope = (one.daily_at or "", one.severity, one.detector or "", plain(one.province or ""))
        table.add_row(one.receiver_id, plain(one.url), *scope, *counts, plain(one.said or ""))
    show_list(table, "nobody is told of alerts: zeromile desk webhook URL")


_RECEIVER = typer.Argument(metavar="ID", help="As `zeromile desk webhooks` says.")


@app.command("unhook")
def unhook(receiver_id: Annotated[str, _RECEIVER], *, url: Url = None) -> None:
    """Tell an address no more; what waits for it is dropped."""
    from streams.desk.receivers import remove_receiver

    remove_receiver(open_store(url), receiver_id)
    out.print(plain(f"{receiver_id} is told no more"))


@app.command("retry")
def retry(receiver_id: Annotated[str, _RECEIVER], *, url: Url = None) -> None:
    """Send again what was given up."""
    from streams.desk.receivers import retry_given_up
    from streams.setup.clock import utc_now

    count = retry_given_up(open_store(url), receiver_id, utc_now())
    out.print(plain(f"{count:,} wait again"))
