"""`zeromile doctor`: what is wrong, and what to do about it."""

from __future__ import annotations

from itertools import chain

import typer
from rich.markup import escape

from streams.cli.console import fail, out
from streams.cli.service_options import Bootstrap, settings_or_exit
from streams.setup.visible_text import visible

COLOURS = {"ok": "green", "note": "yellow", "problem": "red"}


def doctor(bootstrap: Bootstrap = None) -> None:
    """Look at configuration, broker, topics, workers and lag, and at the store of ZEROMILE_SINK_URL.

    Exit codes: 0 fine (notes included), 1 problems were found, 2 wrong use.
    """
    from streams.service.diagnosis import diagnose
    from streams.service.settings import SettingsError, load
    from streams.store.diagnosis import diagnose_store
    from streams.store.settings import SinkSettings

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    try:
        store = load(SinkSettings, bootstrap_servers=bootstrap)
    except SettingsError as error:
        fail(str(error))
    problems = 0
    for finding in chain(diagnose(settings), diagnose_store(store)):
        problems += finding.state == "problem"
        remedy = f" → {finding.remedy}" if finding.remedy else ""
        # Brokers and records of others have their say in it.
        said = escape(visible(f"{finding.what}{remedy}"))
        out.print(
            f"[{COLOURS[finding.state]}]{finding.state:8}[/]{said}",
            soft_wrap=True,
            highlight=False,
        )
    if problems:
        raise typer.Exit(1)
