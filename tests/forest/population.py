"""A small seeded country of vehicle histories: ordinary lives, the scheme, and single faults.

Independent of the shipped simulator on purpose: another set of assumptions, and faults whose guilty
feature is known.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from detectors.china import REGIONS
from detectors.documents import CustomsExport, Deregistration, Document, Registration
from detectors.history import VehicleHistory

TODAY = date(2025, 6, 30).toordinal()
REGIONS = [code for code in REGIONS if code not in {"CN-HK", "CN-MO", "CN-TW"}]
COMMON = {
    "source": "test", "time": None, "recorded_day": None, "recorded_time": None,
    "revision": 0, "status": "valid",
}  # fmt: skip


@dataclass
class Life:
    """Numbers of one life; a fault changes one of them."""

    vin: str
    province: str
    born: int
    price: float
    age: int
    kilometres: float
    owners: int
    kept: float
    first_holding: int | None = None
    endorsement_lag: int = 8
    licence_lag: int = 5
    exit_lag: int = 4
    deregistration_lag: int = 20
    owner_type: str = "person"

    def registration(self, number: int, day: int, **fields) -> Registration:
        return Registration(
            **COMMON, event_id=f"{self.vin}-{number}", vin=self.vin, day=day,
            **({"province": self.province} | fields),
        )  # fmt: skip

    def domestic(self) -> VehicleHistory:
        """Sold new, then `owners - 1` times used, last after `age` days."""
        return VehicleHistory.of(self.vin, self._sales(self.owners))

    def _sales(self, count: int) -> list[Document]:
        first = self.first_holding
        if first is None:
            first = self.age if count == 2 else int(self.age * 0.6)
        days = [0, *np.linspace(first, self.age, max(1, count - 1)).astype(int).tolist()]
        documents: list[Document] = []
        for number, day in enumerate(days[:count]):
            share = day / max(1, self.age)
            documents.append(
                self.registration(
                    number,
                    self.born + day,
                    kind="transfer" if number else "initial",
                    owner_id=f"{self.vin}-owner-{number}",
                    owner_type="person" if number else self.owner_type,
                    price_cny=self.price * (self.kept if number else 1.0),
                    odometer_km=self.kilometres * share if number else None,
                    odometer_status="read" if number else None,
                )
            )
        return documents

    def export(self) -> VehicleHistory:
        """As domestic, and the last sale is to an exporter, endorsed pending export."""
        *documents, last = self._sales(self.owners)
        day = last.day
        documents.append(
            self.registration(
                99, day, kind="pending_export", owner_id="exporter", owner_type="exporter",
                price_cny=self.price * self.kept,
            )
        )  # fmt: skip
        declared = day + self.endorsement_lag
        documents += [
            CustomsExport(
                **COMMON, event_id=f"{self.vin}-export", vin=self.vin, day=declared,
                declaration_no=f"{self.vin}-d", exporter_id="exporter", destination="RU",
                condition="used", exporter_province=self.province, source_province=self.province,
                value_cny=self.price * self.kept * 1.1, odometer_km=self.kilometres,
                odometer_status="read", licence_applied_day=declared - self.licence_lag,
                exited_day=declared + self.exit_lag,
            ),
            Deregistration(
                **COMMON, event_id=f"{self.vin}-gone", vin=self.vin, reason="export",
                day=declared + self.deregistration_lag, province=self.province,
            ),
        ]  # fmt: skip
        return VehicleHistory.of(self.vin, documents)


def province_habits(seed: int = 7) -> dict[str, tuple[float, float]]:
    """How much each province drives and pays, as factors; the same for every seed of lives."""
    generator = np.random.default_rng(seed)
    return {
        code: (float(np.exp(generator.normal(0, 0.35))), float(np.exp(generator.normal(0, 0.2))))
        for code in REGIONS
    }


HABITS = province_habits()


def _base(generator: np.random.Generator, prefix: str, number: int) -> dict:
    province = REGIONS[int(generator.integers(len(REGIONS)))]
    return {
        "vin": f"{prefix}{number}",
        "province": province,
        "price": float(140_000 * np.exp(generator.normal(0, 0.4)) * HABITS[province][1]),
        "owner_type": "company" if generator.random() < 0.08 else "person",
    }


def ordinary(seed: int, count: int, prefix: str = "D") -> list[Life]:
    """Used sales of domestic cars: years old, driven, cheaper."""
    generator = np.random.default_rng((seed, 1))
    return [_used(generator, prefix, number) for number in range(count)]


def _used(generator: np.random.Generator, prefix: str, number: int) -> Life:
    base = _base(generator, prefix, number)
    age = int(np.clip(np.exp(generator.normal(np.log(1300), 0.55)), 200, 5000))
    a_day = 33 * np.exp(generator.normal(0, 0.35)) * HABITS[base["province"]][0]
    kept = float(0.88 ** (age / 365) * np.exp(generator.normal(0, 0.12)))
    owners = 2 + int(generator.poisson(age / 4000))
    return Life(
        **base, born=TODAY - age - int(generator.integers(0, 700)), age=age,
        kilometres=float(age * a_day), owners=owners, kept=kept,
        endorsement_lag=int(generator.integers(4, 25)), licence_lag=int(generator.integers(2, 15)),
        exit_lag=int(generator.integers(1, 8)), deregistration_lag=int(generator.integers(5, 51)),
    )  # fmt: skip


def scheme(seed: int, count: int, prefix: str = "Z") -> list[Life]:
    """Zero-mileage exports: registered, endorsed within days, hardly driven, as good as new."""
    generator = np.random.default_rng((seed, 2))
    lives = []
    for number in range(count):
        base = _base(generator, prefix, number)
        base["owner_type"] = ("company", "dealer", "person")[int(generator.integers(3))]
        age = int(np.clip(np.exp(generator.normal(np.log(4), 0.8)), 1, 60))
        lives.append(
            Life(
                **base, born=TODAY - int(generator.integers(30, 700)), age=age,
                kilometres=float(generator.integers(3, 120)), owners=2,
                kept=float(np.exp(generator.normal(0.0, 0.05))),
                endorsement_lag=int(generator.integers(4, 25)),
                licence_lag=int(generator.integers(2, 15)),
                exit_lag=int(generator.integers(1, 8)),
                deregistration_lag=int(generator.integers(5, 51)),
            )
        )  # fmt: skip
    return lives
