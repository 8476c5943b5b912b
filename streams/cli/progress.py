"""A progress bar over the bytes of files, with rate and time left, on a terminal only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from streams.reading import STANDARD_INPUT, Advance


@contextmanager
def reading_progress(files: list[Path], console: Console) -> Iterator[Callable[[Path], Advance] | None]:
    """Show how far reading has come; gives nothing to tell where there is no terminal."""
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
