"""A vehicle's documents as a table."""

from typing import Any, Final

import pyarrow as pa

from detectors.history import VehicleHistory
from streams.lab.frame import Frame
from streams.lab.tables import Kind, contract_columns
from streams.service.vehicle_view import as_published

_TYPES: Final[dict[Kind, pa.DataType]] = {
    "text": pa.string(),
    "number": pa.float64(),
    "whole": pa.int64(),
    "boolean": pa.bool_(),
    "time": pa.string(),
}


def timeline_frame(history: VehicleHistory) -> Frame:
    """The valid documents of a vehicle, earliest first, and what each of them could not say."""
    schema = pa.schema(
        [
            *((name, _TYPES[column.kind]) for name, column in contract_columns().items()),
            ("dropped", pa.list_(pa.string())),
        ]
    )
    rows: list[dict[str, Any]] = [
        as_published(document) | {"dropped": [one.field for one in document.dropped]}
        for document in history.documents
    ]
    return Frame(pa.Table.from_pylist(rows, schema))
