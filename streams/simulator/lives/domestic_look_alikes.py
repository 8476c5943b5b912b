"""Domestic lives that look like a scheme and are none."""

import numpy as np

from streams.simulator.block import Block
from streams.simulator.calendars import IntArray
from streams.simulator.lives import steps, timing
from streams.simulator.lives.domestic import sell_used
from streams.simulator.lives.exports import SAME_WEEK
from streams.simulator.tables import ABSENT
from streams.simulator.values import DAYS_A_YEAR, worth


def _sold_on(
    block: Block, rows: IntArray, day: IntArray, odometer: IntArray, owner: int = steps.SECOND
) -> IntArray:
    """A retail buyer takes the car over, odometer read."""
    return steps.transfer(
        block, rows, day, block.fleet.owner(rows, owner), odometer=odometer, read=steps.READ,
        seller=block.fleet.owner(rows, owner - 1),
    )  # fmt: skip


def self_registration(block: Block, rows: IntArray) -> None:
    """A dealer registers the month's missing cars on itself; retail buyers come weeks later."""
    born = timing.registered(block, rows, after=170)
    block.label(rows, "self_registration")
    steps.initial(block, rows, born, owner_type=steps.DEALER)
    day = born + timing.days_between(block, len(rows), 12, 120)
    _sold_on(block, rows, day, timing.days_between(block, len(rows), 500, 4000))


def demo_car(block: Block, rows: IntArray) -> None:
    """A demonstration car, sold to a retail buyer after months of test drives."""
    born = timing.registered(block, rows, after=300)
    block.label(rows, "demo_car")
    steps.initial(block, rows, born, owner_type=steps.DEALER, use=steps.DEMO)
    day = born + timing.days_between(block, len(rows), 60, 250)
    _sold_on(block, rows, day, timing.days_between(block, len(rows), 1000, 10_000))


def domestic_zero_km(block: Block, rows: IntArray) -> None:
    """New on document only once: sold at home as used with no kilometres, more than a week later."""
    born = timing.registered(block, rows, after=140)
    block.label(rows, "domestic_zero_km")
    steps.initial(block, rows, born, owner_type=steps.COMPANY)
    day = born + timing.days_between(block, len(rows), SAME_WEEK + 1, 90)
    _sold_on(block, rows, day, timing.days_between(block, len(rows), 5, 120))


def rental_fleet(block: Block, rows: IntArray) -> None:
    """Registered by the batch, driven hard, sold off."""
    born = timing.registered(block, rows, after=420)
    # Fleets register in batches: whole weeks move to their Wednesday.
    born -= (born - 3) % 7
    block.fleet.born[rows] = born
    block.label(rows, "rental_fleet")
    steps.initial(block, rows, born, owner_type=steps.RENTAL, use=steps.RENTED)
    held = timing.days_between(block, len(rows), 220, 900)
    yearly = block.rng.uniform(35_000, 70_000, len(rows))
    _sold_on(block, rows, born + held, (held / DAYS_A_YEAR * yearly).astype(np.int64))


def lemon_return(block: Block, rows: IntArray) -> None:
    """Given back for its faults, repaired, registered anew, sometimes in another province."""
    born = timing.registered(block, rows, after=150)
    block.label(rows, "lemon_return")
    steps.initial(block, rows, born)
    back = born + timing.days_between(block, len(rows), 5, 40)
    steps.deregistration(block, rows, back, steps.RETURNED, block.fleet.owner(rows, steps.FIRST))
    far = block.rng.random(len(rows)) < 0.3  # noqa: PLR2004 - assumption
    province = np.where(far, timing.elsewhere(block, rows), block.fleet.province[rows])
    again = back + timing.days_between(block, len(rows), 10, 80)
    steps.initial(
        block, rows, again, province=province, owner=block.fleet.owner(rows, steps.SECOND),
        price=worth(block, rows, again - born),
    )  # fmt: skip


def return_to_seller(block: Block, rows: IntArray) -> None:
    """The buyer changes his mind within the week; the car goes back to whom it came from."""
    born = timing.registered(block, rows, after=120)
    block.label(rows, "return_to_seller")
    dealer = block.world.dealer(block.rng, block.fleet.province[rows])
    buyer = block.fleet.owner(rows, steps.FIRST)
    steps.initial(block, rows, born, seller=dealer, owner_type=steps.PERSON)
    back = born + timing.days_between(block, len(rows), 1, SAME_WEEK)
    steps.transfer(block, rows, back, dealer, owner_type=steps.DEALER, seller=buyer)
    again = back + timing.days_between(block, len(rows), 10, 80)
    steps.transfer(block, rows, again, block.fleet.owner(rows, steps.SECOND), seller=dealer)


def registration_correction(block: Block, rows: IntArray) -> None:
    """The wrong office: corrected by an amendment, by a new document, or by both documents standing."""
    born = timing.registered(block, rows, after=60)
    which = block.rng.integers(0, 3, len(rows))
    for number, variant in enumerate(("amended", "withdrawn", "both_stand")):
        part, day = rows[which == number], born[which == number]
        block.label(part, "registration_correction", variant)
        invoice = steps.number(block, len(part))
        plate = steps.number(block, len(part))
        right = block.fleet.province[part]
        first = steps.initial(
            block, part, day, province=timing.elsewhere(block, part), invoice=invoice, plate=plate
        )
        lag = block.rng.uniform(0.2, 8.0, len(part))
        if variant == "amended":
            block.tables["registration"].revise(first, lag, province=right)
            continue
        if variant == "withdrawn":
            block.tables["registration"].revise(first, lag, void=1)
            day = day + timing.days_between(block, len(part), 0, 3)
        steps.initial(block, part, day, invoice=invoice, plate=plate)


