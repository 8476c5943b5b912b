"""Whose boards these are: `ZEROMILE_COUNTRY=ES make dashboards` writes those of another country."""

from __future__ import annotations

from typing import Final

from streams.setup.policy import load_document_terms

COUNTRY: Final = load_document_terms().country
_OF_GRAFANA: Final = frozenset({"CNY", "EUR", "UAH", "USD"})
"""Currencies that Grafana has a unit of its own for."""
MONEY: Final = f"currency{'' if COUNTRY.currency in _OF_GRAFANA else ':'}{COUNTRY.currency}"
"""Grafana's unit of amounts."""
