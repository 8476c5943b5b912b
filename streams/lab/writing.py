"""A comparison as files: JSON, Parquet, and a page that prints."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from streams.backfill.arrays import flags, numbers, texts
from streams.lab.backtest import Comparison
from streams.lab.difference import KINDS, DifferenceRow, samples
from streams.lab.dossiers import Dossier
from streams.report.page import environment

FILES: Final = ("comparison.json", "differences.parquet", "comparison.html")
_AT_ONCE: Final = 65_536
"""Rows of which columns are made at once."""

_SCHEMA: Final = pa.schema([
    ("change", pa.string()), ("alert_id", pa.string()), ("detector", pa.string()),
    ("title", pa.string()), ("subject_type", pa.string()), ("subject", pa.string()),
    ("occurred_at", pa.string()),
    ("province", pa.string()), ("brand", pa.string()), ("shadow", pa.bool_()),
    ("severity_a", pa.string()), ("severity_b", pa.string()),
    ("score_a", pa.float64()), ("score_b", pa.float64()),
    ("explanation_a", pa.string()), ("explanation_b", pa.string()),
])  # fmt: skip


def write_comparison(
    path_of: dict[str, Path],
    comparison: Comparison,
    rows: Sequence[DifferenceRow],
    names: tuple[str, str],
    dossiers: Mapping[str, Dossier],
) -> None:
    """Write the three files.

    Parameters
    ----------
    path_of
        Where each goes.
    comparison, rows
        What was found.
    names
        What A and B are.
    dossiers
        Documents of the vehicles of `samples`.
    """
    path_of["comparison.json"].write_bytes(msgspec.json.format(msgspec.json.encode(comparison)) + b"\n")
    pq.write_table(differences_table(rows), path_of["differences.parquet"])
    page = environment().get_template("comparison.html.j2")
    text = page.render(
        comparison=comparison,
        names=names,
        kinds=KINDS,
        samples=samples(rows),
        dossiers=dossiers,
    )
    path_of["comparison.html"].write_text(text, encoding="utf-8")


def differences_table(rows: Sequence[DifferenceRow]) -> pa.Table:
    """One row an alert on which two sides differ."""
    batches = [_batch(rows[start : start + _AT_ONCE]) for start in range(0, len(rows), _AT_ONCE)]
    return pa.Table.from_batches(batches, _SCHEMA)


def _batch(rows: Sequence[DifferenceRow]) -> pa.RecordBatch:
    columns = zip(_SCHEMA, zip(*rows, strict=True), strict=True)
    return pa.RecordBatch.from_arrays(
        [_MAKERS[field.type](list(values)) for field, values in columns], schema=_SCHEMA
    )


def _scores(values: list[float | None]) -> pa.Array:
    scores = np.array(values, np.float64)
    return numbers(scores, pa.float64(), ~np.isnan(scores))


def _flags(values: list[bool]) -> pa.Array:
    return flags(np.array(values))


_MAKERS: Final[dict[pa.DataType, Callable[[list[Any]], pa.Array]]] = {
    pa.string(): texts,
    pa.float64(): _scores,
    pa.bool_(): _flags,
}
