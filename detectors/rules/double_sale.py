"""Two sales of one car in one rolling week."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Self, cast

import msgspec
from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Margin, Parameters
from detectors.documents import Registration, counts_days
from detectors.findings import Finding, Severity, score_in_band
from detectors.fit import ModelFit, fit_of
from detectors.history import VehicleHistory
from detectors.sales import Sale, SaleDocument
from detectors.screens import Limit, ScreenCase, screen
from detectors.wording import count, days_later
from detectors.wrecks import is_wreck


class DoubleSaleParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    window_days: Annotated[int, Meta(ge=1, le=60)]
    """Both civil days lie in some span of this many consecutive days."""
    odd_price_gap: Annotated[float, Meta(gt=0, le=10)]
    """Share of the earlier price by which the later one differs before the gap is called odd."""
    young_days: Annotated[int, Meta(ge=0, le=3650)]
    """Up to this many days after first registration a car can be sold as good as new."""
    leaves_days: Annotated[int, Meta(ge=0, le=365)]
    """An export step up to this many days after the later sale belongs to it."""
    driven_km: Annotated[float, Meta(ge=0, le=100_000)]
    """A car that was read at this or more by then had been used."""
    wreck_share: Annotated[float, Meta(gt=0, le=1)]
    """A car that was sold at home, and abroad, below this share of its first price was damaged."""


class DoubleSale(Detector[DoubleSaleParameters]):
    """Fires once for every civil day on which a car is sold again within a rolling week.

    A car that really changes hands twice in a week is rare; a car that is first "sold" to a nominee,
    so that it counts as a retail sale, and then to the exporter it was meant for, does so by design.
    The alert hangs on the later sale's civil day. That there were two sales is a fact; the severity
    says how well it fits the scheme: a young car, hardly driven, on its way abroad.
    """

    spec = DetectorSpec(
        id="double_sale",
        version=3,
        title="Same-week double sale",
        status="stable",
        severities=("low", "medium", "high", "critical"),
        description="Two sales of one vehicle whose civil days lie in one span of seven days.",
        abnormal_because=(
            "A zero-mileage used export needs two owners: the car is registered to a nominee or an "
            "affiliate, counted as a retail sale, and passed to the exporter within days."
        ),
        known_gaps=(
            "Documents without owners count one sale per kind and civil day, so two real sales on one "
            "day look like one. Documents that know only their month are left out."
        ),
        look_alikes=(
            "Withdrawn and re-issued documents (same buyer), a return to a seller who is no exporter, "
            "a registration returned or revoked in between, wholesale between dealers before the first "
            "registration, several holders of one invoice, re-papering within one group that both "
            "sides name, or to a lessor who rents the car out: all are told apart and stay quiet. "
            "Heirs, families, auctions, a dealer's books, old cars and wrecks that go abroad are told "
            "at low."
        ),
        references=(
            "Announcement 6/2024 on the export of used vehicles: a used car has changed its owner",
            "Reuters, July 2025: early-booked sales of two makers",
        ),
        runbook=(
            "Read both sales in the evidence: same price chain, same address, same exporter within "
            "the 7 days?",
            "Ask the registering office for the invoices of both sales, and whether the first buyer "
            "bought other cars in the same month.",
            "If the second buyer is an exporter, follow the car: declaration within 30 days?",
        ),
        screen=screen(ScreenCase(conditions=(Limit("sales_apart", "<", "window_days"),), documents=2)),
    )
    parameters_type = DoubleSaleParameters
    margins = (Margin("window_days", "days_between", 2.0, "days"),)

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per civil day with a sale that has another sale up to a week before it.

        Where several pairs end on one day the worst of them is told, the nearest of equals.
        """
        if not self._are_close(history.sale_documents):
            return  # before the sales are derived, which costs more than all else
        worst: dict[int, Finding] = {}
        for earlier, later in self._pairs(history.sales):
            if not counts_days(earlier.document, later.document):
                continue
            if _explained(earlier, later, history):
                continue
            finding = self._finding_of(history, earlier, later)
            rival = worst.get(later.day)
            if rival is None or finding.score > rival.score:
                worst[later.day] = finding
        yield from worst.values()

    def _are_close(self, documents: Sequence[SaleDocument]) -> bool:
        window = self.parameters.window_days
        for earlier, later in pairwise(documents):  # noqa: SIM110 - a generator takes twice as long
            if later.day - earlier.day < window:
                return True
        return False

    def retold(
        self, other: Self, history: VehicleHistory, found: Sequence[Finding]
    ) -> list[Finding] | None:
        """Retell it for another window that holds the same pairs of sales, where nothing else differs.

        Which pair of a day is the worst does not hang on the window: the nearer one has the higher
        score by any, and more than rounding takes away.
        """
        if not _only_windows_differ(self, other):
            return None
        windows = self.parameters.window_days, other.parameters.window_days
        first, last = min(windows), max(windows)
        days = [document.day for document in history.sale_documents]
        for place, day in enumerate(days):
            for earlier in days[:place]:
                if first <= day - earlier < last:
                    return None
        return [self._retold(finding) for finding in found]

    def _retold(self, finding: Finding) -> Finding:
        facts, window = finding.facts, self.parameters.window_days
        days_between = cast("int", facts["days_between"])
        return msgspec.structs.replace(
            finding,
            score=score_in_band(finding.severity, 1 - days_between / window),
            facts={**facts, "window_days": window},
        )

    def _pairs(self, sales: tuple[Sale, ...]) -> Iterator[tuple[Sale, Sale]]:
        """Pairs of sales in one window, the nearest first."""
        for index, later in enumerate(sales):
            for earlier in reversed(sales[:index]):
                if later.day - earlier.day >= self.parameters.window_days:
                    break
                yield earlier, later

    def _finding_of(self, history: VehicleHistory, earlier: Sale, later: Sale) -> Finding:
        gap = _price_gap(earlier, later)
        odd = gap is not None and abs(gap) > self.parameters.odd_price_gap
        days_between = later.day - earlier.day
        tells_year = self.country.vin.model_year
        fit = fit_of(history, later, self.parameters.leaves_days, vin_tells_year=tells_year)
        wreck = is_wreck(history, self.parameters.wreck_share)
        return self.finding(
            history,
            later.document,
            anchor=civil_time.day_text(later.day),
            severity="low" if wreck else self._severity(later, fit, odd=odd),
            closeness=1 - days_between / self.parameters.window_days,
            facts={
                "first_sale": civil_time.day_text(earlier.day),
                "second_sale": civil_time.day_text(later.day),
                "days_between": days_between,
                "window_days": self.parameters.window_days,
                "first_kind": earlier.kind,
                "second_kind": later.kind,
                "to_exporter": later.to_exporter,
                "age_days": fit.age_days,
                "young_days": self.parameters.young_days,
                "export_step": None if fit.left is None else civil_time.day_text(fit.left.day),
                "read_km": fit.read_km,
                "driven_km": self.parameters.driven_km,
                "manufacturer_letter": fit.letter,
                "wreck": wreck,
                "first_price_cny": earlier.price_cny,
                "second_price_cny": later.price_cny,
                "price_gap": gap,
                "odd_price_gap": self.parameters.odd_price_gap,
            },
            evidence=(earlier.document, later.document, fit.left or later.document),
        )

    def _severity(self, later: Sale, fit: ModelFit, *, odd: bool) -> Severity:
        """How well two sales fit the scheme; what nobody states neither excuses nor accuses."""
        old = fit.age_days is not None and fit.age_days > self.parameters.young_days
        used = fit.read_km is not None and fit.read_km >= self.parameters.driven_km
        if fit.left is None or fit.letter or old or used:
            return "low"
        if fit.age_days is None:
            return "medium"
        # A wreck's price falls too, and nobody reads its odometer.
        told = fit.read_km is not None
        return "critical" if odd and told and later.to_exporter else "high"

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell both sales and what makes them odd."""
        apart = days_later(facts["days_between"])
        text = (
            f"Sold on {facts['first_sale']} ({_WORDS[facts['first_kind']]}) and again {apart} "
            f"({_WORDS[facts['second_kind']]}), within {count(facts['window_days'], 'day')}."
        )
        if facts["to_exporter"]:
            text += " The second buyer is an exporter."
        elif facts["export_step"] is not None:
            text += f" The car was on its way abroad on {facts['export_step']}."
        if facts["age_days"] is not None:
            text += f" The car was {count(facts['age_days'], 'day')} old."
        if (facts["read_km"] or 0) >= facts["driven_km"]:
            text += f" {facts['read_km']:,.0f} km were read."
        if facts["manufacturer_letter"]:
            text += " Its maker gave a letter."
        if facts["wreck"]:
            text += " It was sold as a wreck at home."
        gap = facts["price_gap"]
        if gap is not None and abs(gap) > facts["odd_price_gap"]:
            text += f" The price moved by {gap:+.1%}."
        return text


@lru_cache(maxsize=256)
def _only_windows_differ(one: DoubleSale, other: DoubleSale) -> bool:
    window = other.parameters.window_days
    same = msgspec.structs.replace(one.parameters, window_days=window) == other.parameters
    return same and one.country == other.country


def _explained(earlier: Sale, later: Sale, history: VehicleHistory) -> bool:
    """Whether a pair of sales is one of the look-alikes."""
    if later.buyer is not None and later.buyer == earlier.buyer:
        return True  # the same sale, papered again
    if _is_undone(earlier, later, history):
        return True
    return _is_wholesale(earlier, history) or _is_within_group(earlier, later)


def _is_undone(earlier: Sale, later: Sale, history: VehicleHistory) -> bool:
    """The car went back to its seller. An exporter who sold it first is no one who takes it back."""
    if later.to_exporter:
        return False
    if later.buyer is not None and later.buyer == earlier.seller:
        return True
    for document in history.deregistrations:
        if earlier.day <= document.day <= later.day and document.reason in {"returned", "revoked"}:
            return True
    return False


def _is_wholesale(sale: Sale, history: VehicleHistory) -> bool:
    """A dealer bought the car before it was ever registered: no retail sale yet."""
    initial = history.initial
    return (
        sale.kind == "transfer"
        and sale.buyer_type == "dealer"
        and initial is not None
        and sale.day <= initial.day
    )


def _is_within_group(earlier: Sale, later: Sale) -> bool:
    """The documents name one group on both sides, or a lessor takes the car to rent it out.

    A missing price or invoice shows nothing: a nominee's documents lack them too.
    """
    before, after = earlier.document, later.document
    if not isinstance(after, Registration) or later.to_exporter:
        return False
    if after.use == "rental" and after.owner_type == "rental":
        return True
    holder = before.owner_group if isinstance(before, Registration) else None
    group = after.owner_group
    return group is not None and group in {after.seller_group, holder}


def _price_gap(earlier: Sale, later: Sale) -> float | None:
    if not earlier.price_cny or later.price_cny is None:
        return None
    return round(later.price_cny / earlier.price_cny - 1, 4)


_WORDS = {
    "initial": "first registration",
    "transfer": "transfer",
    "pending_export": "transfer pending export",
    "customs_export": "export declaration by another party",
}
