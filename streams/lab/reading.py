"""Documents from files, a ledger, a register's own data or a table: decoded once, judged often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from detectors.registry import Catalogue
from streams.backfill.backfill import Means
from streams.backfill.kept import is_kept
from streams.backfill.ledger import MEMORY
from streams.feeds.compiling import compile_feed
from streams.feeds.converting import Conversion
from streams.feeds.converting import Refused as RefusedRow
from streams.feeds.loading import load_feed
from streams.feeds.reading import check_kind
from streams.lab.ledgers import build_ledger
from streams.lab.read_documents import Location, NoDocumentsError, ReadDocuments
from streams.lab.tables import TableError, as_arrow, is_table, table_lines
from streams.setup.identities import decode_from_environment
from streams.setup.policy import load_policy


def read(
    source: Any,
    *,
    feed: str | None = None,
    country: str | None = None,
    workers: int = 1,
    memory: str = MEMORY,
    scratch: Location | None = None,
) -> ReadDocuments:
    """Read documents; what is judged later is decoded once, here.

    Parameters
    ----------
    source
        The path of a file of documents (JSON Lines, plain or gzip) or of a ledger; several paths, in
        the order in which they came; a table of documents of pandas, Polars, pyarrow or any library
        that speaks the Arrow C interface; or a list of dictionaries.
    feed
        Name or file of the feed that makes documents of a register's own files.
    country
        Whose documents these are (``"ES"``); default the feed's, ``ZEROMILE_COUNTRY``, or China.
    workers
        Processes that decode and judge. With more than one a program must keep to the rules of
        `multiprocessing`: what it does stands below ``if __name__ == "__main__":``.
    memory
        What the database may take before it writes to its scratch folder.
    scratch
        Folder for what is put aside; by default the system's for temporary files.

    Returns
    -------
    ReadDocuments
        To be judged.

    Raises
    ------
    ZeromileError
        If a file or table is not what it must be: names the file or column, and what is allowed.

    Examples
    --------
    >>> import zeromile
    >>> zeromile.read([{"event_type": "deregistration", "event_id": "1", "source": "register-gd",
    ...                 "vin": "LSVAU2180N2183294", "occurred_at": "2025-03-01", "reason": "scrapped"}])
    <ReadDocuments: 1 document, 0 refused>
    """
    means = Means(workers, memory, None if scratch is None else Path(scratch))
    if is_table(source):
        if feed is not None:
            raise TableError("a feed makes documents of files; a table must hold documents already")
        return _kept(table_lines(as_arrow(source)), country, means)
    paths = _paths(source)
    for path in paths:
        if not path.exists():
            raise NoDocumentsError(f"{path} is not a file")
        if path.is_dir() and not is_kept(path):
            raise NoDocumentsError(f"{path} is a folder and no ledger; allowed: files, or one ledger")
    if feed is not None:
        compiled = compile_feed(load_feed(feed))
        if country not in (None, compiled.feed.country):
            raise NoDocumentsError(f"the feed {feed} is of {compiled.feed.country}, not of {country}")
        rows: list[RefusedRow] = []
        lines = Conversion(compiled, rows.append).lines(paths)
        return _kept(lines, compiled.feed.country, means, rows)
    if any(map(is_kept, paths)):
        if len(paths) > 1:
            raise NoDocumentsError(
                "a ledger is read alone: `zeromile ledger build --append` adds to it"
            )
        return ReadDocuments(paths[0], country, means)
    for path in paths:
        check_kind(path)
    return _built(paths, country, means)


def _paths(source: Any) -> list[Path]:
    several = source if isinstance(source, list | tuple) else [source]
    if not several or not all(isinstance(one, str | PathLike) for one in several):
        kind = type(several[0] if several else source).__name__
        raise TableError(
            f"documents cannot be read from a {kind}; allowed: paths, a table that speaks the Arrow C "
            "interface (a lazy one collected), or a list of dictionaries"
        )
    return [Path(one) for one in several]


def _kept(
    lines: Iterable[bytes], country: str | None, means: Means, rows: Sequence[RefusedRow] = ()
) -> ReadDocuments:
    """Put lines into a file and read that; `rows` became no document before."""
    with TemporaryDirectory(prefix="zeromile-", dir=means.scratch) as folder:
        path = Path(folder, "table.jsonl")
        with path.open("wb") as file:
            file.writelines(lines)
        if not path.stat().st_size:
            raise NoDocumentsError("there is no row, or none became a document")
        return _built([path], country, means, rows)


def _built(
    paths: Sequence[Path], country: str | None, means: Means, rows: Sequence[RefusedRow] = ()
) -> ReadDocuments:
    """Decode files into a ledger that lives as long as what is returned."""
    catalogue = Catalogue(load_policy(None, country))
    decode = decode_from_environment(catalogue.policy.country)
    folder = Path(mkdtemp(prefix="zeromile-", dir=means.scratch))
    try:
        build_ledger(paths, folder, catalogue, decode, means)
        return ReadDocuments(folder, country, means, rows, owned=True)
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
