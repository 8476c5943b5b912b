"""New schemes that play with people: nominees, straw buyers, chains of firms, provinces, rings."""

from __future__ import annotations

from typing import Final

from tests.independent.land import Country
from tests.independent.life import Life
from tests.independent.operations import Operation, Story, bought, car, sent_off
from tests.independent.parties import PROVINCES


def three_companies(country: Country, plan: Operation) -> Life:
    """Three firms pass the car on, more than a week apart each time, a little dearer each time."""
    dice, life = country.dice, bought(country, plan)
    price = life.book[0].document["price_cny"]
    for buyer in (country.society.firm("company", plan.province), plan.exporter):
        life.wait(14, 0.35)
        price = round(price * dice.about(1.02, 0.01), -2)
        if buyer is plan.exporter:
            life.pending(buyer, price=price)
        else:
            life.transfer(buyer, price=price)
    sent_off(life, plan)
    return life


def nominee_without_price(country: Country, plan: Operation) -> Life:
    """The nominee is a shell: no price, no invoice, no seller stands anywhere."""
    life = car(country, plan)
    life.initial(plan.nominee(country), None, price=None, invoice=None, reading="silent")
    life.wait(32, 0.6).pending(plan.exporter, price=None, invoice=None, reading="silent")
    sent_off(life, plan, reading="usual")
    return life


def other_province(country: Country, plan: Operation) -> Life:
    """The car moves to another province's register before it is exported from there."""
    life = bought(country, plan)
    away = country.society.firm("company", country.dice.weighted(PROVINCES))
    life.wait(11, 0.7).transfer(away, province=away.province)
    life.wait(17, 0.6).pending(plan.exporter)
    sent_off(life, plan)
    return life


def straw_buyers(country: Country, plan: Operation) -> Life:
    """Private people lend their names for a fee; all their cars come from one dealer and go to one
    exporter."""
    life = bought(country, plan, country.society.person(plan.province))
    price = life.book[0].document["price_cny"]
    life.wait(26, 0.5).pending(plan.exporter, price=price)
    sent_off(life, plan)
    return life


def dealer_and_exporter(country: Country, plan: Operation) -> Life:
    """A dealer enters cars as demonstration cars, and they go to the same exporter each time."""
    life = bought(country, plan, plan.dealer, use="demo")
    life.wait(24, 0.6).pending(plan.exporter)
    sent_off(life, plan)
    return life


def rental_in_name(country: Country, plan: Operation) -> Life:
    """A rental firm that rents nothing: cars leave after some months with hardly a kilometre."""
    firm = country.society.firm("rental", plan.province)
    life = bought(country, plan, firm._replace(identity=plan.nominees[0].identity))
    life.wait(78, 0.5).pending(plan.exporter)
    sent_off(life, plan, reading=country.dice.one_of(("usual", "read", "unread")))
    return life


def round_trip(country: Country, plan: Operation) -> Life:
    """Two firms sell the car to each other and back before it leaves, for turnover and credit."""
    dice, life = country.dice, bought(country, plan)
    first, price = life.owner, life.book[0].document["price_cny"]
    assert first is not None
    other = country.society.firm("company", plan.province)
    life.wait(10, 0.7).transfer(other, price=round(price * dice.about(1.04, 0.02), -2))
    life.wait(10, 0.7).transfer(first, price=round(price * dice.about(1.08, 0.02), -2))
    life.wait(12, 0.7).pending(plan.exporter)
    sent_off(life, plan)
    return life


def own_name(country: Country, plan: Operation) -> Life:
    """The exporter enters the cars for itself, as a company, and exports them without any transfer."""
    life = bought(country, plan, plan.exporter._replace(type="company"))
    life.wait(19, 0.8)
    sent_off(life, plan)
    return life


def sister_firm(country: Country, plan: Operation) -> Life:
    """Registered for a firm of the exporter's group, moved within the group at cost, exported by a
    third name."""
    group = country.society.identity()
    sister = plan.nominees[0]._replace(group=group)
    life = bought(country, plan, sister)
    price = life.book[0].document["price_cny"]
    cousin = country.society.firm("company", plan.province, group)
    life.wait(9, 0.8).transfer(cousin, price=price, invoice=None)
    life.wait(15, 0.7)
    sent_off(life, plan)
    return life


def staff_discount(country: Country, plan: Operation) -> Life:
    """Employees of the dealer buy at the staff price and hand on to the exporter through a used-car
    dealer."""
    life = bought(country, plan, country.society.person(plan.province))
    middle = plan.nominees[0]._replace(type="dealer")
    life.wait(9, 0.7).transfer(middle, price=round(life.paid() * 1.01, -2))
    life.wait(6, 0.7).pending(plan.exporter)
    sent_off(life, plan)
    return life


def quota_block(country: Country, plan: Operation) -> Life:
    """Ahead of a quarter's end a dealer enters a block for a nominee; it leaves over the following
    quarter."""
    life = Life(
        country, float(int(plan.clock)) + country.dice.share(), make=plan.make, province=plan.province
    )
    life.parked().initial(plan.nominees[0], plan.dealer)
    life.wait(58, 0.45).pending(plan.exporter)
    sent_off(life, plan)
    return life


STORIES: Final[dict[Story, float]] = {
    three_companies: 4, nominee_without_price: 4, other_province: 4, straw_buyers: 5,
    dealer_and_exporter: 4,
    rental_in_name: 2.5, round_trip: 2, own_name: 3, sister_firm: 2.5, staff_discount: 3,
    quota_block: 3,
}  # fmt: skip
"""And their weights among the new schemes."""
