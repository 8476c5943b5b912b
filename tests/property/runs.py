"""Runs of the engine over a stream, and what of the outcome must not depend on how it came about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from detectors.alerts import Alert, by_identity
from detectors.filing import Position
from detectors.registry import Catalogue
from streams.engine.engine import Engine
from streams.engine.results import Counters, RawDocument, Result
from streams.engine.vin_corrections import VinCorrections
from streams.setup.policy import load_policy
from streams.state.store import MemoryStore

CATALOGUE = Catalogue(load_policy())
MOMENT = datetime(2026, 8, 1, tzinfo=UTC)
Final = dict[str, dict[str, Any]]

_HOW_IT_CAME_ABOUT = ("detected_at", "revision", "cause")
_WHERE_IT_WAS_READ = ("topic", "partition", "offset")


def make_engine(store: MemoryStore | None = None, **options: Any) -> Engine:
    options.setdefault("corrections", VinCorrections())
    kept = MemoryStore() if store is None else store  # an empty store is falsy
    return Engine(CATALOGUE, kept, clock=lambda: MOMENT, **options)


def raw(stream: Sequence[bytes], partition: int = 0) -> list[RawDocument]:
    return [RawDocument(value, Position("t", partition, n)) for n, value in enumerate(stream)]


def take(firing: dict[str, Alert], result: Result) -> None:
    """Fold alert changes into the set of firing alerts, as every consumer of the topic does."""
    assert not result.failures, result.failures
    for alert in result.alerts:
        if alert.state == "firing":
            firing[alert.alert_id] = alert
        else:
            assert firing.pop(alert.alert_id, None) is not None, "resolved what never fired"


def run(
    stream: Sequence[bytes], cuts: Iterable[int] = (), complete_through: int | None = None
) -> tuple[Engine, dict[str, Alert]]:
    """Feed a stream, cut into batches, to a fresh engine."""
    engine = make_engine()
    firing: dict[str, Alert] = {}
    documents, start = raw(stream), 0
    for end in (*sorted(cuts), len(documents)):
        take(firing, engine.process(documents[start:end]))
        start = end
    if complete_through is not None:
        take(firing, engine.declare_complete(complete_through))
    return engine, firing


def final_set(firing: Mapping[str, Alert]) -> Final:
    """The firing alerts without how they came about."""
    return {identity: _bare(alert) for identity, alert in firing.items()}


def _bare(alert: Alert) -> dict[str, Any]:
    bare = msgspec.to_builtins(alert)
    for name in _HOW_IT_CAME_ABOUT:
        del bare[name]
    for document in bare["evidence"]:
        for name in _WHERE_IT_WAS_READ:
            document.pop(name, None)
    # Text, so that 0 and -0, or 1 and 1.0, are as different as they are in the file.
    return {name: msgspec.json.encode(value).decode() for name, value in bare.items()}


def judged_at_once(engine: Engine) -> set[str]:
    """Ids of the alerts that should fire, from the stored histories alone."""
    expected: set[str] = set()
    for vin in engine.store.vins():
        history = engine.history(vin)
        assert history is not None
        findings = [f for f in CATALOGUE.findings(history, _raise) if _holds(engine, f.deadline)]
        expected |= set(by_identity(findings, "vehicle", vin))
    return expected


def _holds(engine: Engine, deadline: Any) -> bool:
    if deadline is None:
        return True
    through = engine.watermarks.complete_through(deadline.feed)
    return through is not None and through >= deadline.last_day


def _raise(_: str, error: Exception) -> None:
    raise error


def assert_all_accounted_for(counters: Counters, documents: int) -> None:
    """Check invariant 3: nothing is lost silently."""
    assert counters.read == documents
    taken = counters.accepted + counters.duplicate + counters.stale
    assert counters.read == taken + counters.dead_lettered.total()
    assert not counters.detector_errors
