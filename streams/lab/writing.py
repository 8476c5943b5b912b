"""A comparison as files: JSON, Parquet, and a page that prints."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from detectors.country import Country
from detectors.history import VehicleHistory
from streams.engine.citing import citations
from streams.engine.dossier import describe
from streams.lab.backtest import Comparison
from streams.lab.difference import AlertDifference, Change
from streams.report.page import environment

KINDS: Final[tuple[Change, ...]] = ("new", "gone", "severity", "words")
SAMPLES: Final = 8
"""Alerts of each kind that the page tells in words."""
FILES: Final = ("comparison.json", "differences.parquet", "comparison.html")

_SCHEMA: Final = pa.schema([
    ("change", pa.string()), ("alert_id", pa.string()), ("detector", pa.string()),
    ("subject_type", pa.string()), ("subject", pa.string()), ("occurred_at", pa.string()),
    ("province", pa.string()), ("brand", pa.string()), ("shadow", pa.bool_()),
    ("severity_a", pa.string()), ("severity_b", pa.string()),
    ("score_a", pa.float64()), ("score_b", pa.float64()),
    ("explanation_a", pa.string()), ("explanation_b", pa.string()),
])  # fmt: skip


def write_comparison(
    path_of: dict[str, Path],
    comparison: Comparison,
    found: Sequence[AlertDifference],
    names: tuple[str, str],
    lives: Mapping[str, VehicleHistory],
    *,
    country: Country,
) -> None:
    """Write the three files.

    Parameters
    ----------
    path_of
        Where each goes.
    comparison, found
        What was found.
    names
        What A and B are.
    lives
        Histories of the vehicles of `samples`.
    country
        Whose documents they are.
    """
    path_of["comparison.json"].write_bytes(msgspec.json.format(msgspec.json.encode(comparison)) + b"\n")
    pq.write_table(differences_table(found), path_of["differences.parquet"])
    page = environment().get_template("comparison.html.j2")
    text = page.render(
        comparison=comparison,
        names=names,
        kinds=KINDS,
        samples=samples(found),
        timelines={vin: list(_timeline(history, country)) for vin, history in lives.items()},
    )
    path_of["comparison.html"].write_text(text, encoding="utf-8")


def samples(found: Sequence[AlertDifference]) -> dict[Change, list[AlertDifference]]:
    """Some of each kind, to be told in full."""
    return {kind: [one for one in found if one.change == kind][:SAMPLES] for kind in KINDS}


def _timeline(history: VehicleHistory, country: Country) -> Iterator[tuple[str, str, str]]:
    for document in history.documents:
        cited = "; ".join(f"{word} {value}" for word, value in citations(document).items())
        yield document.occurred_at, describe(document, country), cited


def differences_table(found: Sequence[AlertDifference]) -> pa.Table:
    """One row an alert on which two sides differ."""
    return pa.Table.from_pylist([_row(one) for one in found], _SCHEMA)


def _row(one: AlertDifference) -> dict[str, Any]:
    shown = one.shown
    row: dict[str, Any] = {
        "change": one.change,
        "alert_id": shown.alert_id,
        "detector": shown.detector,
        "subject_type": shown.subject_type,
        "subject": shown.subject,
        "occurred_at": shown.occurred_at,
        "province": shown.labels.get("province"),
        "brand": shown.labels.get("brand"),
        "shadow": shown.shadow,
    }
    for side, alert in (("a", one.before), ("b", one.after)):
        row[f"severity_{side}"] = None if alert is None else alert.severity
        row[f"score_{side}"] = None if alert is None else alert.score
        row[f"explanation_{side}"] = None if alert is None else alert.explanation
    return row
