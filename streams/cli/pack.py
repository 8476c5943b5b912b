"""`zeromile pack`: a case that can be handed over, and checked by whoever gets it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from streams.cli import exit_codes
from streams.cli.console import fail, out, plain

app = typer.Typer(no_args_is_help=True, help="Hand a case over, and check one.")


@app.command()
def export(
    directory: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the pack; must not exist.")
    ],
    *,
    url: Annotated[
        str | None, typer.Option(help="Database of the store; default ZEROMILE_SINK_URL.")
    ] = None,
    vin: Annotated[str | None, typer.Option(help="One vehicle.")] = None,
    alert: Annotated[str | None, typer.Option(metavar="ID", help="The vehicle of one alert.")] = None,
    province: Annotated[str | None, typer.Option(help="Alerts of a province, CN-GD.")] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="Alerts of this civil day and after.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Alerts of this civil day and before.")
    ] = None,
    detector: Annotated[str | None, typer.Option(help="Alerts of one detector.")] = None,
    party: Annotated[
        str | None, typer.Option(metavar="ID", help="Vehicles that an owner, seller or exporter had.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Ed25519 key that signs; default ZEROMILE_SINK_LOG_KEY."),
    ] = None,
    since: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A checkpoint that somebody kept: prove that the log goes on from it; repeatable.",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Policy file to put in, as for replay.")
    ] = None,
) -> None:
    """Write a pack: the case as a page, the records as they were received, and what proves them."""
    from streams.evidence.checkpoint import read_checkpoint
    from streams.evidence.pack import with_time_stamp, write_pack
    from streams.evidence.ssh_signature import SigningKey
    from streams.service.settings import load
    from streams.store.case import Question, case_of
    from streams.store.database import existing_store
    from streams.store.policies import with_judges
    from streams.store.settings import SinkSettings

    question = Question(
        vin=vin and vin.strip().upper(), alert_id=alert, province=province, first=_day(first, "--from"),
        last=_day(last, "--to"), detector=detector, party=party,
    )  # fmt: skip
    if not question.words:
        fail("say which case: --vin, --alert, --province, --from, --to, --detector or --party")
    kept = [read_checkpoint(path) for path in since or ()]
    settings = load(SinkSettings, sink_url=url, sink_log_key=key)
    signer = SigningKey.read(settings.sink_log_key) if settings.sink_log_key else None
    engine = existing_store(settings.sink_url.get_secret_value())
    try:
        case = with_judges(case_of(engine, question, signer, datetime.now(UTC), kept), config)
    finally:
        engine.dispose()
    case, unstamped = with_time_stamp(case, settings.sink_time_stamp_url)
    write_pack(case, directory, signer)
    out.print(
        plain(
            f"{directory}: {len(case.vehicles)} vehicles, {len(case.alerts)} alerts, "
            f"{len(case.records)} records{'' if signer else ', not signed'}"
        )
    )
    if unstamped:
        out.print(plain(f"note   the pack has no time stamp: {unstamped}"), soft_wrap=True)


@app.command()
def verify(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The pack.")],
    *,
    signers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Allowed signers that you got elsewhere."),
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A checkpoint that you or somebody else kept.")
    ] = None,
    authority: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Certificates (PEM) of the time-stamping authority you trust."
        ),
    ] = None,
) -> None:
    """Check a pack: checksums, signatures, proofs. VERIFY.md in it says how to do it without us."""
    from streams.evidence.pack import verify_pack

    if not directory.is_dir():
        fail(f"{directory} is no folder")
    verdict = verify_pack(directory, signers, checkpoint, authority)
    for fault in verdict.faults:
        out.print(plain(f"FAULT  {fault}"), soft_wrap=True)
    for note in verdict.notes:
        out.print(plain(f"note   {note}"), soft_wrap=True)
    if verdict.faults:
        fail(f"{directory} does not hold: {len(verdict.faults)} faults", exit_codes.WANTING)
    out.print(plain(f"{directory} holds"))


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{option} is {text!r}; allowed: a civil day, 2024-10-01")
