"""The two rules of the common job, as plainly as they can be put; the Python peers share them.

A vehicle's state is a dictionary of JSON values: its documents by event id, and the rules that have
fired. `double_sale`: two changes of hands at most six civil days apart. `flash_registration`: first
registration and first step abroad at most seven days apart. Without amendments and withdrawals, which
the common stream does not hold, these are zeromile's own definitions.
"""

from __future__ import annotations

import datetime as dt
import gc
from itertools import pairwise
from typing import Any

RANKS = {"initial": 0, "transfer": 1, "pending_export": 2, "customs_export": 3}
SALE_DAYS, FLASH_DAYS = 6, 7
State = dict[str, Any]


def seldom_collected() -> None:
    """Look for cyclic garbage as seldom as zeromile does."""
    gc.set_threshold(1_000_000, 20, 20)


def judge(state: State | None, document: dict[str, Any]) -> tuple[State, list[str]]:
    """Take a document into a vehicle's state; returns the state and the rules that fire newly."""
    state = state or {"documents": {}, "fired": []}
    entry = _document(document)
    if entry is None or document["event_id"] in state["documents"]:
        return state, []
    state["documents"][document["event_id"]] = entry
    documents = sorted(state["documents"].values())
    fired = [name for name, rule in RULES.items() if name not in state["fired"] and rule(documents)]
    state["fired"] += fired
    return state, fired


def _document(document: dict[str, Any]) -> list[Any] | None:
    """Civil day, rank within a day, and new owner; None for a document that neither rule reads."""
    event_type = document["event_type"]
    if event_type == "deregistration":
        return None
    day = dt.date.fromisoformat(document["occurred_at"]).toordinal()
    if event_type == "customs_export":
        return [day, RANKS["customs_export"], document["exporter_id"]]
    return [day, RANKS[document["kind"]], document["owner_id"]]


def _double_sale(documents: list[list[Any]]) -> bool:
    sold: list[int] = []
    holder = None
    for day, _, owner in documents:
        if owner != holder:
            sold.append(day)
        holder = owner
    return any(later - earlier <= SALE_DAYS for earlier, later in pairwise(sold))


def _flash_registration(documents: list[list[Any]]) -> bool:
    registered = next((day for day, rank, _ in documents if rank == RANKS["initial"]), None)
    if registered is None:
        return False
    abroad = (
        day for day, rank, _ in documents if rank >= RANKS["pending_export"] and day >= registered
    )
    step = next(abroad, None)
    return step is not None and step - registered <= FLASH_DAYS


RULES = {"double_sale": _double_sale, "flash_registration": _flash_registration}
