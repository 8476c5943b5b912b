"""Who lives and trades in the country: people, firms, dealers, exporters, and where they sit."""

from __future__ import annotations

from typing import NamedTuple

from tests.independent.dice import Dice, Weighted
from tests.independent.makes import MAKES, Make

PROVINCES = Weighted(
    {
        f"CN-{code}": weight
        for code, weight in (
            ("GD", 12), ("SD", 9), ("JS", 9), ("ZJ", 8.5), ("HE", 6.5), ("HA", 6.5), ("SC", 6),
            ("HB", 4.5),
            ("AH", 4.2), ("HN", 4), ("FJ", 3.3), ("LN", 3.2), ("BJ", 3), ("SN", 3), ("SH", 3),
            ("CQ", 2.7),
            ("JX", 2.6), ("GX", 2.6), ("YN", 2.5), ("SX", 2.4), ("GZ", 2), ("NM", 2), ("HL", 1.8),
            ("JL", 1.6),
            ("TJ", 1.6), ("XJ", 1.6), ("GS", 1.3), ("HI", 0.8), ("NX", 0.6), ("QH", 0.4), ("XZ", 0.2),
        )
    }
)  # fmt: skip
TRADE_PROVINCES = Weighted(
    {"CN-GD": 14, "CN-ZJ": 12, "CN-SD": 8, "CN-SC": 7, "CN-TJ": 6, "CN-CQ": 6, "CN-XJ": 6, "CN-HA": 5}
    | {"CN-JS": 5, "CN-FJ": 4, "CN-SN": 4, "CN-SH": 4, "CN-HL": 3, "CN-LN": 3, "CN-HB": 3, "CN-GX": 2}
)
"""Where exporters sit."""
_PLATES = {
    "BJ": "京", "TJ": "津", "HE": "冀", "SX": "晋", "NM": "蒙", "LN": "辽", "JL": "吉", "HL": "黑",
    "SH": "沪",
    "JS": "苏", "ZJ": "浙", "AH": "皖", "FJ": "闽", "JX": "赣", "SD": "鲁", "HA": "豫", "HB": "鄂",
    "HN": "湘",
    "GD": "粤", "GX": "桂", "HI": "琼", "CQ": "渝", "SC": "川", "GZ": "贵", "YN": "云", "XZ": "藏",
    "SN": "陕",
    "GS": "甘", "QH": "青", "NX": "宁", "XJ": "新",
}  # fmt: skip
_PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


class Gate(NamedTuple):
    """A customs office at which cars leave, and where they go from there."""

    customs: str
    destinations: Weighted[str]


GATES = Weighted(
    {
        Gate("9402", Weighted({"KZ": 5, "UZ": 3, "KG": 2, "RU": 3, "TJ": 1})): 34,
        Gate("9404", Weighted({"KZ": 4, "RU": 2, "UZ": 1})): 8,
        Gate("9403", Weighted({"KG": 6, "UZ": 1, "TJ": 1})): 7,
        Gate("0202", Weighted({"AE": 4, "RU": 3, "JO": 2, "NG": 1, "AZ": 1, "GE": 1})): 14,
        Gate("2248", Weighted({"AE": 4, "MX": 2, "SA": 2, "JO": 2, "GH": 1, "EG": 1})): 10,
        Gate("5165", Weighted({"AE": 5, "JO": 2, "KH": 1, "CI": 1, "SA": 1})): 11,
        Gate("1902", Weighted({"RU": 1})): 6,
        Gate("0601", Weighted({"RU": 4, "BY": 1})): 6,
        Gate("8601", Weighted({"LA": 2, "MM": 2})): 2,
        Gate("7206", Weighted({"VN": 3, "LA": 1})): 2,
    }
)


class Party(NamedTuple):
    """Somebody who owns, sells or exports cars; the identity says nothing of what it is."""

    identity: str
    type: str
    province: str
    group: str | None = None


class Company(NamedTuple):
    """What a company of the trade is known for."""

    party: Party
    make: Make


class Society:
    """All parties of one country; people are made as they are needed, firms stand from the start."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self._made = dice.number(10_000, 99_999)
        self.dealers = {
            make.brand: [self.firm("dealer") for _ in range(max(12, int(14 * weight)))]
            for make, weight in _weights(MAKES)
        }
        self.used_dealers = [self.firm("dealer") for _ in range(900)]
        self.companies = [self.firm("company") for _ in range(5_000)]
        self.rentals = [self.firm("rental") for _ in range(70)]
        self.lessors = [self.firm("company") for _ in range(25)]
        self.insurers = [self.firm("company") for _ in range(18)]
        self.courts = [self.firm("government") for _ in range(60)]
        self.exporters = [self.firm("exporter", dice.weighted(TRADE_PROVINCES)) for _ in range(240)]
        self.makers = {
            make.brand: self.firm("exporter", group=self.identity()) for make, _ in _weights(MAKES)
        }
        """The trading house of every maker."""

    def identity(self) -> str:
        """A fresh opaque identity."""
        self._made += 1
        return f"{self._made * 0x9E3779B97F4A7C15 % 2**64:016x}"

    def firm(self, kind: str, province: str | None = None, group: str | None = None) -> Party:
        """A new firm."""
        return Party(self.identity(), kind, province or self.dice.weighted(PROVINCES), group)

    def person(self, province: str) -> Party:
        """Somebody who was not heard of before."""
        return Party(self.identity(), "person", province)

    def dealer(self, make: Make) -> Party:
        """One of the make's dealers."""
        return self.dice.front_of(self.dealers[make.brand])

    def used_dealer(self) -> Party:
        """One of the dealers in used cars."""
        return self.dice.front_of(self.used_dealers)

    def exporter(self) -> Party:
        """One of the known exporters, the large ones more often."""
        return self.dice.front_of(self.exporters)

    def company(self) -> Party:
        """One of the companies."""
        return self.dice.front_of(self.companies, 1.6)

    def plate(self, province: str, *, electric: bool) -> str:
        """A number plate; green ones have one character more."""
        dice = self.dice
        tail = "".join(dice.one_of(_PLATE_LETTERS) for _ in range(5))
        return f"{_PLATES[province[3:]]}{dice.one_of('ABCDEFG')}{'D' if electric else ''}{tail}"


def _weights(table: Weighted[Make]) -> list[tuple[Make, float]]:
    before = [0.0, *table.bounds]
    return [(make, table.bounds[n] - before[n]) for n, make in enumerate(table.things)]
