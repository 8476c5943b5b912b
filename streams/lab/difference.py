"""What one set of firing alerts says that another does not."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec

from detectors.alerts import Alert

Change = Literal["new", "gone", "severity", "words"]
"""Only B says it; only A does; both do, at another severity; both do, in other words or figures."""

_HOW_IT_CAME: tuple[str, ...] = ("policy_id", "model_id", "detected_at", "revision", "cause")
"""Fields that tell how an alert came about, not what it says."""


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


def _said(alert: Alert) -> Alert:
    return msgspec.structs.replace(alert, **dict.fromkeys(_HOW_IT_CAME))


def counted(found: list[AlertDifference], label: str) -> dict[str, Counter[Change]]:
    """How many differences there are by a label (or field) of the alert, and by their kind."""
    counts: dict[str, Counter[Change]] = {}
    for one in found:
        alert = one.shown
        value = getattr(alert, label, None) or alert.labels.get(label) or "not stated"
        counts.setdefault(value, Counter())[one.change] += 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1].total(), item[0])))
