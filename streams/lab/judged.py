"""What judging came to, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import duckdb
import msgspec
import pyarrow as pa

from detectors.alerts import Alert
from detectors.history import Content
from streams.lab.frame import Frame

if TYPE_CHECKING:
    from streams.lab.read_documents import ReadDocuments

_EVIDENCE: Final = pa.struct(
    [
        ("source", pa.string()),
        ("event_id", pa.string()),
        ("revision", pa.int64()),
        ("event_type", pa.string()),
        ("occurred_at", pa.string()),
    ]
)
ALERTS: Final = pa.schema(
    [
        ("alert_id", pa.string()),
        ("detector", pa.string()),
        ("detector_version", pa.int64()),
        ("model_id", pa.string()),
        ("policy_id", pa.string()),
        ("subject_type", pa.string()),
        ("subject", pa.string()),
        ("severity", pa.string()),
        ("score", pa.float64()),
        ("occurred_at", pa.string()),
        ("title", pa.string()),
        ("explanation", pa.string()),
        ("facts", pa.string()),
        ("evidence", pa.list_(_EVIDENCE)),
        ("province", pa.string()),
        ("brand", pa.string()),
        ("destination", pa.string()),
        ("shadow", pa.bool_()),
    ]
)
"""Columns of alerts: those of the contract that say what is found. ``facts`` is JSON."""
_LABELS: Final = ("province", "brand", "destination")
_VEHICLES: Final = f"""
    WITH live AS (
        SELECT * FROM (
            SELECT * FROM ledger QUALIFY row_number() OVER (
                PARTITION BY vin, source, event_id ORDER BY revision DESC, file DESC, line DESC
            ) = 1
        ) WHERE NOT void
    ),
    known AS (
        SELECT vin, count(DISTINCT (source, event_id)) AS documents, min(day) AS first_day,
            max(day) AS last_day
        FROM ledger GROUP BY vin
    ),
    lives AS (
        SELECT vin,
            min(day) FILTER (content & {Content.INITIAL} <> 0) AS registered,
            arg_min(initial_province, day) FILTER (content & {Content.INITIAL} <> 0) AS province,
            arg_min(price_fen, day) FILTER (content & {Content.INITIAL} <> 0) / 100.0 AS price_cny,
            min(day) FILTER (content & {Content.USED_EXPORT} <> 0) AS exported
        FROM live GROUP BY vin
    ),
    told AS (
        SELECT subject AS vin, count(*) AS alerts,
            list(DISTINCT detector ORDER BY detector) AS detectors,
            arg_max(severity, score) AS severity, max(score) AS score
        FROM said WHERE subject_type = 'vehicle' AND NOT shadow GROUP BY subject
    )
    SELECT known.*, registered, province, price_cny, exported, coalesce(alerts, 0) AS alerts,
        coalesce(detectors, []) AS detectors, severity, score
    FROM known LEFT JOIN lives USING (vin) LEFT JOIN told USING (vin) ORDER BY vin
"""


def alerts_frame(alerts: Iterable[Alert]) -> Frame:
    """Firing alerts, sorted by id."""
    rows = [_row(alert) for alert in sorted(alerts, key=lambda alert: alert.alert_id)]
    return Frame(pa.Table.from_pylist(rows, ALERTS))


def _row(alert: Alert) -> dict[str, Any]:
    row = {name: getattr(alert, name) for name in ALERTS.names if name not in (*_LABELS, "facts")}
    row |= {name: alert.labels.get(name) for name in _LABELS}
    row["facts"] = msgspec.json.encode(alert.facts).decode()
    row["evidence"] = [
        {name: getattr(each, name) for name in _EVIDENCE.names} for each in alert.evidence
    ]
    return row


class Judged:
    """Alerts of documents by one policy and model; `ReadDocuments.judge` makes it.

    Parameters
    ----------
    documents
        What was judged.
    firing
        Alerts that fire, by id.
    alerts
        The same as a table.
    vehicles
        The database in which the documents are.
    failed
        What detectors raised, by their id.
    """

    def __init__(
        self,
        documents: ReadDocuments,
        firing: Mapping[str, Alert],
        alerts: Frame,
        *,
        vehicles: duckdb.DuckDBPyConnection,
        failed: Mapping[str, str],
    ) -> None:
        self.documents = documents
        self.firing = firing
        self.failed = failed
        self._alerts = alerts
        vehicles.register("said", alerts.to_arrow())
        self._vehicles = Frame(vehicles.sql(_VEHICLES).to_arrow_table())

    @property
    def alerts(self) -> Frame:
        """Alerts that fire, those of detectors on trial (``shadow``) among them."""
        return self._alerts

    @property
    def vehicles(self) -> Frame:
        """Every vehicle: its documents and days, what it cost, alerts that are not on trial."""
        return self._vehicles

    def timeline(self, vin: str) -> Frame:
        """A vehicle's documents; see `ReadDocuments.timeline`."""
        return self.documents.timeline(vin)

    def to_arrow(self) -> pa.Table:
        """The alerts as pyarrow has them."""
        return self._alerts.to_arrow()

    def to_pandas(self) -> Any:
        """The alerts for pandas."""
        return self._alerts.to_pandas()

    def to_polars(self) -> Any:
        """The alerts for Polars."""
        return self._alerts.to_polars()

    def __repr__(self) -> str:
        return f"<Judged: {len(self._alerts):,} alerts, {len(self._vehicles):,} vehicles>"
