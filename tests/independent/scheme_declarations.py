"""New schemes that play with what is declared: condition, kilometres, value, purpose, identity."""

from __future__ import annotations

from typing import Final

from tests.independent.land import Country
from tests.independent.life import Life
from tests.independent.operations import Operation, Story, bought, sent_off
from tests.independent.parties import GATES


def declared_new(country: Country, plan: Operation) -> Life:
    """Registered and licensed at home, yet declared as new, to spare the licence for used cars."""
    life = bought(country, plan)
    if country.dice.chance(0.4):
        life.wait(10, 0.8).transfer(country.society.firm("company", plan.province))
    life.wait(17, 0.8).export(plan.exporter, gate=plan.gate, condition="new")
    if country.dice.chance(0.5):
        life.deregister("export")
    return life


def personal_effects(country: Country, plan: Operation) -> Life:
    """One person's 'own car', again and again: a dozen new cars leave as personal effects."""
    owner = plan.nominees[0]._replace(type="person")
    life = bought(country, plan, owner)
    life.wait(24, 0.7).export(owner, gate=plan.gate, trade_mode="9900", licence=False)
    return life


def exhibition(country: Country, plan: Operation) -> Life:
    """Sent abroad 'for a time', for an exhibition, days after registration; none comes back."""
    life = bought(country, plan)
    life.wait(13, 0.8).export(plan.exporter, gate=plan.gate, trade_mode="2600", licence=False)
    life.wait(120, 0.5).deregister("other")
    return life


def as_a_kit(country: Country, plan: Operation) -> Life:
    """A registered car is declared as a kit of parts."""
    life = bought(country, plan)
    life.wait(20, 0.8)
    code = f"{'87038010' if life.fuel == 'bev' else '87032341'}90"
    life.export(plan.exporter, gate=plan.gate, condition="new", reading="silent", hs_code=code)
    return life


def forged_letter(country: Country, plan: Operation) -> Life:
    """A small trader has a maker's letter for every make it deals in."""
    plan = plan._replace(make=Life(country, plan.clock - 90).make)
    life = bought(country, plan)
    life.wait(24, 0.8).pending(plan.exporter)
    sent_off(life, plan, manufacturer_letter=True)
    return life


def undervalued(country: Country, plan: Operation) -> Life:
    """A nearly new car is declared at a third of its price, to spare duty abroad."""
    life = bought(country, plan)
    life.wait(38, 0.6).pending(plan.exporter, price=None)
    sent_off(life, plan, value=life.list_price * country.dice.about(0.33, 0.15), reading="silent")
    return life


def overvalued(country: Country, plan: Operation) -> Life:
    """A nearly new car is declared at twice its price: the rebate follows the invoice."""
    life = bought(country, plan)
    price = round(life.list_price * country.dice.about(1.85, 0.12), -2)
    life.wait(21, 0.6).pending(plan.exporter, price=price)
    sent_off(life, plan, value=price * 1.1)
    return life


def driven_a_little(country: Country, plan: Operation) -> Life:
    """Driven to the border, or the drums turned: a thousand kilometres or two, which looks like use."""
    life = bought(country, plan)
    life.wait(21, 0.6)
    life.km += country.dice.about(1_250, 0.35)
    life.pending(plan.exporter)
    sent_off(life, plan)
    return life


def plausible_lie(country: Country, plan: Operation) -> Life:
    """The odometer is set to what a used car would show; the same round figure for the whole lot."""
    life = bought(country, plan)
    claim = 1_000.0 * (8 + int(plan.nominees[0].identity, 16) % 27)
    life.wait(58, 0.6).pending(plan.exporter, reading=claim)
    sent_off(life, plan, reading=claim)
    return life


def silent(country: Country, plan: Operation) -> Life:
    """Nobody ever writes down a kilometre of these cars."""
    life = bought(country, plan, reading="silent")
    life.wait(34, 0.8).pending(plan.exporter, reading="silent")
    sent_off(life, plan, reading="silent")
    return life


def turned_back(country: Country, plan: Operation) -> Life:
    """Old ride-hailing cars lose a hundred thousand kilometres on the way to the port."""
    dice, life = (
        country.dice,
        Life(country, plan.clock - country.dice.about(900, 0.2), province=plan.province),
    )
    life.daily_km, life.use = dice.about(190, 0.2), "commercial"
    life.initial(plan.nominees[0], plan.dealer)
    life.wait(700, 0.2).transfer(country.society.used_dealer(), reading="read")
    life.wait(14, 0.7).pending(plan.exporter, reading="silent")
    sent_off(life, plan, reading=life.km * dice.about(0.22, 0.3))
    return life


def sold_at_home(country: Country, plan: Operation) -> Life:
    """Exported on record only: the rebate is paid, the car is sold at home."""
    life = bought(country, plan)
    life.wait(10, 0.9).pending(plan.exporter)
    life.wait(10, 0.6).export(plan.exporter, gate=plan.gate)
    buyer = country.society.person(plan.province)
    life.wait(45, 0.7).transfer(buyer, seller=plan.exporter)
    return life


def exported_twice(country: Country, plan: Operation) -> Life:
    """Two exporters declare the same car, weeks apart, at two gates."""
    life = bought(country, plan)
    life.wait(22, 0.7).pending(plan.exporter)
    sent_off(life, plan)
    life.wait(40, 0.7)
    second = country.society.exporter()
    life.export(second, gate=country.dice.weighted(GATES))
    return life


def dead_identity(country: Country, plan: Operation) -> Life:
    """A new car leaves under the number of one that was scrapped."""
    life = Life(
        country, plan.clock - country.dice.about(1_500, 0.3), make=plan.make, province=plan.province
    )
    life.initial(country.society.person(plan.province), country.society.dealer(plan.make))
    life.until(max(plan.clock, life.clock)).deregister("scrapped")
    life.wait(50, 0.8).parked()
    life.km = country.dice.about(80, 0.6)
    life.export(plan.exporter, gate=plan.gate, value=life.list_price)
    return life


def entered_anew(country: Country, plan: Operation) -> Life:
    """Returned to the dealer on record and entered anew for another nominee: two 'new' sales, then
    export."""
    life = bought(country, plan)
    life.wait(9, 0.8).deregister("returned")
    life.wait(4, 0.8).initial(plan.nominee(country), plan.dealer)
    life.wait(23, 0.7).pending(plan.exporter)
    sent_off(life, plan)
    return life


def lost_then_exported(country: Country, plan: Operation) -> Life:
    """Written off as lost, so that no endorsement is needed; it turns up at the border."""
    life = bought(country, plan)
    life.wait(26, 0.7).deregister("lost")
    life.wait(14, 0.8).export(plan.exporter, gate=plan.gate)
    return life


def never_endorsed(country: Country, plan: Operation) -> Life:
    """Exported without endorsement or deregistration: at home it stays a registered, subsidised car."""
    life = bought(country, plan)
    life.wait(36, 0.7).export(plan.exporter, gate=plan.gate)
    return life


STORIES: Final[dict[Story, float]] = {
    declared_new: 4, personal_effects: 3, exhibition: 2, as_a_kit: 1.5, forged_letter: 3,
    undervalued: 3,
    overvalued: 2, driven_a_little: 4, plausible_lie: 4, silent: 4, turned_back: 2, sold_at_home: 3,
    exported_twice: 2, dead_identity: 2, entered_anew: 2, lost_then_exported: 2, never_endorsed: 3,
}  # fmt: skip
"""And their weights among the new schemes."""
