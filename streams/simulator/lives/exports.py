"""Exports as most of them go, and what follows from their days."""

import datetime

import numpy as np

from streams.simulator.block import Block, BoolArray, Documents
from streams.simulator.calendars import IntArray
from streams.simulator.lives import steps
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


def expect_from_days(
    block: Block,
    made: Plan,
    first: Documents,
    pending: Documents | None,
    declared: Documents | None,
    *,
    sold_before: bool = False,
) -> None:
    """Write down every rule that the days and the odometer of ordinary documents meet.

    `sold_before` says that the double sale was already complete before the pending export.
    """
    regime = block.world.country.regime
    rows, flash = made.rows, regime.flash_days
    if declared is not None:
        block.expect(
            "zero_mileage_export",
            rows,
            made.declared,
            (declared,),
            where=made.odometer <= regime.zero_km,
        )
    lag = made.pending - made.born
    if pending is not None:
        block.expect("flash_registration", rows, made.pending, (first, pending), where=lag <= flash)
        if not sold_before:
            week = lag <= SAME_WEEK
            block.expect("double_sale", rows, made.pending, (first, pending), where=week)
    if pending is not None and declared is not None:
        expect_letter_rules(block, made, first, pending, declared)


def expect_letter_rules(
    block: Block, made: Plan, first: Documents, pending: Documents, declared: Documents
) -> None:
    """Write down which exports are too early without a letter, or parked until just after."""
    world = block.world
    regime, mix = world.country.regime, world.country.regime_mix
    ruled = (made.licence >= world.letter_from) & (made.pending >= world.letter_from)
    age = made.licence - made.born
    early: BoolArray = ruled & (age <= regime.letter_days) & ~made.letter
    block.expect(
        "early_export_without_letter",
        made.rows,
        made.declared,
        (first, pending, declared),
        where=early,
    )
    parked = (made.pending - made.born >= mix.parked_from) & (age <= mix.parked_to)
    parked &= (made.odometer <= regime.zero_km) & (made.licence >= world.letter_from)
    block.expect(
        "parked_until_eligible", made.rows, made.declared, (first, pending, declared), where=parked
    )


def write_all(
    block: Block, made: Plan, **given: Value
) -> tuple[Documents, Documents, Documents, Documents]:
    """All four documents of an export and what follows from their days."""
    first = write_initial(block, made, **given)
    pending = write_pending(block, made)
    declared = write_declaration(block, made)
    gone = write_deregistration(block, made)
    expect_from_days(block, made, first, pending, declared)
    return first, pending, declared, gone


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
    # The licence follows within 7 days: both clocks of a parked car stay inside the window.
    lag = np.where(parked, rng.integers(mix.parked_from, mix.parked_to - 7 + 1, count), lag)
    lag = np.where(later, rng.integers(mix.parked_to + 1, mix.later_to, count), lag)
    lag = np.where(letter, 10 + rng.integers(0, regime.letter_days - 30, count), lag)
    made = plan(block, rows, lag, declared=declared)
    made.letter = letter
    block.label(rows, "zero_mileage_export")
    early = ruled & (drawn < mix.early_without_letter)
    block.label(rows[early], "early_export_without_letter")
    block.label(rows[parked & ~later], "parked_until_eligible")
    kept = parked & (rng.random(count) < 0.7)  # noqa: PLR2004 - assumption
    first = write_initial(
        block,
        made,
        owner_type=scheme_owner_types(block, count),
        odometer=np.where(kept, made.odometer, ABSENT),
        read=np.where(kept, steps.READ, ABSENT),
    )
    pending = write_pending(block, made)
    seen = write_declaration(block, made)
    write_deregistration(block, made)
    expect_from_days(block, made, first, pending, seen)


def genuine(block: Block, rows: IntArray) -> None:
    """Really used: registered, driven for years, then exported by the book."""
    made = plan(block, rows, genuine_lag(block, len(rows)), driven=True)
    block.label(rows, "genuine_used_export")
    first, pending, declared, _ = write_all(block, made)
    del first, pending, declared


def add_months(day: IntArray, months: int) -> IntArray:
    """The same day some months later (the month's last day where there is none)."""
    moved = [_add_months(datetime.date.fromordinal(value), months) for value in day.tolist()]
    return np.array(moved, dtype=np.int64)


def _add_months(date: datetime.date, months: int) -> int:
    month = date.month - 1 + months
    first = datetime.date(date.year + month // 12, month % 12 + 1, 1)
    following = (first + datetime.timedelta(days=32)).replace(day=1)
    last = (following - datetime.timedelta(days=1)).day
    return first.replace(day=min(date.day, last)).toordinal()
