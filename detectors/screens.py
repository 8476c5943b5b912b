"""Screens: what must be true of a vehicle's documents before a detector can find anything.

A screen is a *necessary* condition over a summary of everything that was published under one VIN,
withdrawn, stale and contested documents included. It is monotone: one more document never closes it.
So no screen needs to know which documents count in the end, and a vehicle that passes none of them
needs not be opened at all. One declaration gives the predicate and the SQL.
"""

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from detectors.history import Content
from detectors.summaries import MALFORMED, LoneDocument, Summary
from detectors.wording import count

Measure = Literal["sales_apart", "lowest_km", "odometer_fall"]
Relation = Literal["<", "<=", ">"]
Mark = Literal["several_owners", "several_initial_provinces"]
AnySummary = Summary | LoneDocument


class Condition(Protocol):
    """One necessary condition over a summary."""

    def holds(self, summary: AnySummary, parameters: Any) -> bool:
        """Whether a summary meets it."""

    def sql(self, parameters: Any) -> str:
        """The same over a row of summaries."""

    def words(self) -> str:
        """The same for people."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A measure of the documents on the right side of a threshold."""

    measure: Measure
    relation: Relation
    parameter: str
    """Name of the threshold in the detector's section of the policy."""

    def holds(self, summary: AnySummary, parameters: Any) -> bool:
        """Whether a summary lies on the right side."""
        return bool(
            _RELATIONS[self.relation](
                getattr(summary, self.measure), getattr(parameters, self.parameter)
            )
        )

    def sql(self, parameters: Any) -> str:
        """The same over a row of summaries."""
        return f"{self.measure} {self.relation} {_literal(getattr(parameters, self.parameter))}"

    def words(self) -> str:
        """The same for people."""
        return f"{_MEASURES[self.measure]} {self.relation} {self.parameter}"


_RELATIONS: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt}
_MEASURES: Final[dict[str, str]] = {
    "sales_apart": (
        "days between the closest two sale documents, unless all name one owner (0 for more than three)"
    ),
    "lowest_km": "lowest odometer reading",
    "odometer_fall": "kilometres lost between readings (any for more than two)",
}


@dataclass(frozen=True, slots=True)
class Marked:
    """Something that documents tell only together."""

    mark: Mark

    def holds(self, summary: AnySummary, parameters: Any) -> bool:  # noqa: ARG002 - it has no threshold
        """Whether a summary shows it."""
        return bool(getattr(summary, self.mark))

    def sql(self, parameters: Any) -> str:  # noqa: ARG002 - it has no threshold
        """The same over a row of summaries."""
        return self.mark

    def words(self) -> str:
        """The same for people."""
        return _MARKS[self.mark]


_MARKS: Final[dict[str, str]] = {
    "several_owners": "several owners",
    "several_initial_provinces": "initial registrations in several provinces",
}


@dataclass(frozen=True, slots=True)
class ImplausibleVin:
    """A VIN that is malformed or, where check digits are compulsory, has the wrong one or year.

    The attributes name thresholds: the first characters of such VINs, the years that are plausible,
    and the sources whose identities are no VINs.
    """

    regions: str
    years: str
    exempt: str

    def holds(self, summary: AnySummary, parameters: Any) -> bool:
        """Whether a summary's VIN is at fault."""
        source = summary.first_source
        if source in getattr(parameters, self.exempt) and source == summary.last_source:
            return False
        if summary.fault == MALFORMED:
            return True
        return summary.vin[0] in getattr(parameters, self.regions) and (
            summary.fault > 0 or summary.year_gap > getattr(parameters, self.years)
        )

    def sql(self, parameters: Any) -> str:
        """The same over a row of summaries."""
        exempt = ", ".join(map(_literal, ("", *getattr(parameters, self.exempt))))
        regions = _literal(getattr(parameters, self.regions))
        return (
            f"NOT (first_source = last_source AND first_source IN ({exempt})) AND (fault = {MALFORMED} "
            f"OR contains({regions}, vin[1]) AND "
            f"(fault > 0 OR year_gap > {_literal(getattr(parameters, self.years))}))"
        )

    def words(self) -> str:
        """The same for people."""
        return (
            f"a VIN of the wrong length or alphabet or, beginning with one of {self.regions}, of the "
            f"wrong check digit or more than {self.years} from its year; not where {self.exempt} "
            "are its only source"
        )


