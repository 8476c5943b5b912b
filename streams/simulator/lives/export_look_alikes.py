"""Exports that look like a scheme and are none."""

import numpy as np

from streams.simulator.block import Block
from streams.simulator.calendars import IntArray
from streams.simulator.lives import exports, steps, timing
from streams.simulator.lives.plans import Plan, genuine_lag, plan
from streams.simulator.tables import ABSENT
from streams.simulator.values import DAYS_A_YEAR
from streams.simulator.world import MAKERS


def _used(block: Block, rows: IntArray, *, before: int = 60) -> Plan:
    """A really used car, exported years after its registration."""
    declared = timing.declared(block, rows, before=before, after=0)
    return plan(block, rows, genuine_lag(block, len(rows)), declared=declared, driven=True)


def personal_effects(block: Block, rows: IntArray) -> None:
    """An owner moves abroad with the car: no exporter, no licence, another trade mode."""
    count = len(rows)
    lag = timing.days_between(block, count, 40, 1500)
    made = plan(block, rows, lag, declared=timing.declared(block, rows), driven=True)
    owner = block.fleet.owner(rows, steps.FIRST)
    block.label(rows, "personal_effects")
    exports.write_initial(block, made, owner_type=steps.PERSON)
    exports.write_declaration(
        block, made, exporter=owner, trade_mode=steps.PERSONAL_EFFECTS, licence=ABSENT,
        licence_day=ABSENT, letter=ABSENT, exporter_province=block.fleet.province[rows],
    )  # fmt: skip
    steps.deregistration(block, rows, made.deregistered, steps.EXPORT, owner)


def official_export_with_letter(block: Block, rows: IntArray) -> None:
    """A maker sells its press and test fleet abroad, with its own letter."""
    count = len(rows)
    lag = timing.days_between(block, count, 12, 165)
    made = plan(block, rows, lag, declared=timing.declared(block, rows), driven=True)
    made.exporter = MAKERS + block.fleet.brand[rows]
    made.odometer = timing.days_between(block, count, 700, 6000)
    made.letter = np.ones(count, dtype=np.bool_)
    block.label(rows, "official_export_with_letter")
    exports.write_initial(block, made, owner_type=steps.COMPANY, use=steps.DEMO)
    exports.write_pending(block, made)
    exports.write_declaration(block, made, letter=1)
    exports.write_deregistration(block, made)


def new_car_export(block: Block, rows: IntArray) -> None:
    """A maker's ordinary export of a new car that was never registered."""
    made = plan(block, rows, timing.days_between(block, len(rows), 0, 0))
    block.label(rows, "new_car_export")
    exports.write_declaration(
        block, made, exporter=MAKERS + block.fleet.brand[rows], condition=steps.NEW,
        licence=ABSENT, licence_day=ABSENT, letter=ABSENT, odometer=made.odometer % 20,
    )  # fmt: skip


def late_feed(block: Block, rows: IntArray) -> None:
    """By the book, but the declaration or the deregistration arrives weeks late."""
    made = _used(block, rows)
    block.label(rows, "late_feed")
    count = len(rows)
    which = block.rng.random(count) < 0.5  # noqa: PLR2004 - assumption: one document each
    hold = block.rng.uniform(25.0, 70.0, count)
    exports.write_initial(block, made)
    exports.write_pending(block, made)
    exports.write_declaration(block, made, hold=np.where(which, hold, 0.0))
    steps.deregistration(
        block, rows, made.deregistered, steps.EXPORT, made.exporter,
        hold=np.where(which, 0.0, hold),
    )  # fmt: skip


def duplicate_feed(block: Block, rows: IntArray) -> None:
    """Every document is published by a second source as well, days later."""
    made = _used(block, rows)
    block.label(rows, "duplicate_feed")
    for name, written in exports.write_all(block, made):
        lag = block.rng.uniform(0.5, 20.0, len(rows))
        block.tables[name].revise(written, lag, source=1, revision=0)


def odometer_not_read(block: Block, rows: IntArray) -> None:
    """Zero kilometres on the declaration because nobody looked."""
    made = _used(block, rows)
    block.label(rows, "odometer_not_read")
    exports.write_initial(block, made)
    steps.pending_export(
        block, rows, made.pending, made.exporter, seller=block.fleet.owner(rows, steps.FIRST)
    )
    exports.write_declaration(block, made, odometer=0, read=steps.NOT_READ)
    exports.write_deregistration(block, made)


