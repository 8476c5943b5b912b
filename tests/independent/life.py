"""One vehicle's life, as its story tells it: what happens, on which day, and what is written of it."""

from __future__ import annotations

import math
from datetime import date
from typing import Any, Literal

from tests.independent.land import LICENCES_SINCE, Country, Entry
from tests.independent.makes import MAKES, Make
from tests.independent.parties import GATES, PROVINCES, Gate, Party

Money = float | None | Literal["market"]
Reading = float | Literal["usual", "read", "silent", "unread"]
"""What is said of the odometer; a number is a claim that need not be true."""

_ELECTRIC_SINCE = 2013
_CODES = {
    "petrol": "87032341", "diesel": "87033231", "hev": "87034041", "phev": "87036041",
    "erev": "87036042", "bev": "87038010", "fcev": "87039000",
}  # fmt: skip


class Life:
    """A vehicle, its owner now, its true kilometres, and the documents so far."""

    def __init__(
        self, country: Country, clock: float, *, make: Make | None = None, province: str | None = None
    ) -> None:
        dice = country.dice
        self.country, self.dice, self.society = country, dice, country.society
        year = _year(clock)
        self.make = make or dice.weighted(MAKES)
        while make is None and self.make.since > year:
            self.make = dice.weighted(MAKES)
        self.model = dice.one_of(self.make.models)
        self.fuel = dice.weighted(self.make.fuels)
        if year < _ELECTRIC_SINCE and self.fuel not in {"petrol", "diesel"}:
            self.fuel = "petrol"
        self.province = province or dice.weighted(PROVINCES)
        self.list_price = self.make.price * dice.about(1, 0.25)
        self.born = self.clock = clock
        self.km = dice.about(12, 0.6)
        self.daily_km = dice.about(31, 0.5)
        self.mistyped = ""
        """Another number under which some of its documents went out, if any."""
        self.vin = country.plant.stamp(self.make, year)
        self.plate = ""
        self.owner: Party | None = None
        self.use = "private"
        self.exited = clock
        self.book: list[Entry] = []

    # What passes

    def wait(self, median: float, spread: float) -> Life:
        """Let days pass, around a median; the car is driven meanwhile."""
        return self.until(self.clock + self.dice.about(median, spread))

    def until(self, clock: float) -> Life:
        """Let time pass until then."""
        self.km += self.daily_km * max(clock - self.clock, 0)
        self.clock = clock
        return self

    def parked(self) -> Life:
        """From now on the car hardly moves: yards, transporters, ports."""
        self.daily_km = self.dice.about(0.4, 0.8)
        return self

    def paid(self) -> float:
        """What a new car costs after bargaining, CNY."""
        return round(self.list_price * min(1.15, self.dice.about(0.93, 0.05)), -2)

    def worth(self) -> float:
        """What the car as it is would fetch now, CNY."""
        years = max(self.clock - self.born, 0) / 365.25
        worn = 0.04 * (1 - math.exp(-self.km / 900)) + self.km / 1.6e6
        return round(
            self.list_price * 0.92 * math.exp(-0.135 * years - worn) * self.dice.about(1, 0.06), -2
        )

    # What is written

    def initial(
        self,
        owner: Party,
        seller: Party | None,
        *,
        price: Money = "market",
        invoice: str | None = "",
        use: str | None = None,
        reading: Reading = "usual",
        kind: str = "initial",
    ) -> Entry:
        """Enter the car into the register; a first registration seldom says anything of the
        odometer."""
        self.use = use or {"rental": "rental", "person": "private"}.get(owner.type, self.use)
        self.plate = self.society.plate(self.province, electric=self.fuel in {"bev", "phev", "erev"})
        if reading == "usual" and kind == "initial" and self.dice.chance(0.85):
            reading = "silent"
        price = self.paid() if price == "market" else price
        return self._registered(kind, owner, seller, price=price, invoice=invoice, reading=reading)

    def transfer(
        self,
        owner: Party,
        *,
        seller: Party | None = None,
        price: Money = "market",
        invoice: str | None = "",
        reading: Reading = "usual",
        province: str | None = None,
        kind: str = "transfer",
    ) -> Entry:
        """Pass the car on to another owner, at what it is worth unless told otherwise."""
        if province and province != self.province:
            self.province = province
            self.plate = self.society.plate(province, electric=self.fuel == "bev")
        price = self.worth() if price == "market" else price
        seller = seller or self.owner
        return self._registered(kind, owner, seller, price=price, invoice=invoice, reading=reading)

    def pending(self, exporter: Party, **details: Any) -> Entry:
        """Endorse the transfer to an exporter as pending export; the file stays with its office."""
        return self.transfer(exporter, kind="pending_export", **details)

    def _registered(
        self,
        kind: str,
        owner: Party,
        seller: Party | None,
        *,
        price: float | None,
        invoice: str | None,
        reading: Reading,
    ) -> Entry:
        if invoice == "":
            invoice = f"{self.country.number():09}{self.dice.number(0, 99):02}"
        document = {
            "event_type": "registration", "kind": kind, "province": self.province,
            "owner_id": owner.identity, "owner_type": owner.type,
            "owner_group": owner.group, "seller_id": seller and seller.identity,
            "seller_group": seller and seller.group, "price_cny": price,
            "invoice_no": invoice,
            **self._odometer(reading, (0.62, 0.12, 0.06)),
            "brand": self.make.brand, "model": self.model, "fuel": self.fuel, "use": self.use,
            "plate": self.plate,
        }  # fmt: skip
        self.owner = owner
        return self._enter(document, f"cgs-{self.province[3:].lower()}")

    def export(
        self,
        exporter: Party,
        *,
        gate: Gate | None = None,
        destination: str | None = None,
        value: Money = "market",
        condition: str = "used",
        reading: Reading = "usual",
        trade_mode: str = "0110",
        licence_applied: float | None = None,
        licence: bool = True,
        **details: Any,
    ) -> Entry:
        """Declare the car for export; it leaves some days later."""
        gate = gate or self.dice.weighted(GATES)
        year = _year(self.clock)
        self.exited = self.clock + self.dice.about(2.6, 0.7)
        licence = (
            licence and condition == "used" and (self.clock > LICENCES_SINCE or self.dice.chance(0.5))
        )
        number = f"{year % 100}-{exporter.province[3:]}-{self.country.number():09}"
        applied = self.clock - self.dice.about(6, 0.6) if licence_applied is None else licence_applied
        document = {
            "event_type": "customs_export",
            "declaration_no": self.country.declaration(exporter, gate, int(self.clock), year),
            "exporter_id": exporter.identity, "exporter_province": exporter.province,
            "source_province": self.province, "exit_customs": gate.customs,
            "destination": destination or self.dice.weighted(gate.destinations), "condition": condition,
            "value_cny": self.worth() * self.dice.about(1.09, 0.06) if value == "market" else value,
            **self._odometer(reading, (0.8, 0.05, 0.08)), "hs_code": f"{_CODES[self.fuel]}10",
            "trade_mode": trade_mode,

            "licence_no": number if licence else None,
            "licence_applied_at": applied if licence else None, "exited_at": self.exited,
            "brand": self.make.brand, "model": self.model, "fuel": self.fuel, **details,
        }  # fmt: skip
        return self._enter(document, "customs-gacc")

    def deregister(self, reason: str, after: float | None = None) -> Entry:
        """End the registration; after an export this falls due within two months."""
        if reason == "export" and after is None:
            after = self.dice.about(22, 0.7)
        if reason == "export":
            self.until(max(self.clock, self.exited))
        self.until(self.clock + (after or 0.0))
        document = {
            "event_type": "deregistration", "reason": reason, "province": self.province,
            "owner_id": self.owner and self.owner.identity,
        }  # fmt: skip
        return self._enter(document, f"cgs-{self.province[3:].lower()}")

    def amend(self, entry: Entry, *, clock: float | None = None, **changes: Any) -> Entry:
        """Let the source replace a document now; ``clock`` is the day on which it now has things
        happen."""
        before = max((e.document for e in self.book if _same(e, entry)), key=lambda d: d["revision"])
        document = before | {"revision": before["revision"] + 1} | changes
        entry.amended = True
        self.book.append(Entry(document, entry.clock if clock is None else clock, self.clock))
        return self.book[-1]

    def withdraw(self, entry: Entry) -> Entry:
        """Let the source void a document now."""
        return self.amend(entry, status="void")

    def rewrite(self, entry: Entry, *, clock: float, **changes: Any) -> Entry:
        """Let the source void a document now and write another in its place, of another day."""
        self.withdraw(entry)
        number = self.country.number()
        document = (
            entry.document | {"event_id": f"{_year(self.clock)}{number:09}", "revision": 0} | changes
        )
        self.book.append(Entry(document, clock, self.clock))
        return self.book[-1]

    def _enter(self, document: dict[str, Any], source: str) -> Entry:
        number = self.country.number()
        identity = {
            "event_id": f"{_year(self.clock)}{number:09}",
            "source": source,
            "vin": self.vin,
            "revision": 0,
        }
        entry = Entry(identity | document, self.clock, self.clock)
        self.book.append(entry)
        return entry

    def _odometer(self, reading: Reading, usual: tuple[float, float, float]) -> dict[str, Any]:
        if reading == "usual":
            share = self.dice.share()
            read, unread, bare = usual
            if share >= read + unread + bare:
                return {}
            if share >= read + unread:
                return {"odometer_km": round(self.km)}
            reading = "read" if share < read else "unread"
        if reading == "silent":
            return {}
        if reading == "unread":
            return {"odometer_km": 0, "odometer_status": "not_read"}
        return {
            "odometer_km": round(self.km if reading == "read" else reading),
            "odometer_status": "read",
        }


def _same(one: Entry, other: Entry) -> bool:
    return bool(one.document["event_id"] == other.document["event_id"])


def _year(clock: float) -> int:
    return date.fromordinal(int(clock)).year
