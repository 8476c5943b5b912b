"""Cars as makers build them: brand, model, fuel, price, and a VIN with its check digit."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from tests.independent.dice import Dice, Weighted


class Make(NamedTuple):
    """A brand: where its VINs begin, what it builds, what that costs."""

    brand: str
    prefixes: tuple[str, ...]
    models: tuple[str, ...]
    fuels: Weighted[str]
    price: float
    """Median list price, CNY."""
    since: int
    """The first year in which it sells cars."""


def _make(
    brand: str, prefixes: str, models: str, fuels: str, price: float, *, since: int = 1995
) -> Make:
    """Write ``petrol:6 bev:4`` for the fuels' weights."""
    weights = {
        name: float(weight) for name, _, weight in (word.partition(":") for word in fuels.split())
    }
    return Make(brand, tuple(prefixes.split()), tuple(models.split()), Weighted(weights), price, since)


MAKES = Weighted(
    {
        _make("BYD", "LGX LC0 LPE", "Qin Song Han Seagull Dolphin Yuan", "phev:5 bev:5", 128_000): 15,
        _make(
            "Volkswagen", "LSV LFV", "Lavida Sagitar Magotan Tiguan ID.4", "petrol:9 bev:1", 152_000
        ): 12,
        _make(
            "Geely", "LB2 LB3 L6T", "Emgrand Boyue Xingyue Galaxy", "petrol:6 phev:3 bev:1", 112_000
        ): 9,
        _make("Changan", "LS4 LS5 LS6", "CS75 Eado UNI-V Lumin", "petrol:8 bev:2", 98_000): 9,
        _make("Chery", "LVV LVT LVU", "Tiggo Arrizo eQ", "petrol:9 bev:1", 86_000): 7,
        _make("Toyota", "LFM LVG LTV", "Corolla Camry RAV4 Highlander", "petrol:6 hev:4", 178_000): 9,
        _make("Honda", "LHG LVH", "Civic Accord CR-V Breeze", "petrol:7 hev:3", 168_000): 7,
        _make("Nissan", "LGB", "Sylphy Teana Qashqai", "petrol:9 hev:1", 126_000): 5,
        _make("Haval", "LGW", "H6 Jolion Dargo Tank300", "petrol:9 phev:1", 124_000, since=2012): 5,
        _make("Wuling", "LZW LK6", "MINIEV Bingo Hongguang", "bev:7 petrol:3", 52_000): 6,
        _make("MG", "LSJ", "MG5 MG4 ZS", "petrol:7 bev:3", 94_000, since=2011): 3,
        _make("Tesla", "LRW", "Model-3 Model-Y", "bev:1", 258_000, since=2014): 4,
        _make("GAC", "LMG", "GS8 M8 Empow", "petrol:8 hev:2", 158_000): 3,
        _make("Aion", "LNA", "AION-S AION-Y", "bev:1", 134_000, since=2018): 2,
        _make("Buick", "LSG", "Excelle GL8 Envision", "petrol:9 phev:1", 182_000): 4,
        _make("BMW", "LBV", "320Li 530Li X3", "petrol:8 bev:2", 342_000): 3,
        _make("Mercedes-Benz", "LE4", "C260L E300L GLC", "petrol:9 phev:1", 368_000): 3,
        _make("Audi", "LFV", "A4L A6L Q5L", "petrol:1", 308_000): 3,
        _make("Kia", "LJD", "K3 Sportage", "petrol:1", 122_000): 2,
        _make("Ford", "LVS", "Focus Mondeo Edge", "petrol:1", 164_000): 2,
        _make("Mazda", "LVR", "Mazda3 CX-5", "petrol:1", 142_000): 1,
        _make("Volvo", "LVY", "S60 S90 XC60", "petrol:8 phev:2", 298_000): 1,
        _make("Li", "LW4", "L7 L8 L9", "erev:1", 338_000, since=2019): 2,
        _make("XPeng", "L1N", "P7 G6 G9", "bev:1", 212_000, since=2018): 1.5,
        _make("NIO", "LJ1", "ET5 ES6", "bev:1", 322_000, since=2018): 1,
        _make("Leapmotor", "LFZ", "C11 T03 C01", "bev:7 erev:3", 118_000, since=2019): 1.5,
        _make("Zeekr", "L6T", "001 007 X", "bev:1", 248_000, since=2021): 1,
        _make("Voyah", "LDP", "Free Dreamer", "erev:6 bev:4", 282_000, since=2021): 0.5,
        _make("Seres", "LM8", "M5 M7 M9", "erev:7 bev:3", 318_000, since=2020): 1.5,
        _make("Beijing", "LNB", "BJ40 X7", "petrol:9 diesel:1", 138_000): 1.5,
    }
)
SOUGHT_ABROAD = tuple(
    make
    for make in MAKES.things
    if make.brand
    in {"BYD", "Zeekr", "Toyota", "Volkswagen", "Li", "Geely", "Mazda", "Honda", "Voyah", "Tesla"}
)
"""What the trade in nearly new cars deals in."""

_ALPHABET = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_VALUES = dict(
    zip(
        "0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
        [*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)],
        strict=True,
    )
)
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"
_STRIDE = 611_953
"""Coprime with a million: serial numbers look scattered and never meet."""


def with_check_digit(vin: str) -> str:
    """Put the right check digit into the ninth place (GB 16735)."""
    total = sum(_VALUES[character] * weight for character, weight in zip(vin, _WEIGHTS, strict=True))
    return f"{vin[:8]}{'0123456789X'[total % 11]}{vin[9:]}"


class Plant:
    """Stamps VINs, each once."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._built: Counter[str] = Counter()

    def stamp(self, make: Make, year: int) -> str:
        """A new VIN of a make for a model year."""
        dice = self._dice
        start = dice.one_of(make.prefixes)
        number = self._built[start]
        self._built[start] += 1
        serial = number * _STRIDE % 1_000_000
        year_code = _YEARS[(year - 1980) % 30]
        descriptor = "".join(dice.one_of(_ALPHABET) for _ in range(5))
        return with_check_digit(f"{start}{descriptor}0{year_code}{dice.one_of('ABCDEH')}{serial:06}")
