"""What a detector is: a spec that people read, parameters with legal ranges, one pure function."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar

import msgspec

from detectors.country import CHINA
from detectors.documents import Document
from detectors.findings import Deadline, Fact, Finding, Severity, anchor_of, score_in_band
from detectors.history import VehicleHistory
from detectors.screens import EVERY_VEHICLE, AnySummary, Screen

DetectorStatus = Literal["experimental", "stable"]


def check_period(first: date | None, last: date | None) -> None:
    """Refuse a period of validity that ends before it begins.

    Raises
    ------
    ValueError
        If it does.
    """
    if first is not None and last is not None and first > last:
        raise ValueError("valid_from must not lie after valid_to")


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every detector's section of the policy may hold beside its own thresholds."""

    source: str
    """Where the thresholds come from: a notice, a standard, or the word assumption."""
    enabled: bool = True
    valid_from: date | None = None
    """First civil day on which the rule applies to a finding's anchor."""
    valid_to: date | None = None
    """Last civil day on which it does."""
    promoted: str | None = None
    """Since when, and by which report, a detector on trial speaks aloud."""

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other."""
        check_period(self.valid_from, self.valid_to)

    def in_force(self, finding: Finding) -> bool:
        """Whether a finding's anchor lies within the period of validity."""
        day = finding.occurred_at[:10]
        return (self.valid_from is None or self.valid_from.isoformat() <= day) and (
            self.valid_to is None or day <= self.valid_to.isoformat()
        )


ParametersT = TypeVar("ParametersT", bound=Parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSpec:
    """The part of a detector that people read before they trust it."""

    id: str
    version: int
    title: str
    status: DetectorStatus
    severities: tuple[Severity, ...]
    """Severities it can report, mildest first."""
    description: str
    abnormal_because: str
    known_gaps: str
    look_alikes: str
    references: tuple[str, ...]
    runbook: tuple[str, ...]
    """Two or three steps for whoever receives the alert."""
    of_documents: bool = False
    """Whether it says how documents are written, and nothing of the car: such an alert is closed when
    the vehicle's record leaves the state, and does not keep it there."""
    screen: Screen = EVERY_VEHICLE
    """What must be true of the documents before it can find anything; by default nothing must."""


@dataclass(frozen=True, slots=True)
class Margin:
    """How a threshold is relaxed to see what nearly fires."""

    parameter: str
    fact: str
    """The observed value that is held against the threshold."""
    factor: float
    unit: str


class Declared(Protocol):
    """A class that has a spec and a section of the policy."""

    spec: ClassVar[DetectorSpec]
    parameters_type: ClassVar[type[Parameters]]


def spec_in_force(detector: type[Declared], parameters: Parameters) -> DetectorSpec:
    """What a detector is by a policy: one that was promoted is on trial no more."""
    spec = detector.spec
    return spec if parameters.promoted is None else replace(spec, status="stable")


class Detector(ABC, Generic[ParametersT]):
    """Judges the history of one vehicle. Stateless and pure: same history, same findings."""

    spec: ClassVar[DetectorSpec]
    parameters_type: ClassVar[type[Parameters]]
    margins: ClassVar[tuple[Margin, ...]] = ()

    country = CHINA
    """Whose documents are judged: the catalogue says it for the policy's country."""

    def __init__(self, parameters: ParametersT) -> None:
        self.parameters = parameters
        self.spec_in_force = spec_in_force(type(self), parameters)
        self._always_in_force = parameters.valid_from is None and parameters.valid_to is None

    @property
    def money(self) -> str:
        """What amounts are said to be in."""
        return self.country.money_word

    @abstractmethod
    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """Say what is found, regardless of the rule's period of validity."""

    @abstractmethod
    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell a finding in one or two sentences with its numbers."""

    def concerns(self, history: VehicleHistory) -> bool:
        """Whether a history's content and number of documents pass the detector's screen."""
        return self.concerns_content(history.content, len(history.documents))

    def concerns_content(self, content: int, documents: int) -> bool:
        """The same from the history's content and number of documents alone."""
        return documents > 0 and self.spec.screen.allows(content, documents)

    def passes(self, summary: AnySummary) -> bool:
        """Whether it could find anything among documents that were published under one VIN."""
        return self.spec.screen.holds(summary, self.parameters)

    def screen_sql(self) -> str:
        """The same over a row of summaries."""
        return self.spec.screen.sql(self.parameters)

    def judge(self, history: VehicleHistory) -> Iterator[Finding]:
        """Findings whose anchor lies within the rule's period of validity."""
        found = self.findings(history)
        return found if self._always_in_force else filter(self.parameters.in_force, found)

    def retold(
        self, other: Self, history: VehicleHistory, found: Sequence[Finding]
    ) -> list[Finding] | None:
        """What it finds where another of its kind, by other thresholds, has found something already.

        It must be what `judge` gives. A rule that has many alerts may say it where it follows at once:
        whoever tries out thresholds judges the same histories by each of them.

        Parameters
        ----------
        other, history, found
            The other, and all that it found of a history.

        Returns
        -------
        list or None
            ``None`` where the history has to be looked at, as by default.
        """
        del other, history, found
        return None

    def finding(
        self,
        history: VehicleHistory,
        document: Document,
        *,
        severity: Severity,
        closeness: float,
        facts: dict[str, Fact],
        evidence: tuple[Document, ...],
        anchor: str | None = None,
        deadline: Deadline | None = None,
    ) -> Finding:
        """Make a finding that hangs on a document.

        Parameters
        ----------
        history
            The history that was judged.
        document
            The document it hangs on; gives the event time, the labels and, unless ``anchor`` says
            otherwise, the anchor.
        severity, closeness
            The severity, and from 0 to 1 how bad within it.
        facts
            Observed values and thresholds.
        evidence
            The documents that show it.
        anchor
            Another anchor than the document's identity; must not hold a value that moves.
        deadline
            Set where the finding holds only once a feed is complete beyond a day.
        """
        return Finding(
            self.spec.id,
            anchor or anchor_of(document),
            document.occurred_at,
            severity,
            score_in_band(severity, closeness),
            facts,
            history.evidence(*evidence),
            history.labels(document),
            deadline,
        )