def rental_fleet(block: Block, rows: IntArray) -> None:
    """A rental or ride-hailing car, driven hard, exported after a year or two."""
    count = len(rows)
    lag = timing.days_between(block, count, 230, 900)
    made = plan(block, rows, lag, declared=timing.declared(block, rows, before=0))
    yearly = block.rng.uniform(35_000, 70_000, count)
    made.odometer = (lag / DAYS_A_YEAR * yearly).astype(np.int64)
    block.label(rows, "rental_fleet_export")
    exports.write_initial(block, made, owner_type=steps.RENTAL, use=steps.RENTED)
    exports.write_pending(block, made)
    exports.write_declaration(block, made)
    exports.write_deregistration(block, made)


def demo_car(block: Block, rows: IntArray) -> None:
    """A dealer's demonstration car, really driven, exported months later."""
    count = len(rows)
    declared = timing.declared(block, rows, before=0)
    young = declared < block.world.letter_from
    lag = np.where(
        young, timing.days_between(block, count, 60, 165), timing.days_between(block, count, 210, 400)
    )
    made = plan(block, rows, lag, declared=declared)
    made.odometer = timing.days_between(block, count, 800, 10_000)
    block.label(rows, "demo_car_export")
    exports.write_initial(block, made, owner_type=steps.DEALER, use=steps.DEMO)
    exports.write_pending(block, made)
    exports.write_declaration(block, made)
    exports.write_deregistration(block, made)


def barely_used(block: Block, rows: IntArray) -> None:
    """Bought to be driven, sold after weeks for a private reason, taken abroad by an exporter.

    Some of them show so few kilometres that nobody could tell them from the scheme.
    """
    count = len(rows)
    declared = timing.declared(block, rows, before=0)
    young = declared < block.world.letter_from
    lag = np.where(
        young, timing.days_between(block, count, 15, 150), timing.days_between(block, count, 210, 400)
    )
    made = plan(block, rows, lag, declared=declared)
    made.odometer = np.exp(block.rng.uniform(np.log(150), np.log(2500), count)).astype(np.int64)
    block.label(rows, "barely_used_export")
    exports.write_initial(block, made, owner_type=steps.PERSON)
    exports.write_pending(block, made)
    exports.write_declaration(block, made)
    exports.write_deregistration(block, made)


def odometer_typo(block: Block, rows: IntArray) -> None:
    """The inspection's reading has a digit too many; every other time somebody corrects it."""
    made = _used(block, rows)
    count = len(rows)
    block.label(rows, "odometer_typo")
    exports.write_initial(block, made)
    wrong = steps.pending_export(
        block, rows, made.pending, made.exporter, odometer=made.odometer * 10, read=steps.READ,
        seller=block.fleet.owner(rows, steps.FIRST),
    )  # fmt: skip
    corrected = block.rng.random(count) < 0.5  # noqa: PLR2004 - assumption: every other
    block.tables["registration"].revise(
        wrong[corrected],
        block.rng.uniform(3.0, 40.0, int(corrected.sum())),
        odometer=made.odometer[corrected],
    )
    exports.write_declaration(block, made)
    exports.write_deregistration(block, made)


def reissued_document(block: Block, rows: IntArray) -> None:
    """Endorsement and declaration are withdrawn and written anew, to the same exporter."""
    made = _used(block, rows)
    count = len(rows)
    block.label(rows, "reissued_document_export")
    exports.write_initial(block, made)
    _, withdrawn = exports.write_pending(block, made)
    block.tables["registration"].revise(withdrawn, block.rng.uniform(0.2, 3.0, count), void=1)
    made.pending = made.pending + timing.days_between(block, count, 0, 1)
    exports.write_pending(block, made)
    _, recalled = exports.write_declaration(block, made)
    block.tables["customs_export"].revise(recalled, block.rng.uniform(0.2, 4.0, count), void=1)
    anew = timing.days_between(block, count, 0, 5)
    made.declared = made.declared + anew
    made.exited = made.exited + anew
    exports.write_declaration(block, made)
    exports.write_deregistration(block, made)
