"""Exports that break a rule beyond being new cars on used documents."""

import numpy as np

from streams.simulator.block import Block
from streams.simulator.calendars import IntArray, ordinal
from streams.simulator.lives import exports, steps, timing
from streams.simulator.lives.plans import Plan, genuine_lag, hot_lag, lawful_destination, plan
from streams.simulator.tables import ABSENT
from streams.simulator.values import kilometres


def _hot(block: Block, rows: IntArray, *, after: int = 40) -> Plan:
    """A car that never drives, under the rules of its time."""
    declared = timing.declared(block, rows, after=after)
    lag = hot_lag(block, len(rows))
    # Under the letter rule these cars wait until no letter is needed, and past the parking window.
    ruled = declared >= block.world.letter_from
    waiting = timing.days_between(block, len(rows), 210, 320)
    return plan(block, rows, np.where(ruled, waiting, lag), declared=declared)


def flash_registration(block: Block, rows: IntArray) -> None:
    """Registered and passed to the exporter within a week, by a transfer; nobody reads the odometer."""
    declared = timing.declared(block, rows, after=40)
    handed = timing.days_between(block, len(rows), 1, 7)
    made = plan(block, rows, handed + timing.days_between(block, len(rows), 2, 10), declared=declared)
    made.letter = np.zeros(len(rows), dtype=np.bool_)
    block.label(rows, "flash_registration")
    exports.write_initial(block, made, owner_type=exports.scheme_owner_types(block, len(rows)))
    day = made.born + handed
    steps.transfer(
        block,
        rows,
        day,
        made.exporter,
        owner_type=steps.EXPORTER,
        seller=block.fleet.owner(rows, steps.FIRST),
    )
    steps.pending_export(block, rows, made.pending, made.exporter, seller=made.exporter)
    exports.write_declaration(block, made, odometer=0, read=steps.NOT_READ)
    exports.write_deregistration(block, made)


def double_sale(block: Block, rows: IntArray) -> None:
    """Nominee, dealer, exporter: three owners within days."""
    declared = timing.declared(block, rows, after=40)
    handed = timing.days_between(block, len(rows), 1, 6)
    made = plan(block, rows, handed + timing.days_between(block, len(rows), 1, 6), declared=declared)
    block.label(rows, "double_sale", "export")
    exports.write_initial(block, made, owner_type=steps.PERSON)
    day = made.born + handed
    dealer = block.world.dealer(block.rng, block.fleet.province[rows]) + 1000
    steps.transfer(
        block,
        rows,
        day,
        dealer,
        owner_type=steps.DEALER,
        seller=block.fleet.owner(rows, steps.FIRST),
    )
    exports.write_pending(block, made)
    exports.write_declaration(block, made)
    exports.write_deregistration(block, made)


def resale_after_export(block: Block, rows: IntArray) -> None:
    """Sold at home after the endorsement, or registered anew after the car had left."""
    made = _hot(block, rows, after=330)
    back = block.rng.random(len(rows)) < 0.5  # noqa: PLR2004 - assumption: every other
    for where, variant in ((~back, "after_pending"), (back, "after_exit")):
        block.label(rows[where], "resale_after_export", variant)
    _resold_after_pending(block, made.part(~back))
    _registered_anew(block, made.part(back))


def _resold_after_pending(block: Block, made: Plan) -> None:
    exports.write_initial(block, made)
    exports.write_pending(block, made)
    day = made.pending + timing.days_between(block, len(made.rows), 9, 50)
    steps.transfer(
        block, made.rows, day, block.fleet.owner(made.rows, steps.SECOND), seller=made.exporter
    )


def _registered_anew(block: Block, made: Plan) -> None:
    exports.write_all(block, made)
    day = made.deregistered + timing.days_between(block, len(made.rows), 20, 200)
    steps.initial(block, made.rows, day, owner=block.fleet.owner(made.rows, steps.SECOND))


def export_not_declared(block: Block, rows: IntArray) -> None:
    """Endorsed pending export, never declared."""
    made = _hot(block, rows, after=150)
    block.label(rows, "export_not_declared")
    exports.write_initial(block, made)
    exports.write_pending(block, made)


def deregistration_overdue(block: Block, rows: IntArray) -> None:
    """Gone abroad, still on the register; every other a really used car."""
    used = block.rng.random(len(rows)) < 0.5  # noqa: PLR2004 - assumption: every other
    count = int(used.sum())
    whens = timing.declared(block, rows[used], after=150)
    never_driven = _hot(block, rows[~used], after=150)
    driven = plan(block, rows[used], genuine_lag(block, count), declared=whens, driven=True)
    block.label(never_driven.rows, "zero_mileage_export", "still_registered")
    block.label(driven.rows, "deregistration_overdue")
    for made in (never_driven, driven):
        exports.write_initial(block, made)
        exports.write_pending(block, made)
        exports.write_declaration(block, made)


