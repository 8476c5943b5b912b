"""Ordinary lives: what 96 of 100 cars go through."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from tests.independent.dice import Dice, Weighted
from tests.independent.feed import FIRST, LAST
from tests.independent.land import Country
from tests.independent.life import Life
from tests.independent.makes import Make
from tests.independent.parties import GATES, PROVINCES, Party

_EARLIEST: Final = FIRST - 13 * 365


def some_day(dice: Dice, low: float = _EARLIEST, high: float = LAST) -> float:
    """A day on which cars are sold: more of them year by year, few about February, many in December."""
    while True:
        clock: float = high - (high - low) * dice.share() ** 1.15
        season = 1 + 0.22 * math.cos((clock - FIRST + 20) * math.tau / 365.25)
        if dice.share() * 1.25 < season:
            return clock


def bought_new(country: Country, clock: float, make: Make | None = None) -> Life:
    """Somebody buys a new car at a dealer's."""
    life = Life(country, clock, make=make)
    dice, society = country.dice, country.society
    owner = society.company() if dice.chance(0.09) else society.person(life.province)
    if owner.type == "company":
        life.use = "commercial" if dice.chance(0.4) else "private"
    life.initial(owner, society.dealer(life.make), invoice=None if dice.chance(0.05) else "")
    return life


def elsewhere(life: Life) -> str | None:
    """Another province, as happens to a third of used cars, or none."""
    return life.dice.weighted(PROVINCES) if life.dice.chance(0.33) else None


def sold_on(life: Life, buyer: Party | None = None) -> None:
    """A used car is sold by its owner to somebody else, with or without an invoice."""
    province = elsewhere(life)
    person = buyer or life.society.person(province or life.province)
    life.transfer(person, province=province, invoice=None if life.dice.chance(0.3) else "")


def through_dealer(life: Life) -> None:
    """A car is traded in; the dealer sells it when he can."""
    dealer = life.society.used_dealer()
    life.transfer(dealer, price=round(life.worth() * life.dice.about(0.92, 0.04), -2))
    km = life.daily_km
    life.daily_km = 0.6
    life.wait(27, 0.95)
    life.daily_km = km
    sold_on(life)


def exported(life: Life, exporter: Party | None = None) -> None:
    """A used car goes abroad by the book: endorsement, licence, customs, exit, deregistration."""
    dice, exporter = life.dice, exporter or life.society.exporter()
    life.pending(exporter)
    life.daily_km = 2.0
    life.wait(11, 0.7)
    life.export(exporter, licence_applied=life.clock - dice.about(5, 0.5))
    if dice.chance(0.93):
        life.deregister("export")


def kept(country: Country) -> Life:
    return bought_new(country, some_day(country.dice, FIRST))


def resold(country: Country) -> Life:
    life = bought_new(country, some_day(country.dice))
    for _ in range(1 + country.dice.count(0.35)):
        sold_on(life.wait(1_250, 0.65))
    return life


def traded_in(country: Country) -> Life:
    life = bought_new(country, some_day(country.dice))
    for _ in range(1 + country.dice.count(0.25)):
        through_dealer(life.wait(1_300, 0.6))
    return life


def wholesale(country: Country) -> Life:
    """Dealers pass a trade-in on among themselves before somebody drives it."""
    life = bought_new(country, some_day(country.dice)).wait(1_500, 0.6)
    for _ in range(2 + country.dice.count(0.4)):
        life.transfer(
            country.society.used_dealer(), price=round(life.worth() * 0.9, -2), reading="usual"
        )
        life.until(life.clock + country.dice.about(9, 1.0))
    sold_on(life)
    return life


def scrapped(country: Country) -> Life:
    life = bought_new(country, some_day(country.dice, _EARLIEST, FIRST + 1_500)).wait(4_300, 0.3)
    life.deregister("scrapped")
    return life


def lost(country: Country) -> Life:
    life = bought_new(country, some_day(country.dice)).wait(1_200, 0.9)
    life.deregister("lost")
    return life


def returned(country: Country) -> Life:
    """A lemon goes back for good."""
    life = bought_new(country, some_day(country.dice)).wait(60, 1.0)
    life.deregister("returned")
    return life


def taxi(country: Country) -> Life:
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice))
    life.daily_km, life.use = dice.about(240, 0.25), "commercial"
    life.initial(society.company(), society.dealer(life.make))
    life.wait(1_700, 0.25)
    if dice.chance(0.6):
        life.deregister("scrapped" if life.km > 500_000 else "other")
    else:
        through_dealer(life)
    return life


def rental(country: Country) -> Life:
    """A rental car is sold after a few years, at home or abroad."""
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice))
    life.daily_km = dice.about(85, 0.3)
    life.initial(dice.front_of(society.rentals), society.dealer(life.make))
    life.wait(850, 0.35)
    if dice.chance(0.85):
        through_dealer(life)
    else:
        exported(life)
    return life


def lease(country: Country) -> Life:
    """The lessee takes the car over at the end."""
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice))
    life.initial(dice.one_of(society.lessors), society.dealer(life.make), use="private")
    life.wait(1_080, 0.2)
    life.transfer(society.person(life.province), price=round(life.list_price * 0.1, -2))
    return life


def moved(country: Country) -> Life:
    """The owner moves and takes the car along: another office, the same owner."""
    life = bought_new(country, some_day(country.dice)).wait(900, 0.8)
    owner = life.owner
    assert owner is not None
    life.transfer(owner, price=None, invoice=None, province=country.dice.weighted(PROVINCES))
    return life


def exported_from_owner(country: Country) -> Life:
    """An exporter buys a used car straight from its owner."""
    life = bought_new(country, some_day(country.dice))
    exported(life.wait(1_500, 0.55))
    return life


def exported_through_dealer(country: Country) -> Life:
    """A trade-in waits at the dealer's until an exporter wants it."""
    life = bought_new(country, some_day(country.dice)).wait(1_500, 0.55)
    life.transfer(country.society.used_dealer(), price=round(life.worth() * 0.92, -2))
    exported(life.wait(17, 0.9))
    return life


def exported_new(country: Country) -> Life:
    """A maker exports what it builds: never registered at home."""
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice, FIRST))
    life.km = dice.about(9, 0.4)
    maker = society.makers[life.make.brand]
    value = life.list_price * dice.about(0.8, 0.1)
    life.export(
        maker, condition="new", gate=dice.weighted(GATES), value=value, manufacturer_letter=None
    )
    return life


LIVES: Final[Weighted[Callable[[Country], Life]]] = Weighted(
    {
        kept: 49, resold: 14, traded_in: 14, wholesale: 2.5, scrapped: 4.5, lost: 0.4, returned: 0.3,
        taxi: 1.2,
        rental: 2.2, lease: 1.2, moved: 1.6, exported_from_owner: 0.9, exported_through_dealer: 1.0,
        exported_new: 3.2,
    }
)  # fmt: skip
