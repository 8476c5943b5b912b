"""Innocent oddities of the trade: dealers, makers, fleets, insurers, lawful exports of young cars."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.independent.feed import FIRST, LAST, RULE
from tests.independent.land import Country
from tests.independent.life import Life
from tests.independent.ordinary import bought_new, exported, sold_on, some_day
from tests.independent.parties import Party
from tests.independent.vocabulary import BACK


def _recent(country: Country) -> Life:
    return bought_new(country, some_day(country.dice, FIRST, LAST - 400))


def _dealer_first(country: Country, use: str) -> Life:
    """A dealer enters a car of his stock for himself."""
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice, FIRST, LAST - 300))
    group = society.identity() if dice.chance(0.4) else None
    dealer = society.dealer(life.make)._replace(group=group)
    life.initial(dealer, society.makers[life.make.brand]._replace(type="company", group=group), use=use)
    return life


def defect(country: Country) -> Life:
    """A defect shows in the first days; the dealer takes the car back, repairs and sells it again."""
    life = _recent(country)
    seller = life.book[0].document["seller_id"]
    dealer = Party(seller, "dealer", life.province)
    life.wait(4.2, 0.5).transfer(dealer, price=life.book[0].document["price_cny"])
    if country.dice.chance(0.25):
        life.wait(20, 0.6).deregister("returned")
    else:
        sold_on(life.wait(24, 0.8))
    return life


def dealers_books(country: Country) -> Life:
    """A dealer stands between two private owners for a day or so: he had the buyer already."""
    life = bought_new(country, some_day(country.dice, high=LAST - 400)).wait(1_300, 0.6)
    life.transfer(country.society.used_dealer(), price=round(life.worth() * 0.94, -2))
    life.until(life.clock + country.dice.about(1.3, 0.9))
    sold_on(life)
    return life


def demo_car(country: Country) -> Life:
    """Shown and lent for some months, then sold to a customer."""
    life = _dealer_first(country, "demo")
    life.daily_km = country.dice.about(22, 0.5)
    sold_on(life.wait(150, 0.5))
    return life


def own_stock(country: Country) -> Life:
    """A dealer enters unsold cars at the end of a month to reach the bonus; they are sold at home
    later."""
    life = _dealer_first(country, "private").parked()
    life.wait(19, 1.1)
    price = round(life.list_price * country.dice.about(0.86, 0.05), -2)
    life.transfer(country.society.person(life.province), price=price)
    return life


def scarce_model(country: Country) -> Life:
    """Somebody sells a place on the waiting list: a new car goes on to a person, dearer, within
    weeks."""
    life = _recent(country).wait(9, 1.0)
    price = round(life.list_price * country.dice.about(1.06, 0.05), -2)
    life.transfer(country.society.person(life.province), price=price)
    return life


def staff_car(country: Country) -> Life:
    """Makers sell staff cars after half a year or so."""
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice, FIRST, LAST - 300))
    maker = society.makers[life.make.brand]._replace(type="company")
    life.initial(maker, maker, price=None, invoice=None)
    life.wait(230, 0.3).transfer(society.person(life.province), price=round(life.list_price * 0.75, -2))
    return life


def dealer_to_exporter(country: Country) -> Life:
    """A car some years old comes to a dealer who has an exporter waiting: two sales in few days."""
    life = bought_new(country, some_day(country.dice, high=LAST - 700)).wait(1_800, 0.35)
    life.transfer(country.society.used_dealer(), price=round(life.worth() * 0.93, -2))
    life.daily_km = 2
    exported(life.wait(3.5, 0.7))
    return life


def rental_exported(country: Country) -> Life:
    """Rental cars that are two years old go abroad by the dozen, with many kilometres."""
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice, FIRST - 300, LAST - 1_000))
    life.daily_km = dice.about(95, 0.3)
    life.initial(dice.front_of(society.rentals), society.dealer(life.make))
    exported(life.wait(740, 0.15), dice.front_of(society.exporters, 4))
    return life


def ride_hailing_exported(country: Country) -> Life:
    """A failed ride-hailing firm sells cars some months old, well used."""
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice, FIRST, LAST - 600))
    life.daily_km, life.use = dice.about(210, 0.3), "commercial"
    life.initial(society.company(), society.dealer(life.make))
    exported(life.wait(290, 0.4))
    return life


def total_loss(country: Country) -> Life:
    """An insurer takes over a wreck and sells it abroad for parts."""
    dice, society = country.dice, country.society
    life = _recent(country).wait(190, 0.9)
    life.transfer(dice.one_of(society.insurers), price=round(life.worth() * 0.3, -2), reading="usual")
    life.parked().wait(24, 0.8)
    exporter = society.exporter()
    scrap = round(life.worth() * dice.about(0.22, 0.3), -2)
    life.pending(exporter, price=scrap)
    life.wait(12, 0.6).export(exporter, value=scrap * 1.1)
    life.deregister("export")
    return life


def maker_letter(country: Country) -> Life:
    """A maker's own trading house exports young cars, with the maker's letter, as the law allows."""
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice, RULE - 150, LAST - 160))
    maker = society.makers[life.make.brand]
    life.daily_km = dice.about(28, 0.5)
    user = (
        society.firm("company", maker.province, maker.group) if dice.chance(0.5) else society.company()
    )
    life.initial(user, society.dealer(life.make))
    life.wait(95, 0.5).pending(maker)
    life.wait(12, 0.6).export(maker, manufacturer_letter=True)
    life.deregister("export")
    return life


def export_fell_through(country: Country) -> Life:
    """The buyer abroad went broke: endorsement and declaration are withdrawn, the car is sold at
    home."""
    dice, society = country.dice, country.society
    life = bought_new(country, some_day(dice, high=LAST - 900)).wait(1_500, 0.5)
    exporter, owner = society.exporter(), life.owner
    endorsed = life.pending(exporter)
    declared = life.wait(12, 0.7).export(exporter, exited_at=None) if dice.chance(0.5) else None
    life.wait(15, 0.6)
    if declared:
        life.withdraw(declared)
    life.withdraw(endorsed)
    life.owner = owner
    sold_on(life.wait(30, 0.8))
    return life


def sent_back(country: Country) -> Life:
    """Refused abroad: the car returns and is entered again."""
    life = bought_new(country, some_day(country.dice, high=LAST - 1_200)).wait(1_500, 0.5)
    exported(life)
    life.wait(70, 0.5)
    owner = life.owner
    assert owner is not None
    life.initial(owner, None, price=None, invoice=None, kind=BACK)
    sold_on(life.wait(40, 0.8))
    return life


def test_car(country: Country) -> Life:
    """A maker's test car goes abroad for trials for a time."""
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice, FIRST, LAST - 500))
    maker = society.makers[life.make.brand]
    life.initial(maker._replace(type="company"), None, price=None, invoice=None, use="commercial")
    destination = dice.one_of(("SE", "AE", "NZ", "ES"))
    life.wait(80, 0.8).export(maker, trade_mode="2600", licence=False, destination=destination)
    return life


