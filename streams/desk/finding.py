"""From a word to the page that it names."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlencode

import sqlalchemy as sa

_PROVINCE: Final = re.compile("[A-Z]{2}-[A-Z0-9]{1,3}")
_PLACES: Final = (
    ("/vehicles/", "SELECT vin FROM documents WHERE vin = :upper LIMIT 1"),
    ("/alerts/", "SELECT alert_id FROM alerts WHERE alert_id = :lower"),
    (
        "/vehicles/",
        "SELECT subject FROM alerts WHERE subject = :upper AND subject_type = 'vehicle' LIMIT 1",
    ),
    ("/parties/", "SELECT owner_id FROM documents WHERE owner_id = :what LIMIT 1"),
    ("/parties/", "SELECT seller_id FROM documents WHERE seller_id = :what LIMIT 1"),
    ("/parties/", "SELECT exporter_id FROM documents WHERE exporter_id = :what LIMIT 1"),
)


def place_of(engine: sa.Engine, what: str) -> str:
    """Address of the page on what somebody is looking for; of a list of alerts where nothing is it."""
    if _PROVINCE.fullmatch(what.upper()):
        return f"/provinces/{what.upper()}"
    values = {"what": what, "upper": what.upper(), "lower": what.lower()}
    with engine.connect() as connection:
        for page, query in _PLACES:
            found = connection.execute(sa.text(query), values).scalar()
            if found is not None:
                return page + quote(found, safe="")
    return f"/alerts?{urlencode({'text': what})}"
