"""Innocent oddities around families, courts, registries and mishaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.independent.feed import FIRST, LAST
from tests.independent.land import Country
from tests.independent.life import Life
from tests.independent.ordinary import (
    bought_new,
    elsewhere,
    exported,
    sold_on,
    some_day,
    through_dealer,
)
from tests.independent.parties import PROVINCES, Party
from tests.independent.vocabulary import BACK, FOR_A_TIME


def _recent(country: Country) -> Life:
    return bought_new(country, some_day(country.dice, FIRST, LAST - 200))


def _older(country: Country, years: float = 4) -> Life:
    return bought_new(country, some_day(country.dice, high=LAST - 500)).wait(years * 365, 0.6)


def spouses(country: Country) -> Life:
    """One buys, the other shall hold: no money flows."""
    life = _recent(country).wait(25, 1.5)
    price = country.dice.one_of((None, None, 0.0, 1.0))
    life.transfer(country.society.person(life.province), price=price, invoice=None)
    return life


def heirs(country: Country) -> Life:
    """The heir is entered, and often sells at once."""
    life = _older(country, 5)
    life.transfer(country.society.person(life.province), price=None, invoice=None)
    if country.dice.chance(0.6):
        life.wait(8, 1.1)
        sold_on(life)
    return life


def parents(country: Country) -> Life:
    """Parents buy with their discount and hand the car to the child."""
    life = _recent(country).wait(5, 1.0)
    life.transfer(country.society.person(life.province), price=life.paid(), invoice=None)
    return life


def divorce(country: Country) -> Life:
    """The car changes hands twice while people sort themselves out."""
    life = _older(country, 3)
    first = life.owner
    assert first is not None
    life.transfer(country.society.person(life.province), price=None, invoice=None)
    life.wait(9, 1.0).transfer(first, price=None, invoice=None)
    return life


def court_auction(country: Country) -> Life:
    """A court takes a debtor's car and sells it at once."""
    dice, life = country.dice, _older(country, 3)
    life.transfer(dice.one_of(country.society.courts), price=None, invoice=None, reading="unread")
    life.wait(6, 1.1)
    price = round(life.worth() * dice.about(0.66, 0.2), -2)
    life.transfer(country.society.person(life.province), price=price, province=elsewhere(life))
    return life


def co_owners(country: Country) -> Life:
    """Two people are entered for one purchase, each with a document."""
    dice, society = country.dice, country.society
    life = Life(country, some_day(dice, FIRST))
    seller, price, invoice = society.dealer(life.make), life.paid(), f"{country.number():09}77"
    plate = life.initial(society.person(life.province), seller, price=price, invoice=invoice).document[
        "plate"
    ]
    life.initial(society.person(life.province), seller, price=price, invoice=invoice).document[
        "plate"
    ] = plate
    if dice.chance(0.3):
        sold_on(life.wait(900, 0.6))
    return life


def sale_undone(country: Country) -> Life:
    """The buyer steps back; the car returns to the seller, and finds another."""
    life = _older(country)
    seller = life.owner
    assert seller is not None
    price = life.worth()
    life.transfer(country.society.person(life.province), price=price)
    life.wait(7, 0.9).transfer(seller, price=price, invoice=None)
    if country.dice.chance(0.6):
        sold_on(life.wait(30, 0.8))
    return life


def temporarily_off(country: Country) -> Life:
    """Off the road for some months, then back."""
    life = _older(country)
    life.deregister(FOR_A_TIME)
    km = life.daily_km
    life.daily_km = 0
    life.wait(160, 0.7)
    life.daily_km = km
    owner = life.owner
    assert owner is not None
    life.initial(owner, None, price=None, invoice=None, kind=BACK)
    return life


def used_import(country: Country) -> Life:
    """Used abroad before; the home register starts with a re-registration."""
    life = Life(country, some_day(country.dice, high=LAST - 400)).wait(900, 0.6)
    person = country.society.person(life.province)
    life.initial(person, None, price=life.worth(), invoice=None, kind=BACK)
    if country.dice.chance(0.3):
        sold_on(life.wait(700, 0.6))
    return life


