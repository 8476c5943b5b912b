"""Exported to a country whose rules bar such a car."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detectors.base import Detector, DetectorSpec, Parameters, check_period
from detectors.documents import CustomsExport, Fuel, counts_days
from detectors.findings import Finding, anchor_of
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen
from detectors.wording import count

Days = Annotated[int, Meta(ge=0, le=36_500)]


class Restriction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One country's rule on used cars from abroad."""

    id: str
    source: str
    """Where the rule is stated."""
    summary: str
    """The rule in half a sentence."""
    countries: tuple[Annotated[str, Meta(pattern="^[A-Z]{2}$")], ...]
    brands: tuple[str, ...] = ()
    """Brands it bars; empty: all."""
    fuels: tuple[Fuel, ...] = ()
    """Fuels it bars; empty: all."""
    minimum_age_days: Days | None = None
    """Younger cars are barred."""
    maximum_age_days: Days | None = None
    """Older cars are barred."""
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        """Refuse a period that ends before it begins."""
        check_period(self.valid_from, self.valid_to)


class RestrictedDestinationParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    restrictions: tuple[Restriction, ...]


class RestrictedDestination(Detector[RestrictedDestinationParameters]):
    """Fires on a used declaration that a dated rule of the destination bars.

    Every restriction names countries, and may name brands, fuels, a least or a greatest age and its
    period. Age runs from first registration to declaration.
    """

    spec = DetectorSpec(
        id="restricted_destination",
        version=1,
        title="Restricted destination",
        status="stable",
        severities=("medium",),
        description="A used export that a rule of the destination bars by brand, fuel, age or date.",
        abnormal_because=(
            "A country that bars young or unofficial cars will not take it: the car is declared for "
            "transit, or its documents change at the border."
        ),
        known_gaps=(
            "The declared destination often is only a transit country. Age rules are silent where "
            "the first registration is missing."
        ),
        look_alikes="Official exports with a manufacturer letter are not judged by brand rules.",
        references=("Each restriction in the policy names its own source.",),
        runbook=(
            "Read the restriction in the policy and check its dates against the declaration.",
            "Ask the destination's customs for the import of the 60 days after exit.",
        ),
        screen=screen(ScreenCase(Content.USED_EXPORT)),
    )
    parameters_type = RestrictedDestinationParameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per used declaration and restriction."""
        for declaration in history.used_exports:
            for restriction in self.parameters.restrictions:
                if declaration.destination in restriction.countries:
                    yield from self._if_barred(history, declaration, restriction)

    def _if_barred(
        self, history: VehicleHistory, declaration: CustomsExport, restriction: Restriction
    ) -> Iterator[Finding]:
        initial = history.initial
        dated = initial is not None and counts_days(initial, declaration)
        age = declaration.day - initial.day if initial is not None and dated else None
        brand = history.labels(declaration).get("brand")
        fuel = _fuel(history, declaration)
        if not (
            _in_force(restriction, declaration.day)
            and _is_concerned(restriction, brand, fuel, official=declaration.manufacturer_letter)
            and _is_barred_age(restriction, age)
        ):
            return
        yield self.finding(
            history,
            declaration,
            anchor=f"{restriction.id}:{anchor_of(declaration)}",
            severity="medium",
            closeness=0.5,
            facts={
                "restriction": restriction.id,
                "summary": restriction.summary,
                "destination": declaration.destination,
                "brand": brand,
                "fuel": fuel,
                "age_days": age,
                "minimum_age_days": restriction.minimum_age_days,
                "maximum_age_days": restriction.maximum_age_days,
            },
            evidence=(declaration,) if initial is None else (initial, declaration),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the restriction and the car."""
        what = f"A {facts['brand'] or 'car'}"
        if facts["fuel"]:
            what += f" ({facts['fuel']})"
        days = facts["age_days"]
        age = "of unknown age" if days is None else f"{count(days, 'day')} old"
        text = f"{what}, {age}, was declared for {facts['destination']}: {facts['summary']}."
        low, high = facts["minimum_age_days"], facts["maximum_age_days"]
        if low is not None:
            text += f" The least age is {count(low, 'day')}."
        if high is not None:
            text += f" The greatest age is {count(high, 'day')}."
        return text


def _in_force(restriction: Restriction, day: int) -> bool:
    return (restriction.valid_from is None or restriction.valid_from.toordinal() <= day) and (
        restriction.valid_to is None or day <= restriction.valid_to.toordinal()
    )


def _is_concerned(
    restriction: Restriction, brand: str | None, fuel: str | None, *, official: bool | None
) -> bool:
    if restriction.fuels and fuel not in restriction.fuels:
        return False
    if not restriction.brands:
        return True
    barred = {name.casefold() for name in restriction.brands}
    return brand is not None and brand.casefold() in barred and not official


def _is_barred_age(restriction: Restriction, age: int | None) -> bool:
    low, high = restriction.minimum_age_days, restriction.maximum_age_days
    if low is None and high is None:
        return True
    return age is not None and ((low is not None and age < low) or (high is not None and age > high))


def _fuel(history: VehicleHistory, declaration: CustomsExport) -> str | None:
    if declaration.fuel is not None:
        return declaration.fuel
    return next((document.fuel for document in history.registrations if document.fuel), None)