@dataclass(frozen=True, slots=True)
class ScreenCase:
    """One way to meet a screen: all of these together."""

    content: int = Content.NOTHING
    """Bits that the documents must have together."""
    conditions: tuple[Condition, ...] = ()
    documents: int = 1
    """Fewest documents."""

    def allows(self, content: int, documents: int) -> bool:
        """Whether the content and the number of documents alone meet it."""
        return documents >= self.documents and self.content & content == self.content

    def holds(self, summary: AnySummary, parameters: Any) -> bool:
        """Whether a summary meets it."""
        return self.allows(summary.content, summary.documents) and all_hold(
            self.conditions, summary, parameters
        )

    def sql(self, parameters: Any) -> str:
        """The same over a row of summaries."""
        parts = [f"documents >= {self.documents}", f"content & {self.content} = {self.content}"]
        parts += [f"({condition.sql(parameters)})" for condition in self.conditions]
        return " AND ".join(parts)

    def words(self) -> str:
        """The same for people."""
        parts = [f"at least {count(self.documents, 'document')}"] if self.documents > 1 else []
        parts += [name for bit, name in _CONTENT_WORDS.items() if bit & self.content]
        parts += [condition.words() for condition in self.conditions]
        return ", ".join(parts) or "any document"


_CONTENT_WORDS: Final = {
    Content.INITIAL: "an initial registration",
    Content.TRANSFER: "a transfer",
    Content.PENDING_EXPORT: "a transfer pending export",
    Content.CUSTOMS_EXPORT: "an export declaration",
    Content.USED_EXPORT: "an export declaration of a used car",
    Content.DEREGISTRATION: "a deregistration",
    Content.TO_EXPORTER: "a registration to an exporter",
    Content.CONTESTED: "several contents of one document",
    Content.CONFLICTING: "two contents under one revision",
    Content.OVERFULL: "more documents than are kept",
    Content.DROPPED: "a value that could not be read",
    Content.FULL_REGISTER: "what a full odometer register shows",
    Content.REREGISTRATION: "a renewed registration",
}


@dataclass(frozen=True, slots=True)
class Screen:
    """Meets any of its cases; without cases every vehicle passes."""

    cases: tuple[ScreenCase, ...] = ()

    @property
    def documents(self) -> int:
        """Number of documents beyond which it does not matter how many there are."""
        return max((case.documents for case in self.cases), default=1)

    @property
    def has_conditions(self) -> bool:
        """Whether it asks for more than content and a number of documents."""
        return any(case.conditions for case in self.cases)

    def allows(self, content: int, documents: int) -> bool:
        """Whether content and number of documents let a vehicle through.

        Whoever has the documents at hand anyway asks this much only: the answer can be remembered, and
        the rest takes as long as the detector itself.
        """
        return not self.cases or any(case.allows(content, documents) for case in self.cases)

    def remaining(self, content: int, documents: int) -> list[tuple[Condition, ...]]:
        """What vehicles of this content and number of documents still have to meet, for every case."""
        if not self.cases:
            return [()]
        return [case.conditions for case in self.cases if case.allows(content, documents)]

    def holds(self, summary: AnySummary, parameters: Any) -> bool:
        """Whether a vehicle passes."""
        return not self.cases or any(case.holds(summary, parameters) for case in self.cases)

    def sql(self, parameters: Any) -> str:
        """The same over a row of summaries; what cannot be told passes."""
        if not self.cases:
            return "true"
        ways = " OR ".join(f"({case.sql(parameters)})" for case in self.cases)
        return f"coalesce({ways}, true)"

    def words(self) -> Iterator[str]:
        """Its cases for people."""
        return (case.words() for case in self.cases or (ScreenCase(),))


EVERY_VEHICLE: Final = Screen()
"""Lets every vehicle through."""


def all_hold(conditions: tuple[Condition, ...], summary: AnySummary, parameters: Any) -> bool:
    """Whether a summary meets all of some conditions."""
    for condition in conditions:  # noqa: SIM110 - asked of every vehicle: a generator takes as long
        if not condition.holds(summary, parameters):
            return False
    return True


def screen(*cases: ScreenCase) -> Screen:
    """Make a screen of its cases."""
    return Screen(cases)


def _literal(value: object) -> str:
    """Write a threshold as SQL."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)