def stolen_and_found(country: Country) -> Life:
    life = _older(country, 2)
    life.deregister("lost")
    life.wait(90, 1.0)
    owner = life.owner
    assert owner is not None
    life.initial(owner, None, price=None, invoice=None, kind=BACK)
    return life


def diplomat(country: Country) -> Life:
    """Leaves with household and car when the posting ends."""
    life = _recent(country).wait(330, 0.7)
    owner = life.owner
    assert owner is not None
    _own_car(life, owner)
    return life


def emigrant(country: Country) -> Life:
    """Takes the own car along, as personal effects."""
    life = _older(country, 1.5)
    owner = life.owner
    assert owner is not None
    _own_car(life, owner)
    return life


def _own_car(life: Life, owner: Party) -> None:
    destination = life.dice.one_of(("RU", "KZ", "DE", "FR", "AE", "CA", "AU", "TH", "MY", "KR"))
    life.export(owner, destination=destination, trade_mode="9900", licence=False)
    if life.dice.chance(0.8):
        life.deregister("export")


def mistyped(country: Country) -> Life:
    """A clerk mistypes the number of a car to be exported; weeks later it is put right."""
    dice, life = country.dice, _older(country, 5)
    exported(life)
    entry = next(entry for entry in life.book if entry.document["event_type"] == "customs_export")
    place = dice.number(11, 16)
    digit = str((int(life.vin[place]) + dice.number(1, 9)) % 10) if life.vin[place].isdigit() else "0"
    wrong = {
        **entry.document,
        "vin": life.vin[:place] + digit + life.vin[place + 1 :],
        "event_id": f"{country.number():09}",
    }
    life.mistyped = wrong["vin"]
    life.book.append(type(entry)(wrong, entry.clock, entry.written, amended=True))
    entry.written = entry.clock + dice.about(18, 0.8)
    life.book.append(
        type(entry)({**wrong, "revision": 1, "status": "void"}, entry.clock, entry.written)
    )
    return life


def told_twice(country: Country) -> Life:
    """Two offices report one move of a car, each under its own number, days apart."""
    dice, life = country.dice, _older(country)
    entry = life.transfer(
        country.society.person(dice.weighted(PROVINCES)), province=dice.weighted(PROVINCES)
    )
    other = f"cgs-{dice.weighted(PROVINCES)[3:].lower()}"
    copy = {**entry.document, "event_id": f"{country.number():09}", "source": other}
    clock = entry.clock + dice.about(1.2, 0.9)
    life.book.append(type(entry)(copy, clock, clock))
    return life


def owner_corrected(country: Country) -> Life:
    """The clerk entered the wrong person, and corrects it."""
    life = _recent(country)
    entry = life.book[0]
    life.wait(12, 1.0).amend(entry, owner_id=country.society.identity())
    return life


def rolled_over(country: Country) -> Life:
    """An odometer with five or six places starts from zero again."""
    dice, life = country.dice, _older(country, 5)
    life.until(life.clock + 1).km = dice.about(93_000, 0.03)
    life.transfer(country.society.person(life.province), reading="read")
    life.wait(500, 0.5)
    life.km %= 100_000
    life.transfer(country.society.person(life.province), reading="read")
    return life


def cluster_replaced(country: Country) -> Life:
    """A workshop fits a new instrument; the car then shows less than it ran, at home or abroad."""
    life = _older(country, 5)
    life.transfer(country.society.used_dealer(), reading="read")
    life.km = country.dice.about(300, 1.2)
    life.wait(300, 0.8)
    if country.dice.chance(0.3):
        exported(life)
    else:
        through_dealer(life)
    return life


STORIES: Final[dict[Callable[[Country], Life], float]] = {
    spouses: 3, heirs: 3, parents: 2, divorce: 1, court_auction: 3, co_owners: 3, sale_undone: 2,
    temporarily_off: 2, used_import: 2, stolen_and_found: 1, diplomat: 1, emigrant: 1.5, mistyped: 1.5,
    told_twice: 2.5, owner_corrected: 1, rolled_over: 1, cluster_replaced: 1,
}  # fmt: skip
"""And their weights among the innocent oddities."""
