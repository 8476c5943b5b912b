"""Documents that were read: decoded once, judged often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from os import PathLike
from pathlib import Path
from shutil import rmtree
from typing import Any, Final, Self
from warnings import warn
from weakref import finalize

import pyarrow as pa

from detectors import civil_time
from detectors.errors import ZeromileError
from detectors.registry import Catalogue
from detectors.wording import count
from streams.backfill.backfill import Backfill, Means
from streams.backfill.kept import open_kept, read_manifest
from streams.backfill.ledger import LedgerRefusal, view
from streams.evaluation.baselines import read_register
from streams.evaluation.truth import read_truth
from streams.feeds.converting import Refused as RefusedRow
from streams.lab.backtest import Labelled
from streams.lab.frame import Frame
from streams.lab.judged import Judged, alerts_frame
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
            tables = [self._ledger / name for name in read_manifest(self._ledger).tables]
            view(run.database, tables)  # all of them: the last thing that was looked at is a bucket
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

    def labelled(self, truth: Path) -> Labelled:
        """What is true about them, by a file that says so."""
        return Labelled(read_truth(truth), read_register(self._ledger, self._decode))

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
