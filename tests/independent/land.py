"""What all lives of one country share, and what a source notes down of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tests.independent.dice import Dice
from tests.independent.makes import Plant
from tests.independent.parties import Gate, Party, Society

LICENCES_SINCE: Final = 738_946.0
"""2024-03-01: no used car leaves without an export licence from then on."""


@dataclass(eq=False, slots=True)
class Entry:
    """A document and when its source learns of it."""

    document: dict[str, Any]
    clock: float
    """When it happened: the civil day (ordinal) and the share of the office hours that have passed."""
    written: float
    """When it was written, by the same measure."""
    amended: bool = False
    """Whether its story amends it; sources then make no corrections of their own."""


class Country:
    """What all lives of one country share."""

    def __init__(self, seed: int) -> None:
        self.dice = Dice(seed)
        self.society = Society(self.dice)
        self.plant = Plant(self.dice)
        self._numbers = 0
        self.merger = self.society.firm("company"), self.society.firm("company"), LICENCES_SINCE + 200
        """A company, the one that takes it over, and the day."""
        self._declarations: dict[tuple[str, str, int], tuple[str, int]] = {}

    def number(self) -> int:
        """Nine digits, each number once: sources count, and interleave."""
        self._numbers += 1
        return self._numbers * 387_420_489 % 10**9

    def declaration(self, exporter: Party, gate: Gate, day: int, year: int) -> str:
        """The declaration of a consignment: up to twenty cars that an exporter clears on one day."""
        key = exporter.identity, gate.customs, day
        number, cars = self._declarations.get(key, ("", 20))
        if cars >= 20:
            number, cars = f"{gate.customs}{year}0{self.number():09}", 0
        self._declarations[key] = number, cars + 1
        return number