def document_conflict(block: Block, rows: IntArray) -> None:
    """The declaration names another exporter, an expired licence, or an exit before itself."""
    made = plan(
        block, rows, genuine_lag(block, len(rows)), declared=timing.declared(block, rows), driven=True
    )
    which = block.rng.integers(0, 3, len(rows))
    for number, variant in enumerate(
        ("another_exporter", "licence_expired", "exit_before_declaration")
    ):
        part = made.part(which == number)
        block.label(part.rows, "document_conflict", variant)
        exports.write_initial(block, part)
        exports.write_pending(block, part)
        if variant == "another_exporter":
            other = block.world.exporter(block.rng, part.exporter_province)
            exports.write_declaration(
                block, part, exporter=np.where(other == part.exporter, other + 1, other)
            )
        elif variant == "licence_expired":
            # Applied for a year and more before: past six months and past 31 December alike.
            old = part.declared - timing.days_between(block, len(part.rows), 370, 500)
            exports.write_declaration(
                block, part, licence_day=old, licence=steps.number(block, len(part.rows)), letter=ABSENT
            )
        else:
            before = part.declared - timing.days_between(block, len(part.rows), 2, 15)
            exports.write_declaration(block, part, exited=before)
        exports.write_deregistration(block, part)


def duplicate_export(block: Block, rows: IntArray) -> None:
    """One car, two declarations; every other time by a second exporter."""
    made = _hot(block, rows, after=90)
    block.label(rows, "duplicate_export")
    exports.write_all(block, made)
    second = made.declared + timing.days_between(block, len(rows), 1, 60)
    other = block.world.exporter(block.rng, made.exporter_province)
    same = block.rng.random(len(rows)) < 0.5  # noqa: PLR2004 - assumption: every other
    exporter = np.where(same | (other == made.exporter), made.exporter, other)
    bound_for = lawful_destination(block, rows, second, second - made.born)
    steps.declaration(
        block,
        rows,
        second,
        bound_for,
        exporter=exporter,
        odometer=made.odometer,
        read=steps.READ,
        exporter_province=made.exporter_province,
        exited=second + 3,
    )


def price_gap(block: Block, rows: IntArray) -> None:
    """Declared at a small part or a multiple of what the car cost weeks before."""
    made = _hot(block, rows)
    block.label(rows, "price_gap")
    price = block.fleet.price[rows]
    exports.write_initial(block, made, price=price)
    exports.write_pending(block, made)
    under = block.rng.random(len(rows)) < 0.7  # noqa: PLR2004 - assumption: most understate
    factor = np.where(
        under, block.rng.uniform(0.08, 0.25, len(rows)), block.rng.uniform(2.8, 4.5, len(rows))
    )
    exports.write_declaration(block, made, value=np.round(price * factor, 2))
    exports.write_deregistration(block, made)


def restricted_destination(block: Block, rows: IntArray) -> None:
    """Shipped where the car may not go."""
    world = block.world
    for rule in world.country.restricted:
        if not (rule.breach and rule.brands):
            continue
        count = len(rows)
        begin = max(world.start + 60, ordinal(rule.begin) + 1)
        if begin >= world.end:
            exports.genuine(block, rows)
            return
        declared = begin + block.rng.integers(0, world.end - begin, count)
        lag = np.where(
            declared >= world.letter_from, timing.days_between(block, count, 210, 320),
            hot_lag(block, count),
        )  # fmt: skip
        made = plan(block, rows, lag, declared=declared)
        brands = np.array([world.brands.names.index(name) for name in rule.brands])
        block.specify(rows, brands[block.rng.integers(0, len(brands), count)])
        made.destination = np.full(count, world.destinations.index(rule.destination))
        block.label(rows, "restricted_destination", rule.destination)
        exports.write_all(block, made)


def odometer_rollback(block: Block, rows: IntArray) -> None:
    """A used car whose odometer ran backwards between the last domestic sale and the export."""
    count = len(rows)
    made = plan(
        block, rows, genuine_lag(block, count),
        declared=timing.declared(block, rows, before=460), driven=True,
    )  # fmt: skip
    block.label(rows, "odometer_rollback", "export")
    exports.write_initial(block, made)
    day = made.pending - timing.days_between(block, count, 60, 390)
    honest = np.maximum(kilometres(block, rows, day - made.born), 4000)
    steps.transfer(
        block,
        rows,
        day,
        block.fleet.owner(rows, steps.SECOND),
        odometer=honest,
        read=steps.READ,
        seller=block.fleet.owner(rows, steps.FIRST),
    )
    made.odometer = (honest * block.rng.uniform(0.3, 0.6, count)).astype(np.int64)
    exports.write_pending(block, made)
    exports.write_declaration(block, made)
    exports.write_deregistration(block, made)


def vin_quality(block: Block, rows: IntArray) -> None:
    """A really used car whose number is wrong on every document."""
    made = plan(
        block, rows, genuine_lag(block, len(rows)), declared=timing.declared(block, rows), driven=True
    )
    block.label(rows, "vin_quality")
    block.fleet.spoiled[rows] = True
    exports.write_all(block, made)