def sale_and_lease_back(country: Country) -> Life:
    """A company sells its new cars to a lessor of its bank days after buying them."""
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice, FIRST, LAST - 200))
    life.initial(society.company(), society.dealer(life.make))
    lessor = dice.one_of(society.lessors)
    life.wait(11, 1.0).transfer(lessor, price=life.paid() if dice.chance(0.5) else None, invoice=None)
    return life


def merged(country: Country) -> Life:
    """A company is taken over, and all its cars go to the new name within days, without a sale."""
    dice = country.dice
    old, new, day = country.merger
    life = Life(country, some_day(dice, FIRST, day))
    life.use = "commercial"
    life.initial(old, country.society.dealer(life.make))
    life.until(max(life.clock, day + dice.about(3, 0.8)))
    life.transfer(new, price=None, invoice=None, reading="unread")
    return life


STORIES: Final[dict[Callable[[Country], Life], float]] = {
    defect: 2.5, dealers_books: 4, demo_car: 4, own_stock: 4, scarce_model: 2, staff_car: 1.5,
    dealer_to_exporter: 3.5, rental_exported: 3, ride_hailing_exported: 1.5, total_loss: 2.5,
    maker_letter: 2.5,
    export_fell_through: 1.5, sent_back: 0.7, test_car: 0.7, sale_and_lease_back: 2,
    merged: 7,
}  # fmt: skip
"""And their weights among the innocent oddities."""
