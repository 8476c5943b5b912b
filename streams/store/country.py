"""Whose documents the database holds: what its views count by."""

from __future__ import annotations

import sqlalchemy as sa

from detectors.country import Country
from streams.store.refreshing import refresh_views

_COUNTRY = sa.table(
    "country", *map(sa.column, ("code", "currency", "value_added_tax", "export_rebate"))
)


def note_country(engine: sa.Engine, country: Country) -> None:
    """Write the policy's country down; where it is another than before, the views are counted anew."""
    now = {column.name: getattr(country, column.name) for column in _COUNTRY.columns}
    with engine.begin() as connection:
        before = connection.execute(sa.select(_COUNTRY)).mappings().one()
        if dict(before) == now:
            return
        connection.execute(sa.update(_COUNTRY).values(now))
    refresh_views(engine, anyway=True)
