"""How good each detector is, learnt from what people decided: precision, its uncertainty, and times.

An alert was *right* if its outcome is confirmed or useful. Nothing here changes a detector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from statistics import median
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from detectors.registry import DETECTORS
from streams.desk.tables import alerts, cases

By = Literal["detector", "version", "severity", "province"]
LEAST_DECIDED: Final = 10
"""Fewer on one side of a cut say nothing."""
_CONFIDENCE: Final = 0.95
_RIGHT: Final = ("confirmed", "useful")
_MOST: Final = 200_000
_SECONDS_AN_HOUR: Final = 3600


class QualityQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which decisions, and how they are put together."""

    by: By = "detector"
    detector: Annotated[str, Meta(max_length=200)] | None = None
    province: Annotated[str, Meta(max_length=20)] | None = None


class Share(msgspec.Struct, frozen=True):
    """How many were right, and between what bounds the share of right ones lies (95 %, Jeffreys)."""

    right: int
    decided: int
    precision: float
    low: float
    high: float

    def __str__(self) -> str:
        rounded = (f"{100 * value:.0f} %" for value in (self.precision, self.low, self.high))
        precision, low, high = rounded
        return f"{self.right} of {self.decided} ({precision}, between {low} and {high})"


class QualityRow(msgspec.Struct, frozen=True, kw_only=True):
    """How good a detector is, in a version, severity or province."""

    detector: str
    part: str | None
    """Version, severity or province; `null` where rows are whole detectors."""
    share: Share
    confirmed: int
    useful: int
    false_alarm: int
    explained: int
    look_alikes: tuple[tuple[str, int], ...]
    """What explained, the most frequent first."""
    hours_to_look: float | None
    """Median from detection to the first look."""
    hours_to_decision: float | None


class CutSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A value that parts right alerts from others better than chance; for people to try out."""

    detector: str
    value_of: str
    """`score`, or a fact that is held against a threshold."""
    parameter: str | None
    """The threshold's name in the policy."""
    cut: float
    under: Share
    """Alerts whose value lies under the cut."""
    from_there: Share
    """Alerts whose value is the cut or more."""

    @property
    def sentence(self) -> str:
        """What the numbers say."""
        what = f"{self.value_of.replace('_', ' ')} under {self.cut:g}"
        threshold = f" (threshold {self.parameter})" if self.parameter else ""
        return (
            f"With a {what}{threshold}, {self.under} were right; from there on, {self.from_there}. "
            "zeromile backtest tells what another threshold would change."
        )


