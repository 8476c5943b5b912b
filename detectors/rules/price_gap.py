"""Declared at a price that the car's first sale and age do not explain."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from detectors.base import Detector, DetectorSpec, Margin, Parameters
from detectors.documents import CustomsExport, comes_before
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.rules.zero_mileage_export import reading_at
from detectors.sales import Sale
from detectors.screens import ScreenCase, screen
from detectors.wording import count

_DAYS_A_YEAR = 365.25


class PriceGapParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    annual_depreciation: Annotated[float, Meta(ge=0, lt=1)]
    """Share of its value that a car loses in a year."""
    lowest_share: Annotated[float, Meta(gt=0, le=1)]
    """Declared value below this share of the expected one is odd."""
    highest_share: Annotated[float, Meta(ge=1, le=100)]
    """Declared value above this share of the expected one is odd."""
    zero_km: Annotated[float, Meta(ge=0, le=100_000)]
    """Odometer read up to this: as good as new, so its value is known."""


class PriceGap(Detector[PriceGapParameters]):
    """Fires when the declared value lies far outside the band of first price and age.

    Expected is the price of the car's first sale, less depreciation for every year since. Documents do
    not tell what a car in use is worth: a wreck is declared as one. So the finding is low, but on a car
    that has hardly been driven.
    """

    spec = DetectorSpec(
        id="price_gap",
        version=2,
        title="Odd declared value",
        status="stable",
        severities=("low", "medium"),
        description="Declared value far from the first sale's price less depreciation.",
        abnormal_because=(
            "Under-declaring saves duty at the destination; over-declaring inflates the rebate and "
            "moves money across the border."
        ),
        known_gaps=(
            "Needs the price of an earlier sale. Depreciation is one rate for all cars, so vintage "
            "and luxury cars stand out."
        ),
        look_alikes=(
            "Taxes and freight move a value by a tenth or two; the band is wider. Wrecks and worn-out "
            "cars: low, unless the odometer says that the car is as good as new."
        ),
        references=(
            "Provincial values per exported car 2023 to 2025, press",
            "Depreciation and band: assumption",
        ),
        runbook=(
            "Compare with the same model's declarations by other exporters in the same 30 days.",
            "Ask the exporter for the purchase invoice and the payment.",
        ),
        screen=screen(ScreenCase(Content.CUSTOMS_EXPORT, documents=2)),
    )
    parameters_type = PriceGapParameters
    margins = (
        Margin("lowest_share", "share", 1.25, "times the expected value"),
        Margin("highest_share", "share", 0.8, "times the expected value"),
    )

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per declaration with such a value."""
        for declaration in history.declarations:
            first = _first_priced(history, declaration)
            if first is None or first.price_cny is None or declaration.value_cny is None:
                continue
            years = (declaration.day - first.day) / _DAYS_A_YEAR
            expected = first.price_cny * (1 - self.parameters.annual_depreciation) ** years
            share = declaration.value_cny / expected
            if not self.parameters.lowest_share <= share <= self.parameters.highest_share:
                yield self._finding_of(history, first, declaration, expected)

    def _finding_of(
        self, history: VehicleHistory, first: Sale, declaration: CustomsExport, expected: float
    ) -> Finding:
        share = (declaration.value_cny or 0.0) / expected
        reading = reading_at(history, declaration)
        as_new = reading is not None and reading.kilometres <= self.parameters.zero_km
        return self.finding(
            history,
            declaration,
            severity="medium" if as_new else "low",
            closeness=1 - min(share, 1 / share) if share else 1.0,
            facts={
                "first_price_cny": first.price_cny,
                "expected_cny": round(expected, 2),
                "declared_cny": declaration.value_cny,
                "share": round(share, 4),
                "lowest_share": self.parameters.lowest_share,
                "highest_share": self.parameters.highest_share,
                "age_days": declaration.day - first.day,
                "odometer_km": None if reading is None else reading.kilometres,
            },
            evidence=(first.document, declaration),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the declared and the expected value."""
        return (
            f"Declared at {facts['declared_cny']:,.0f} {self.money}, {facts['share']:.1%} of the "
            f"{facts['expected_cny']:,.0f} {self.money} that its first price of "
            f"{facts['first_price_cny']:,.0f} {self.money} and the {count(facts['age_days'], 'day')} "
            f"since then lead to expect ({facts['lowest_share']:.0%} to "
            f"{facts['highest_share']:.0%} is usual)."
        )


def _first_priced(history: VehicleHistory, declaration: CustomsExport) -> Sale | None:
    for sale in history.sales:
        if not comes_before(sale.document, declaration):
            return None
        if sale.price_cny:
            return sale
    return None
