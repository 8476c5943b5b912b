"""`zeromile log`: the transparency log of a store, signed and checked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from streams.cli import exit_codes
from streams.cli.console import fail, out, plain

app = typer.Typer(no_args_is_help=True, help="Sign and check the log of everything that was stored.")

Url = Annotated[str | None, typer.Option(help="Database of the store; default ZEROMILE_SINK_URL.")]


@app.command()
def check(
    *,
    url: Url = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A checkpoint that you or somebody else kept."),
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Allowed signers (ssh-keygen) of the checkpoints."),
    ] = None,
) -> None:
    """Hold every record and every checkpoint against the log, and the log against a kept checkpoint.

    Exit codes: 0 the log holds, 1 it has been cut, forked or changed, or signed with another key.
    """
    from streams.evidence.checkpoint import CheckpointError, read_checkpoint
    from streams.evidence.ssh_signature import SignatureError, read_signer
    from streams.evidence.tree import TreeError
    from streams.service.settings import load
    from streams.store.checking import check_log
    from streams.store.checkpoints import origin_of
    from streams.store.database import existing_store
    from streams.store.settings import SinkSettings

    outside = read_checkpoint(checkpoint) if checkpoint else None
    engine = existing_store(load(SinkSettings, sink_url=url).sink_url.get_secret_value())
    try:
        with engine.connect() as connection:
            signer = read_signer(signers, origin_of(connection)) if signers else None
            try:
                found = check_log(connection, outside, signer)
            except (CheckpointError, TreeError, SignatureError) as error:
                fail(str(error), exit_codes.WANTING)
    finally:
        engine.dispose()
    state = found.state
    out.print(
        plain(
            f"the log {state.origin} holds: {state.size:,} leaves, {found.records:,} records, "
            f"{found.checkpoints:,} checkpoints, root {state.root.hex()}"
        ),
        soft_wrap=True,
    )
    if outside is None:
        out.print(
            plain("note   no checkpoint of elsewhere was given: a log rewritten as a whole is not seen")
        )


@app.command()
def checkpoint(
    folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder to put it in, for others to keep.")
    ],
    *,
    url: Url = None,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Ed25519 key that signs; default ZEROMILE_SINK_LOG_KEY."),
    ] = None,
) -> None:
    """Sign the log as it is now, have that stamped if an authority is set, and put it into a folder.

    Exit codes: 0 fine, 1 the log is empty or the checkpoint is there without a time stamp, which is
    asked for again the next time, 2 wrong use.
    """
    from streams.evidence.ssh_signature import SigningKey
    from streams.evidence.time_stamp import TimeStampError
    from streams.service.settings import load
    from streams.store.checkpoints import make_checkpoint, newest_checkpoint, stamp
    from streams.store.database import existing_store
    from streams.store.settings import SinkSettings

    settings = load(SinkSettings, sink_url=url, sink_log_key=key)
    if settings.sink_log_key is None:
        fail("say which key signs: --key or ZEROMILE_SINK_LOG_KEY")
    if not folder.is_dir():
        fail(f"{folder} is no folder")
    signer = SigningKey.read(settings.sink_log_key)
    engine = existing_store(settings.sink_url.get_secret_value())
    try:
        wanted = settings.sink_time_stamp_url is not None
        made = make_checkpoint(engine, signer, datetime.now(UTC), stamp_wanted=wanted)
        made = made or newest_checkpoint(engine)
        if made is None:
            fail("the log is empty: there is nothing to sign", exit_codes.WANTING)
        unstamped = None
        if settings.sink_time_stamp_url and made.time_stamp is None:
            try:
                made = stamp(engine, made, settings.sink_time_stamp_url)
            except TimeStampError as error:
                unstamped = str(error)
    finally:
        engine.dispose()
    try:
        made.write(folder)
    except OSError as error:
        fail(f"cannot write into {folder}: {error.strerror}")
    out.print(plain(f"{folder / 'checkpoint'}: {made.state.size:,} leaves, {made.state.made_at}"))
    if unstamped:
        fail(f"the checkpoint has no time stamp: {unstamped}", exit_codes.WANTING)