class CurvePoint(msgspec.Struct, frozen=True):
    """Precision of the alerts with this score or more."""

    score: float
    share: Share


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How good the detectors are."""

    rows: tuple[QualityRow, ...]
    suggestions: tuple[CutSuggestion, ...]
    curve: tuple[CurvePoint, ...]
    """Of the detector that was asked for; empty without one."""
    decided: int


class _Decided(NamedTuple):
    detector: str
    part: str | None
    outcome: str
    look_alike: str | None
    score: float
    facts: dict[str, Any]
    detected_at: datetime
    first_look_at: datetime | None
    decided_at: datetime

    @property
    def right(self) -> bool:
        return self.outcome in _RIGHT


def quality(connection: sa.Connection, question: QualityQuestion) -> Quality:
    """Work out from the closed cases how good the detectors are."""
    decided = _decided(connection, question)
    by_detector = {name: list(group) for name, group in groupby(decided, lambda one: one.detector)}
    rows = [
        _row(name, part, list(group))
        for name, found in by_detector.items()
        for part, group in groupby(sorted(found, key=_part), _part)
    ]
    suggestions = [
        best for name, found in by_detector.items() if (best := _suggestion(name, found)) is not None
    ]
    return Quality(
        rows=tuple(rows),
        suggestions=tuple(suggestions),
        curve=_curve(decided) if question.detector else (),
        decided=len(decided),
    )


def share_of(right: int, decided: int) -> Share:
    """Share of right ones with its interval by Jeffreys.

    >>> str(share_of(9, 10))
    '9 of 10 (90 %, between 62 % and 99 %)'
    """
    from scipy.stats import beta  # noqa: PLC0415 - takes a second to import, and most pages do not need it

    tail = (1 - _CONFIDENCE) / 2
    wrong = decided - right
    low = 0.0 if right == 0 else float(beta.ppf(tail, right + 0.5, wrong + 0.5))
    high = 1.0 if wrong == 0 else float(beta.ppf(1 - tail, right + 0.5, wrong + 0.5))
    return Share(right, decided, right / decided if decided else 0.0, low, high)


def _part(one: _Decided) -> str:
    return one.part or ""


_PARTS: Final[dict[By, sa.ColumnElement[Any]]] = {
    "detector": sa.null(),
    "version": sa.cast(cases.c.detector_version, sa.Text),
    "severity": cases.c.severity,
    "province": cases.c.province,
}


def _decided(connection: sa.Connection, question: QualityQuestion) -> list[_Decided]:
    query = (
        sa.select(
            cases.c.detector,
            sa.cast(_PARTS[question.by], sa.Text).label("part"),
            cases.c.outcome,
            cases.c.look_alike,
            cases.c.score,
            alerts.c.facts,
            cases.c.detected_at,
            cases.c.first_look_at,
            cases.c.decided_at,
        )
        .join_from(cases, alerts, alerts.c.alert_id == cases.c.alert_id, isouter=True)
        .where(cases.c.state == "closed", cases.c.outcome.is_not(None))
        .order_by(cases.c.detector, cases.c.alert_id)
        .limit(_MOST)
    )
    if question.detector is not None:
        query = query.where(cases.c.detector == question.detector)
    if question.province is not None:
        query = query.where(cases.c.province == question.province)
    return [_Decided(*row) for row in connection.execute(query)]


def _row(detector: str, part: str, found: Sequence[_Decided]) -> QualityRow:
    outcomes = [one.outcome for one in found]
    explained = sorted(one.look_alike for one in found if one.look_alike)
    look_alikes = sorted(
        ((name, len(list(group))) for name, group in groupby(explained)),
        key=lambda pair: (-pair[1], pair[0]),
    )
    return QualityRow(
        detector=detector,
        part=part or None,
        share=_share(found),
        confirmed=outcomes.count("confirmed"),
        useful=outcomes.count("useful"),
        false_alarm=outcomes.count("false_alarm"),
        explained=outcomes.count("explained"),
        look_alikes=tuple(look_alikes[:5]),
        hours_to_look=_hours(found, lambda one: one.first_look_at),
        hours_to_decision=_hours(found, lambda one: one.decided_at),
    )


def _hours(found: Iterable[_Decided], moment: Callable[[_Decided], datetime | None]) -> float | None:
    """Median hours since detection; a recorded stream may be detected after its cases were decided."""
    spans = [
        max(0.0, (then - one.detected_at).total_seconds() / _SECONDS_AN_HOUR)
        for one in found
        if (then := moment(one)) is not None
    ]
    return round(median(spans), 3) if spans else None


def _share(found: Sequence[_Decided]) -> Share:
    return share_of(sum(one.right for one in found), len(found))


def _curve(decided: Sequence[_Decided]) -> tuple[CurvePoint, ...]:
    """Precision from ten scores on, taken where the decided alerts lie."""
    ordered = sorted(decided, key=lambda one: one.score)
    starts = sorted({len(ordered) * tenth // 10 for tenth in range(10)}) if ordered else []
    cuts = sorted({ordered[start].score for start in starts})
    return tuple(CurvePoint(cut, _share([one for one in ordered if one.score >= cut])) for cut in cuts)


def _suggestion(detector: str, found: Sequence[_Decided]) -> CutSuggestion | None:
    """The cut that parts best, if the bounds of its two sides do not even touch."""
    parameters: dict[str, str | None] = {"score": None}
    known = DETECTORS.get(detector)
    parameters |= {margin.fact: margin.parameter for margin in known.margins} if known else {}
    best: tuple[float, CutSuggestion] | None = None
    for name, parameter in parameters.items():
        valued = sorted(
            ((value, one) for one in found if (value := _value(one, name)) is not None),
            key=lambda pair: pair[0],
        )
        for place in _cuts([value for value, _ in valued]):
            under = _share([one for _, one in valued[:place]])
            from_there = _share([one for _, one in valued[place:]])
            gap = max(from_there.low - under.high, under.low - from_there.high)
            if gap > 0 and (best is None or gap > best[0]):
                suggestion = CutSuggestion(
                    detector=detector, value_of=name, parameter=parameter, cut=valued[place][0],
                    under=under, from_there=from_there,
                )  # fmt: skip
                best = gap, suggestion
    return best[1] if best else None


_MOST_CUTS: Final = 20


def _cuts(values: Sequence[float]) -> list[int]:
    """Places where a value differs from the one before, with enough on both sides; at most twenty."""
    places = [
        place
        for place in range(LEAST_DECIDED, len(values) - LEAST_DECIDED + 1)
        if values[place] != values[place - 1]
    ]
    step = -(-len(places) // _MOST_CUTS) or 1
    return places[::step]


def _value(one: _Decided, name: str) -> float | None:
    value = one.score if name == "score" else (one.facts or {}).get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None  # type: ignore[arg-type] # it is a number
