"""Checks of purity: same history, same findings, and nothing else happens."""

import sys
from collections.abc import Callable
from datetime import date
from datetime import time as clock_time
from types import FrameType
from typing import Any, Final

import msgspec

from detectors.base import Detector
from detectors.errors import DetectorContractError
from detectors.findings import Finding
from detectors.history import VehicleHistory
from detectors.summaries import Summary

IMPURE: Final = frozenset(
    {
        *("now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"),
        *("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time", "sleep"),
        *("random", "getrandbits", "urandom", "open", "input", "print", "socket", "getenv"),
    }
)
"""Built-in functions that read a clock, draw random numbers, or reach out of the process."""

MOST_STEPS: Final = 1_000_000
"""Instructions of the interpreter that judging one history may take; shipped rules take thousands."""

_IDENTITY: Final = {"event_id", "source", "vin", "day", "time", "revision", "status"}
_encode = msgspec.msgpack.encode


def judged(detector: Detector[Any], history: VehicleHistory) -> list[Finding]:
    """Findings in one order, so that two judgements can be compared."""
    return sorted(detector.judge(history), key=lambda finding: (finding.anchor, _encode(finding)))


def require(condition: object, fault: str) -> None:
    """Report a broken promise."""
    if not condition:
        raise DetectorContractError("", [fault])


class _Endless(BaseException):
    """Raised amid a judgement that goes on and on; no rule's own handler may catch it."""


def check_ends(detector: Detector[Any], history: VehicleHistory) -> None:
    """Judging and explaining come to an end, counted in instructions and not by a clock."""
    steps = 0

    def watch(frame: FrameType, event: str, _value: Any) -> Any:
        nonlocal steps
        frame.f_trace_opcodes = True  # a loop on one line makes no event of lines
        frame.f_trace_lines = False
        steps += event == "opcode"
        if steps > MOST_STEPS:
            raise _Endless
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        for finding in detector.judge(history):
            detector.explain(finding.facts)
    except _Endless:
        raise DetectorContractError("", [f"takes more than {MOST_STEPS:,} steps"]) from None
    finally:
        sys.settrace(before)


def check_screen(detector: Detector[Any], history: VehicleHistory) -> None:
    """A history whose documents do not pass the detector's screen raises nothing and finds nothing.

    Otherwise the catalogue and the backfill, which skip such histories, would hide findings.
    """
    for left_out in (None, *history.documents):
        documents = [document for document in history.documents if document is not left_out]
        part = VehicleHistory.of(history.vin, documents) if left_out else history
        if not documents or not (detector.concerns(part) and detector.passes(_summary(part))):
            found = list(detector.judge(part))
            require(not found, "finds something in a history that does not pass its screen")


def _summary(history: VehicleHistory) -> Summary:
    """The least that must have been published for a history."""
    summary = Summary.of(history.vin, history.documents, len(history.documents))
    return msgspec.structs.replace(summary, content=summary.content | history.content)


def check_missing_fields(detector: Detector[Any], history: VehicleHistory) -> None:
    """Documents that leave out every optional field do not make it raise."""
    bare = [
        msgspec.structs.replace(
            document, **{f.name: None for f in msgspec.structs.fields(document) if _is_optional(f)}
        )
        for document in history.documents
    ]
    list(detector.judge(VehicleHistory.of(history.vin, bare)))


def _is_optional(field: msgspec.structs.FieldInfo) -> bool:
    return field.default is None and field.name not in _IDENTITY


def check_repeatable(detector: Detector[Any], history: VehicleHistory) -> None:
    """Judging twice, the second time by a fresh detector, gives the same findings."""
    first, second = judged(detector, history), judged(detector, history)
    fresh = judged(type(detector)(detector.parameters), history)
    require(first == second == fresh, "judges one history differently each time")


def check_no_clock(detector: Detector[Any], history: VehicleHistory) -> None:
    """Neither a clock nor chance nor the outside world is asked, as the interpreter sees it."""
    called: set[str] = set()

    def watch(_frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and getattr(function, "__name__", "") in IMPURE:
            of_a_moment = isinstance(getattr(function, "__self__", None), date | clock_time)
            if not of_a_moment:  # moment.time() is the clock time of a moment that is given
                called.add(function.__qualname__)

    for fact in _watched(lambda: judged(detector, history), watch):
        _watched(lambda found=fact: detector.explain(found.facts), watch)  # type: ignore[misc] # a default binds it
    require(not called, f"calls {', '.join(sorted(called))}")


def _watched(work: Callable[[], Any], watch: Callable[[FrameType, str, Any], None]) -> Any:
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        return work()
    finally:
        sys.setprofile(before)


def check_unchanged_input(detector: Detector[Any], history: VehicleHistory) -> None:
    """Neither the history nor the detector is changed."""
    before, memory = _state(history), repr(vars(detector))
    findings = judged(detector, history)
    for finding in findings:
        facts = dict(finding.facts)
        detector.explain(finding.facts)
        require(facts == finding.facts, "explain changes the facts")
    require(_state(history) == before, "changes the history that it judges")
    require(repr(vars(detector)) == memory, "remembers something between histories")


def _state(history: VehicleHistory) -> tuple[object, ...]:
    return (
        history.vin,
        history.overfull,
        _encode(history.documents),
        _encode(history._filed),  # noqa: SLF001 - what must not change is private for that reason
        len(history.registrations),
        len(history.sales),
        len(history.readings),
    )


def check_order(detector: Detector[Any], history: VehicleHistory) -> None:
    """The order in which documents were filed does not matter."""
    filed = list(history._filed)  # noqa: SLF001 - the order of arrival is nowhere else
    middle = len(filed) // 2
    expected = judged(detector, history)
    for order in (filed[::-1], filed[middle:] + filed[:middle], filed[1::2] + filed[::2]):
        other = VehicleHistory(history.vin, order, overfull=history.overfull)
        require(judged(detector, other) == expected, "depends on the order of arrival")
