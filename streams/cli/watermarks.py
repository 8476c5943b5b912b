"""`zeromile watermarks`: how far the sources have come, and taking one back that never was there."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.table import Table

from streams.cli.console import fail, out, plain, show_list
from streams.cli.service_options import Bootstrap, kafka_errors_explained, settings_or_exit

app = typer.Typer(no_args_is_help=True, help="How far each source has come, in event time.")


@app.command("show")
def show_command(bootstrap: Bootstrap = None) -> None:
    """List the newest civil day of every source, and through which day its feed counts as complete.

    Exit codes: 0 fine, 2 wrong use, 3 no broker.
    """
    from detectors import civil_time
    from streams.service.kept_state import read_watermarks
    from streams.service.shared_watermarks import progress_of
    from streams.setup.policy import load_policy

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    with kafka_errors_explained(settings):
        watermarks = read_watermarks(settings, load_policy(settings.policy_file))
    table = Table("feed", "source", "newest day", "lowered", "feed complete through")
    for one in sorted(progress_of(watermarks)):
        through = watermarks.complete_through(one.event_type)
        complete = "" if through is None else civil_time.day_text(through)
        said = (one.event_type, one.source, civil_time.day_text(one.day), one.lowered, complete)
        table.add_row(*map(plain, said))
    show_list(table, "no source has said anything yet; watermarks come with the first documents")


@app.command("lower")
def lower_command(
    feed: Annotated[
        Literal["registration", "deregistration", "customs_export"],
        typer.Argument(help="Feed of the source."),
    ],
    source: Annotated[str, typer.Argument(help="The source, as `show` names it.")],
    to: Annotated[str, typer.Option("--to", help="Civil day that it has really reached, YYYY-MM-DD.")],
    bootstrap: Bootstrap = None,
) -> None:
    """Take a source back to a civil day that a wrong date had run ahead of.

    Running workers follow at once, others when they start; the source moves on with its next document.
    Exit codes: 0 done, 2 wrong use, 3 no broker.
    """
    from detectors import civil_time
    from streams.service.kept_state import lower_watermark, read_watermarks
    from streams.service.shared_watermarks import SourceProgress
    from streams.setup.policy import load_policy

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    policy = load_policy(settings.policy_file)
    try:
        day = policy.country.parse(to).day
    except ValueError:
        fail(f"--to is {to!r}; allowed: a civil day, YYYY-MM-DD")
    with kafka_errors_explained(settings):
        watermarks = read_watermarks(settings, policy)
        lower_watermark(settings, watermarks, SourceProgress(feed, source, day))
    out.print(plain(f"{feed}, {source}: lowered to {civil_time.day_text(day)}"))
