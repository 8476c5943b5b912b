"""Progress bars, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from streams.feeds.reading import STANDARD_INPUT, Advance

if TYPE_CHECKING:
    from streams.backfill.outputs import Judging


@contextmanager
def reading_progress(files: list[Path], console: Console) -> Iterator[Callable[[Path], Advance] | None]:
    """Show how many bytes are read; gives nothing to tell where there is no terminal."""
    if not console.is_terminal:
        yield None
        return
    sizes = {path: 0 if path == STANDARD_INPUT else path.stat().st_size for path in files}
    total = None if STANDARD_INPUT in sizes else sum(sizes[path] for path in files)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("reading", total=total)
        done = 0

        def start(path: Path) -> Advance:
            nonlocal done
            base, done = done, done + sizes[path]
            progress.update(task, description=path.name, completed=base)
            return lambda position: progress.update(task, completed=base + position)

        yield start


@contextmanager
def counting(what: str, total: int, console: Console) -> Iterator[Callable[[int], None]]:
    """Show how many are done; gives whom to tell how many more are."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.advance(task, done)


@contextmanager
def replay_progress(
    files: list[Path], console: Console
) -> Iterator[tuple[Callable[[Path], Advance] | None, Judging]]:
    """Show how far reading has come, and after it judging; gives whom to tell of either."""
    with ExitStack() as stack:
        advance = stack.enter_context(reading_progress(files, console))

        def judging(vehicles: int) -> Callable[[int], None]:
            stack.close()  # all is read
            return stack.enter_context(counting("judging", vehicles, console))

        yield advance, judging
