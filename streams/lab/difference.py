"""What one set of firing alerts says that another does not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final, Literal, NamedTuple, Self

from detectors.alerts import Alert

Change = Literal["new", "gone", "severity", "words"]
"""Only B says it; only A does; both do, at another severity; both do, in other words or figures."""

KINDS: Final[tuple[Change, ...]] = ("new", "gone", "severity", "words")
SAMPLES: Final = 8
"""Alerts of each kind that are told in full."""

_HOW_IT_CAME: Final = frozenset({"policy_id", "model_id", "detected_at", "revision", "cause"})
"""Fields that tell how an alert came about, not what it says."""
_said: Final = attrgetter(*(name for name in Alert.__struct_fields__ if name not in _HOW_IT_CAME))
"""What an alert says."""


class AlertDifference(NamedTuple):
    """One alert on which A and B differ."""

    change: Change
    before: Alert | None
    after: Alert | None

    @property
    def shown(self) -> Alert:
        """The alert as B has it, as A had it where B has it no more."""
        shown = self.after or self.before
        assert shown is not None  # noqa: S101 - one of the two is there
        return shown


class DifferenceRow(NamedTuple):
    """The same as a row: what is told of it in tables."""

    change: Change
    alert_id: str
    detector: str
    title: str
    subject_type: str
    subject: str
    occurred_at: str
    province: str | None
    brand: str | None
    shadow: bool
    severity_a: str | None
    severity_b: str | None
    score_a: float | None
    score_b: float | None
    explanation_a: str | None
    explanation_b: str | None

    @classmethod
    def of(cls, one: AlertDifference) -> Self:
        """Write a difference down."""
        shown, (severity_a, score_a, explanation_a) = one.shown, _figures(one.before)
        severity_b, score_b, explanation_b = _figures(one.after)
        return cls(
            one.change, shown.alert_id, shown.detector, shown.title, shown.subject_type, shown.subject,
            shown.occurred_at, shown.labels.get("province"), shown.labels.get("brand"), shown.shadow,
            severity_a, severity_b, score_a, score_b, explanation_a, explanation_b,
        )  # fmt: skip

    @property
    def severity(self) -> str | None:
        """As B has it, as A had it where B says nothing."""
        return self.severity_b or self.severity_a

    @property
    def explanation(self) -> str | None:
        """The same of the explanation."""
        return self.explanation_b or self.explanation_a


def _figures(alert: Alert | None) -> tuple[str | None, float | None, str | None]:
    if alert is None:
        return None, None, None
    return alert.severity, alert.score, alert.explanation


def differences(before: Mapping[str, Alert], after: Mapping[str, Alert]) -> Iterator[AlertDifference]:
    """All alerts on which two sets differ, by alert id."""
    for alert_id in sorted({*before, *after}):
        old, new = before.get(alert_id), after.get(alert_id)
        change = _change(old, new)
        if change is not None:
            yield AlertDifference(change, old, new)


def _change(old: Alert | None, new: Alert | None) -> Change | None:
    if old is None:
        return "new"
    if new is None:
        return "gone"
    if old.severity != new.severity:
        return "severity"
    return None if _said(old) == _said(new) else "words"


def counted(rows: Iterable[DifferenceRow], label: str) -> dict[str, dict[Change, int]]:
    """How many differences there are by a field of the alert, and by their kind."""
    counts: dict[str, Counter[Change]] = {}
    told = Counter(map(attrgetter(label, "change"), rows))
    for (value, change), number in told.items():
        counts.setdefault(value or "not stated", Counter())[change] += number
    ranked = sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))
    return {value: dict(told) for value, told in ranked}


def samples(rows: Sequence[DifferenceRow]) -> dict[Change, list[DifferenceRow]]:
    """The first of each kind, to be told in full."""
    told: dict[Change, list[DifferenceRow]] = {kind: [] for kind in KINDS}
    for one in rows:
        if len(told[one.change]) < SAMPLES:
            told[one.change].append(one)
    return told
