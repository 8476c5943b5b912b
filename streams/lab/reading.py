"""Documents from files, a ledger, a register's own data or a table: decoded once, judged often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from os import PathLike
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, Final, Self
from warnings import warn
from weakref import finalize

import pyarrow as pa

from detectors import civil_time
from detectors.errors import ZeromileError
from detectors.registry import Catalogue
from detectors.wording import count
from streams.backfill.backfill import Backfill, Means
from streams.backfill.kept import is_kept, open_kept, read_manifest
from streams.backfill.ledger import MEMORY, LedgerRefusal
from streams.feeds.compiling import compile_feed
from streams.feeds.converting import Conversion
from streams.feeds.converting import Refused as RefusedRow
from streams.feeds.loading import load_feed
from streams.feeds.reading import check_kind
from streams.lab.frame import Frame
from streams.lab.judged import Judged, alerts_frame
from streams.lab.ledgers import build_ledger
from streams.lab.tables import TableError, as_arrow, is_table, table_lines
from streams.lab.timeline import timeline_frame
from streams.models.choice import choose_model
from streams.setup.identities import decode_from_environment
from streams.setup.policy import load_policy

Location = str | PathLike[str]
_REFUSED: Final = pa.schema([
    ("file", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("field", pa.string()),
    ("value", pa.string()), ("allowed", pa.string()), ("document", pa.string()),
])  # fmt: skip


class NoDocumentsError(ZeromileError):
    """Something in which there is no document."""


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


class ReadDocuments:
    """Documents, decoded and ready to be judged; `read` makes them.

    What `read` has put aside is gone with the object, at the end of a ``with`` statement, or of the
    program.

    Parameters
    ----------
    ledger
        Where they lie.
    country
        Whose they are, ``None`` for the country of the environment.
    means
        What judging may use.
    rows
        Of a register's own files: those that became no document.
    owned
        Whether the ledger was made for this object alone.
    """

    def __init__(
        self,
        ledger: Path,
        country: str | None,
        means: Means,
        rows: Sequence[RefusedRow] = (),
        *,
        owned: bool = False,
    ) -> None:
        self._ledger = ledger
        self._gone = finalize(self, rmtree, ledger, ignore_errors=True) if owned else None
        self._country = country
        self._means = means
        self._decode = decode_from_environment(load_policy(None, country).country)
        manifest = read_manifest(ledger)
        self._documents = manifest.rows
        self._rows = rows
        reasons = Counter(manifest.refused) + Counter(row.error.reason for row in rows)
        self._refused = reasons.total()
        if reasons:
            why = ", ".join(f"{reason}: {n:,}" for reason, n in sorted(reasons.items()))
            warn(f"{self._refused:,} were refused ({why}): see .refused", stacklevel=4)

    def judge(
        self,
        *,
        policy: Location | Mapping[str, Any] | None = None,
        model: Location | None = None,
        complete_through: date | str | None = None,
    ) -> Judged:
        """Judge all vehicles, as `zeromile replay` does.

        Parameters
        ----------
        policy
            What differs from the shipped policy: a file, or its tables as a dictionary.
        model
            Directory of a trained model, or ``"default"`` for the one that ships. Without it the rules
            judge alone.
        complete_through
            Civil day through which every source is taken as complete, so that deadlines count.

        Raises
        ------
        ZeromileError
            If the policy or the model cannot be used.
        """
        chosen = policy if policy is None or isinstance(policy, Mapping) else Path(policy)
        catalogue = Catalogue(
            load_policy(chosen, self._country), choose_model(None if model is None else str(model))
        )
        day = None if complete_through is None else _day(complete_through)
        with Backfill(catalogue, decode=self._decode, means=self._means) as run:
            summary = run.run([self._ledger], complete_through=day)
            alerts = alerts_frame(summary.firing.values())
            for failure in summary.failures:
                warn(f"{failure.detector} failed: {failure.error!r}", RuntimeWarning, stacklevel=2)
            return Judged(
                self,
                dict(summary.firing),
                alerts,
                vehicles=run.database,
                failed={one.detector: repr(one.error) for one in summary.failures},
            )

    def timeline(self, vin: str) -> Frame:
        """A vehicle's documents in the order of what they tell, with the fields of the contract.

        Raises
        ------
        NoDocumentsError
            If no document names the vehicle, or none that counts.
        """
        name = vin.strip().upper()
        with Backfill(Catalogue(load_policy(None, self._country)), decode=self._decode) as run:
            run.read([self._ledger])
            found = run.histories([name])
        if name not in found:
            raise NoDocumentsError(f"no document names the vehicle {name}, or none that counts")
        return timeline_frame(found[name])

    @property
    def refused(self) -> Frame:
        """What became no document, and why; of a table ``line`` counts its rows."""
        refused: list[LedgerRefusal] = []
        open_kept(self._ledger, self._decode, refused.extend)
        rows = [
            {"file": Path(one.line.file).name, "line": one.line.number, "reason": one.refusal.reason,
             "field": one.refusal.field, "value": one.refusal.shown, "allowed": one.refusal.allowed,
             "document": one.refusal.document}
            for one in refused
        ] + [
            {"file": Path(row.table).name, "line": row.row.number, "reason": row.error.reason,
             "field": row.error.column, "value": row.error.value, "allowed": row.error.allowed,
             "document": None}
            for row in self._rows
        ]  # fmt: skip
        return Frame(pa.Table.from_pylist(rows, _REFUSED))

    def is_of(self, other: ReadDocuments) -> bool:
        """Whether two are of one reading, or one ledger."""
        return self._ledger == other._ledger

    def close(self) -> None:
        """Remove what was put aside; nothing can be judged any more."""
        if self._gone is not None:
            self._gone()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self._documents

    def __repr__(self) -> str:
        return f"<ReadDocuments: {count(self._documents, 'document')}, {self._refused:,} refused>"


def _day(moment: date | str) -> int:
    text = moment.isoformat() if isinstance(moment, date) else moment
    try:
        return civil_time.parse(text).day
    except ValueError:
        raise NoDocumentsError(f"complete_through is {text!r}; allowed: {civil_time.ALLOWED}") from None
