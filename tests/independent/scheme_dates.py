"""New schemes that play with time: waiting, backdating, endorsements renewed, registrations made up
afterwards."""

from __future__ import annotations

from typing import Final

from tests.independent.land import Country
from tests.independent.life import Life
from tests.independent.operations import Operation, Story, bought, car, sent_off

# Reading "silent" or "unread" hides what the odometer would say; the trace is that exactly these
# cars are silent.


def waits_out_the_law(country: Country, plan: Operation) -> Life:
    """Cars stand in a yard until half a year is over; then they go, and nobody reads the odometer."""
    life = bought(country, plan)
    life.wait(186, 0.035).pending(plan.exporter, reading="unread")
    sent_off(life, plan, reading=country.dice.one_of(("unread", "silent")))
    return life


def yard_for_half_a_year(country: Country, plan: Operation) -> Life:
    """The same, of a careless exporter: after half a year the odometer shows what it showed at the
    dealer's."""
    life = bought(country, plan)
    life.wait(200, 0.07).pending(plan.exporter)
    sent_off(life, plan, reading="read")
    return life


def backdated(country: Country, plan: Operation) -> Life:
    """The first registration is withdrawn and entered anew, months earlier, so that the car is old
    enough."""
    life = bought(country, plan)
    first = life.book[0]
    life.wait(9, 0.8)
    life.rewrite(first, clock=first.clock - country.dice.about(185, 0.06))
    life.wait(5, 0.8).pending(plan.exporter)
    sent_off(life, plan)
    return life


def backdated_by_amendment(country: Country, plan: Operation) -> Life:
    """The registration date is corrected after the car has left."""
    life = bought(country, plan)
    first = life.book[0]
    life.wait(6, 1.0).pending(plan.exporter)
    sent_off(life, plan)
    life.wait(12, 0.7).amend(first, clock=first.clock - country.dice.about(190, 0.1))
    return life


def declaration_moved(country: Country, plan: Operation) -> Life:
    """The declaration is amended after the exit: it now bears a date half a year later."""
    life = bought(country, plan)
    life.wait(6, 1.0)
    endorsed = life.pending(plan.exporter)
    life.wait(9, 0.6)
    declared = life.export(plan.exporter, gate=plan.gate)
    life.until(life.exited).wait(15, 0.8)
    moved = life.born + country.dice.about(188, 0.04)
    life.until(max(life.clock, moved + 2))
    life.amend(declared, clock=moved, licence_applied_at=moved - 4)
    if country.dice.chance(0.5):
        life.amend(endorsed, clock=moved - 6)
    return life


def endorsement_renewed(country: Country, plan: Operation) -> Life:
    """The endorsement is withdrawn and renewed, again and again, to start its sixty days anew."""
    life = bought(country, plan)
    life.wait(7, 1.0)
    endorsed = life.pending(plan.exporter)
    for _ in range(country.dice.number(2, 4)):
        life.wait(48, 0.2).withdraw(endorsed)
        life.wait(1.5, 0.8)
        life.owner = plan.nominee(country)
        endorsed = life.pending(plan.exporter)
    sent_off(life, plan, reading=country.dice.one_of(("usual", "unread", "silent")))
    return life


def licence_before_registration(country: Country, plan: Operation) -> Life:
    """The export licence was applied for before the car was first registered: its journey was
    settled."""
    life = bought(country, plan)
    applied = life.born - country.dice.about(5, 0.8)
    life.wait(14, 0.9).pending(plan.exporter)
    sent_off(life, plan, licence_applied=applied, reading=country.dice.one_of(("usual", "silent")))
    return life


def registered_afterwards(country: Country, plan: Operation) -> Life:
    """The car left first; a registration at home was made up later to have it counted and
    subsidised."""

    life = car(country, plan)
    life.export(plan.exporter, gate=plan.gate, reading="silent")
    life.wait(16, 0.8)
    life.initial(plan.nominee(country), plan.dealer)
    if country.dice.chance(0.6):
        life.wait(20, 0.8).deregister("export")
    return life


def sale_unmade(country: Country, plan: Operation) -> Life:
    """After the exit the first registration is withdrawn: purchase tax comes back, the car never
    was at home."""
    life = bought(country, plan)
    first = life.book[0]
    life.wait(5, 1.0).pending(plan.exporter)
    sent_off(life, plan, reading="silent")
    life.wait(25, 0.7).withdraw(first)
    return life


def slow_second_sale(country: Country, plan: Operation) -> Life:
    """Everybody looks at the first week, so they wait: one to four weeks between the two sales."""
    life = bought(country, plan)
    life.wait(16, 0.45).pending(plan.exporter)
    sent_off(life, plan, reading=country.dice.one_of(("usual", "silent")))
    return life


STORIES: Final[dict[Story, float]] = {
    waits_out_the_law: 6, yard_for_half_a_year: 4, backdated: 2.5, backdated_by_amendment: 2,
    declaration_moved: 2.5,
    endorsement_renewed: 2.5, licence_before_registration: 2, registered_afterwards: 1.5,
    sale_unmade: 1.5,
    slow_second_sale: 6,
}  # fmt: skip
"""And their weights among the new schemes."""
OF_THE_LAW: Final = frozenset(
    {waits_out_the_law, yard_for_half_a_year, backdated, backdated_by_amendment, declaration_moved}
)
"""Those that make sense only since half a year matters."""
