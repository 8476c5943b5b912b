"""Who runs a scheme, with whom, from where; and the textbook case that everybody knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from tests.independent.feed import LAST
from tests.independent.land import Country
from tests.independent.life import Life
from tests.independent.makes import SOUGHT_ABROAD, Make
from tests.independent.parties import GATES, TRADE_PROVINCES, Gate, Party

BEGINNING = LAST - 1_900
"""The trade in nearly new cars takes off."""


class Operation(NamedTuple):
    """A few people with a plan, and a lot of cars of one make."""

    dealer: Party
    exporter: Party
    nominees: tuple[Party, ...]
    make: Make
    province: str
    gate: Gate
    clock: float

    def nominee(self, country: Country) -> Party:
        """One of those in whose name the cars are entered."""
        return country.dice.one_of(self.nominees)


Story = Callable[[Country, Operation], Life]


def operation(country: Country, low: float = BEGINNING, high: float = LAST - 420) -> Operation:
    """A new operation that begins between two days."""
    dice, society = country.dice, country.society
    province = dice.weighted(TRADE_PROVINCES)
    clock = dice.between(low, high)
    year = date.fromordinal(int(clock)).year
    make = dice.one_of([make for make in SOUGHT_ABROAD if make.since <= year])
    shell = dice.chance(0.5)
    exporter = society.firm("exporter", province) if shell else society.exporter()
    dealer = dice.one_of(society.dealers[make.brand])
    nominees = tuple(society.firm("company", province) for _ in range(dice.number(1, 4)))
    gate = dice.weighted(GATES)
    return Operation(dealer, exporter, nominees, make, province, gate, clock)


def car(country: Country, plan: Operation) -> Life:
    """The next car of an operation, hardly driven; lots are bought over some days."""
    life = Life(
        country, plan.clock + country.dice.about(3, 1.1), make=plan.make, province=plan.province
    )
    return life.parked()


def bought(country: Country, plan: Operation, owner: Party | None = None, **details: Any) -> Life:
    """A car that is entered for a nominee, or for somebody else."""
    life = car(country, plan)
    life.initial(owner or plan.nominee(country), plan.dealer, **details)
    return life


def sent_off(life: Life, plan: Operation, **details: Any) -> None:
    """Licence, customs, exit, and mostly deregistration, as the trade does it."""
    life.wait(4.6, 0.4)
    applied = life.clock - life.dice.about(1.5, 0.6)
    details = {"licence_applied": applied} | details
    life.wait(6, 0.65).export(plan.exporter, gate=plan.gate, **details)
    if life.dice.chance(0.85):
        life.deregister("export")


def textbook(country: Country, plan: Operation) -> Life:
    """Entered for a nominee, endorsed pending export within days, shipped unused as a used car."""
    owner = plan.nominee(country)
    if country.dice.chance(0.25):
        owner = country.society.person(plan.province)
    life = bought(country, plan, owner)
    life.wait(3, 1.0)
    life.pending(plan.exporter, price=round(life.paid() * country.dice.about(1.02, 0.02), -2))
    sent_off(life, plan)
    return life
