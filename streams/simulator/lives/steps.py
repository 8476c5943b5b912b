"""The single documents of a life, written in bulk."""

import numpy as np

from streams.simulator.block import Block
from streams.simulator.calendars import IntArray
from streams.simulator.documents import CONDITIONS, KINDS, OWNER_TYPES, REASONS, TRADE_MODES, USES
from streams.simulator.tables import ABSENT, Value
from streams.simulator.values import sometimes_missing, with_margin, worth

INITIAL, TRANSFER, PENDING_EXPORT = range(len(KINDS))
PERSON, COMPANY, DEALER, EXPORTER, RENTAL, GOVERNMENT = range(len(OWNER_TYPES))
EXPORT, SCRAPPED, LOST, RETURNED, REVOKED, OTHER = range(len(REASONS))
NEW, USED = range(len(CONDITIONS))
PRIVATE, COMMERCIAL, RENTED, DEMO = range(len(USES))
GENERAL_TRADE, PERSONAL_EFFECTS, OTHER_TRADE = range(len(TRADE_MODES))
NOT_READ, READ = 0, 1

FIRST, SECOND, THIRD, FOURTH = range(4)
"""Owner numbers of a vehicle's own owners."""


def number(block: Block, count: int) -> IntArray:
    """Numbers for invoices, declarations, licences and plates."""
    return block.rng.integers(0, 1 << 62, count)


def first_owner_types(block: Block, count: int, company: float, dealer: float) -> IntArray:
    """Who registers first: persons but for the given shares."""
    drawn = block.rng.random(count)
    types = np.where(drawn < company + dealer, COMPANY, PERSON)
    return np.where(drawn < dealer, DEALER, types)


def initial(block: Block, rows: IntArray, day: IntArray, **given: Value) -> IntArray:
    """First registration: sold new by a dealer of the province, with invoice and price."""
    fleet = block.fleet
    ordinary = block.world.country.first_owners
    columns: dict[str, Value] = {
        "kind": INITIAL,
        "province": fleet.province[rows],
        "owner": fleet.owner(rows, FIRST),
        "owner_type": first_owner_types(
            block, len(rows), ordinary.company_ordinary, ordinary.dealer_ordinary
        ),
        "seller": block.world.dealer(block.rng, fleet.province[rows]),
        "price": sometimes_missing(block, fleet.price[rows]),
        "invoice": number(block, len(rows)),
        "use": PRIVATE,
        "plate": number(block, len(rows)),
    }
    return block.tables["registration"].add(rows, day, **(columns | given))


def transfer(block: Block, rows: IntArray, day: IntArray, owner: Value, **given: Value) -> IntArray:
    """Transfer to another owner, with a used-sale invoice."""
    fleet = block.fleet
    columns: dict[str, Value] = {
        "kind": TRANSFER,
        "province": fleet.province[rows],
        "owner": owner,
        "owner_type": PERSON,
        "price": sometimes_missing(block, worth(block, rows, day - fleet.born[rows])),
        "invoice": number(block, len(rows)),
        "use": PRIVATE,
        "plate": number(block, len(rows)),
    }
    return block.tables["registration"].add(rows, day, **(columns | given))


def pending_export(
    block: Block, rows: IntArray, day: IntArray, exporter: IntArray, **given: Value
) -> IntArray:
    """Transfer endorsed "pending export" to an exporter; plates are handed in."""
    columns: dict[str, Value] = {
        "kind": PENDING_EXPORT,
        "owner_type": EXPORTER,
        "plate": ABSENT,
        "use": ABSENT,
    }
    return transfer(block, rows, day, exporter, **(columns | given))


def declaration(
    block: Block,
    rows: IntArray,
    day: IntArray,
    destination: IntArray,
    **given: Value,
) -> IntArray:
    """Export declaration of a used car; `exporter` must be among the given columns."""
    fleet = block.fleet
    value = with_margin(block, worth(block, rows, day - fleet.born[rows]))
    columns: dict[str, Value] = {
        "declaration": number(block, len(rows)),
        "source_province": fleet.province[rows],
        "destination": destination,
        "gate": block.rng.integers(0, 60, len(rows)),
        "condition": USED,
        "value": value,
        "trade_mode": GENERAL_TRADE,
    }
    return block.tables["customs_export"].add(rows, day, **(columns | given))


def deregistration(
    block: Block, rows: IntArray, day: IntArray, reason: Value, owner: Value, **given: Value
) -> IntArray:
    """Deregistration at the office of registration."""
    columns: dict[str, Value] = {
        "reason": reason,
        "province": block.fleet.province[rows],
        "owner": owner,
    }
    return block.tables["deregistration"].add(rows, day, **(columns | given))
