"""Exports as most of them go."""

import numpy as np

from streams.simulator.block import Block, Documents
from streams.simulator.calendars import IntArray
from streams.simulator.lives import steps, timing
from streams.simulator.lives.plans import Plan, genuine_lag, hot_lag, plan
from streams.simulator.tables import ABSENT, Value

SAME_WEEK = 6


def scheme_owner_types(block: Block, count: int) -> IntArray:
    """First owners of cars bought to be exported: nominees, affiliates, dealers."""
    shares = block.world.country.first_owners
    return steps.first_owner_types(block, count, shares.company_scheme, shares.dealer_scheme)


def write_initial(block: Block, made: Plan, **given: Value) -> Documents:
    """First registration of exported cars."""
    return "registration", steps.initial(block, made.rows, made.born, **given)


def write_pending(block: Block, made: Plan, owner: IntArray | None = None) -> Documents:
    """Pending export to the exporter, half of them with the inspection's odometer."""
    inspected = block.rng.random(len(made.rows)) < 0.5  # noqa: PLR2004 - assumption: every other
    rows = steps.pending_export(
        block,
        made.rows,
        made.pending,
        made.exporter if owner is None else owner,
        seller=block.fleet.owner(made.rows, steps.FIRST),
        odometer=np.where(inspected, made.odometer, ABSENT),
        read=np.where(inspected, steps.READ, ABSENT),
    )
    return "registration", rows


def write_declaration(block: Block, made: Plan, **given: Value) -> Documents:
    """Export declaration with licence, letter and odometer."""
    world = block.world
    licensed = made.declared >= world.licences_from
    columns: dict[str, Value] = {
        "exporter_province": made.exporter_province,
        "odometer": made.odometer,
        "read": steps.READ,
        "licence": np.where(licensed, steps.number(block, len(made.rows)), ABSENT),
        "licence_day": np.where(licensed, made.licence, ABSENT),
        "letter": np.where(made.licence >= world.letter_from, made.letter.astype(np.int64), ABSENT),
        "exited": made.exited,
    }
    columns |= {"exporter": made.exporter} | given
    rows = steps.declaration(block, made.rows, made.declared, made.destination, **columns)
    return "customs_export", rows


def write_deregistration(block: Block, made: Plan) -> Documents:
    """Deregistration for export, by the exporter."""
    rows = steps.deregistration(block, made.rows, made.deregistered, steps.EXPORT, made.exporter)
    return "deregistration", rows


def write_all(block: Block, made: Plan, **given: Value) -> tuple[Documents, ...]:
    """All four documents of an export."""
    return (
        write_initial(block, made, **given),
        write_pending(block, made),
        write_declaration(block, made),
        write_deregistration(block, made),
    )


def zero_mileage(block: Block, rows: IntArray, declared: IntArray | None = None) -> None:
    """Registered to be exported: the country's main trade, before and under the letter rule."""
    world, rng = block.world, block.rng
    regime, mix = world.country.regime, world.country.regime_mix
    count = len(rows)
    if declared is None:
        declared = world.export_day(rng, count)
    lag = hot_lag(block, count)
    drawn = rng.random(count)
    ruled = declared >= world.letter_from + 27
    letter = ruled & (drawn >= mix.early_without_letter)
    letter &= drawn < mix.early_without_letter + mix.letter
    parked = ruled & (drawn >= mix.early_without_letter + mix.letter)
    later = parked & (drawn >= mix.early_without_letter + mix.letter + mix.parked)
    # Who waits for the end of the 180 days cannot be quicker, and some are in no hurry.
    lag = np.where(parked, mix.parked_from + timing.days_between(block, count, 0, 20), lag)
    lag = np.where(later, mix.parked_from + timing.days_between(block, count, 15, 160), lag)
    lag = np.where(letter, timing.days_between(block, count, 10, regime.letter_days - 20), lag)
    made = plan(block, rows, lag, declared=declared)
    made.letter = letter
    block.label(rows, "zero_mileage_export")
    early = ruled & (drawn < mix.early_without_letter)
    block.label(rows[early], "early_export_without_letter")
    block.label(rows[parked & ~later], "parked_until_eligible")
    kept = parked & (rng.random(count) < 0.7)  # noqa: PLR2004 - assumption
    write_initial(
        block,
        made,
        owner_type=scheme_owner_types(block, count),
        odometer=np.where(kept, made.odometer, ABSENT),
        read=np.where(kept, steps.READ, ABSENT),
    )
    write_pending(block, made)
    write_declaration(block, made)
    write_deregistration(block, made)


def genuine(block: Block, rows: IntArray) -> None:
    """Really used: registered, driven for years, then exported by the book."""
    made = plan(block, rows, genuine_lag(block, len(rows)), driven=True)
    block.label(rows, "genuine_used_export")
    write_all(block, made)