def vin_correction(block: Block, rows: IntArray) -> None:
    """Registered under a mistyped number: withdrawn and written anew, or amended in place."""
    born = timing.registered(block, rows, after=60)
    anew = block.rng.random(len(rows)) < 0.7  # noqa: PLR2004 - assumption
    table = block.tables["registration"]
    for where, variant in ((anew, "withdrawn"), (~anew, "amended_in_place")):
        part = rows[where]
        block.label(part, "vin_correction", variant)
        invoice = steps.number(block, len(part))
        wrong = steps.initial(block, part, born[where], alias=1, invoice=invoice)
        lag = block.rng.uniform(0.2, 12.0, len(part))
        if variant == "withdrawn":
            table.revise(wrong, lag, void=1)
            day = born[where] + timing.days_between(block, len(part), 0, 2)
            steps.initial(block, part, day, invoice=invoice)
        else:
            table.revise(wrong, lag, alias=0)


def finance_lease(block: Block, rows: IntArray) -> None:
    """A lessor passes the car to its operating company: neither price nor invoice.

    Where the car is not rented out the documents do not tell it from a nominee's: an alert may come.
    """
    born = timing.registered(block, rows, after=40)
    block.label(rows, "finance_lease")
    steps.initial(block, rows, born, owner_type=steps.COMPANY, use=steps.COMMERCIAL)
    rented = block.rng.random(len(rows)) < 0.4  # noqa: PLR2004 - assumption
    day = born + timing.days_between(block, len(rows), 0, SAME_WEEK)
    steps.transfer(
        block, rows, day, block.fleet.owner(rows, steps.SECOND),
        owner_type=np.where(rented, steps.RENTAL, steps.COMPANY),
        price=np.nan, invoice=ABSENT, use=np.where(rented, steps.RENTED, steps.COMMERCIAL),
        seller=block.fleet.owner(rows, steps.FIRST),
    )  # fmt: skip


def insured_before_delivery(block: Block, rows: IntArray) -> None:
    """Insured and plated before delivery; at delivery the same owner's documents are written again."""
    born = timing.registered(block, rows, after=40)
    block.label(rows, "insured_before_delivery")
    steps.initial(block, rows, born, plate=ABSENT)
    day = born + timing.days_between(block, len(rows), 1, SAME_WEEK)
    steps.transfer(
        block, rows, day, block.fleet.owner(rows, steps.FIRST), price=block.fleet.price[rows],
        odometer=timing.days_between(block, len(rows), 3, 60), read=steps.READ,
    )  # fmt: skip


def wholesale_chain(block: Block, rows: IntArray) -> None:
    """Dealer to dealer to customer within a week, registered for the first time at the end."""
    born = timing.registered(block, rows, before=10, after=40)
    block.label(rows, "wholesale_chain")
    dealers = [
        block.world.dealer(block.rng, block.fleet.province[rows]) + 1000 * step for step in (1, 2)
    ]
    first = born - timing.days_between(block, len(rows), 2, 5)
    second = first + timing.days_between(block, len(rows), 0, 2)
    for day, dealer in ((first, dealers[0]), (second, dealers[1])):
        steps.transfer(
            block, rows, day, dealer, owner_type=steps.DEALER, plate=ABSENT,
            price=np.round(block.fleet.price[rows] * block.rng.uniform(0.9, 0.97, len(rows)), -1),
        )  # fmt: skip
    steps.initial(block, rows, born, seller=dealers[1])


def used_dealer_flip(block: Block, rows: IntArray) -> None:
    """A used car goes through a dealer's books to its next owner within the week.

    Two sales in one week, and ordinary trade: an alert is neither right nor wrong.
    """
    count = len(rows)
    day = timing.squeeze(block, block.world.retail_day(block.rng, count), 0, 30)
    block.fleet.born[rows] = day - timing.days_between(block, count, 700, 3500)
    block.specify(rows)
    block.label(rows, "used_dealer_flip")
    dealer = block.world.dealer(block.rng, block.fleet.province[rows])
    steps.transfer(
        block, rows, day, dealer, owner_type=steps.DEALER,
        seller=block.fleet.owner(rows, steps.FIRST),
    )  # fmt: skip
    later = day + timing.days_between(block, count, 1, SAME_WEEK)
    steps.transfer(block, rows, later, block.fleet.owner(rows, steps.SECOND), seller=dealer)


def reissued_document(block: Block, rows: IntArray) -> None:
    """A used sale is written on the wrong buyer or with a wrong invoice, withdrawn, written anew."""
    count = len(rows)
    day = timing.squeeze(block, block.world.retail_day(block.rng, count), 0, 60)
    block.fleet.born[rows] = day - timing.days_between(block, count, 700, 3500)
    block.specify(rows)
    block.label(rows, "reissued_document")
    mistaken = block.rng.random(count) < 0.5  # noqa: PLR2004 - assumption: every other
    buyer = np.where(
        mistaken, block.fleet.owner(rows, steps.THIRD), block.fleet.owner(rows, steps.SECOND)
    )
    seller = block.fleet.owner(rows, steps.FIRST)
    wrong = steps.transfer(block, rows, day, buyer, seller=seller)
    block.tables["registration"].revise(wrong, block.rng.uniform(0.2, 5.0, count), void=1)
    sell_used(block, rows, day + timing.days_between(block, count, 0, 4), steps.FIRST)
