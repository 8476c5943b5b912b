"""A table that any library of tables takes: Arrow within, pandas and Polars on demand."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from detectors.errors import ZeromileError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


class MissingLibraryError(ZeromileError, ImportError):
    """A library that is not installed."""


class Frame:
    """Rows and columns with the names and units of the contract.

    DuckDB, Polars, narwhals and everything else that speaks the Arrow C interface take it as it is.

    Parameters
    ----------
    table
        The rows.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._table.column_names)

    def to_arrow(self) -> pa.Table:
        """The table as pyarrow has it."""
        return self._table

    def to_pandas(self) -> pd.DataFrame:
        """The table for pandas.

        Raises
        ------
        MissingLibraryError
            If pandas is not installed.
        """
        _library("pandas")
        return self._table.to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """The table for Polars.

        Raises
        ------
        MissingLibraryError
            If Polars is not installed.
        """
        frame: pl.DataFrame = _library("polars").from_arrow(self._table)
        return frame

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        rows: list[dict[str, Any]] = self._table.to_pylist()
        return rows

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        rows: int = self._table.num_rows
        return rows

    def __repr__(self) -> str:
        return f"<Frame: {len(self):,} rows of {', '.join(self.columns)}>"


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise MissingLibraryError(
            f"{name} is not installed: pip install 'zeromile[{name}]', or take .to_arrow()"
        ) from None
