"""The score card: plain records, the same for the table and for JSON."""

import msgspec


class Delay(msgspec.Struct, frozen=True):
    """Days from a point in time to the first alert."""

    median: float
    p95: float


class DetectorScore(msgspec.Struct, frozen=True):
    """One detector; a case is a vehicle that it must (or must not) speak of.

    Attributes
    ----------
    expected, found, recall
        Vehicles whose documents are complete enough to prove it; those of them that fire at the end;
        found / expected.
    firing, right, tolerated, wrong, precision
        Vehicles it fires for at the end: all, expected ones, neither right nor wrong, wrong ones;
        right / (right + wrong).
    wrong_for_lost_documents
        Those of the wrong ones whose vehicle has lost documents: it judged rightly what it saw.
    withdrawn
        Vehicles it wrongly fired for and took back.
    since_provable, since_visible
        Days from the day the scheme is provable, and from the arrival of the last document needed.
    """

    detector: str
    expected: int
    found: int
    recall: float | None
    firing: int
    right: int
    tolerated: int
    wrong: int
    wrong_for_lost_documents: int
    precision: float | None
    withdrawn: int
    since_provable: Delay | None
    since_visible: Delay | None


class SchemeScore(msgspec.Struct, frozen=True):
    """One scheme: by the detector of its name, and by all detectors that must fire for it."""

    scheme: str
    vehicles: int
    provable: int
    found: int
    recall: float | None
    expected_alerts: int
    found_alerts: int
    recall_alerts: float | None


class LookAlikeScore(msgspec.Struct, frozen=True):
    """One class of decoys (or ordinary vehicles): how many are wrongly accused at the end.

    `tolerated` counts vehicles with an alert that is neither right nor wrong.
    """

    look_alike: str
    vehicles: int
    accused: int
    rate: float | None
    accused_for_lost_documents: int
    tolerated: int
    withdrawn: int
    by_detector: dict[str, int]


class Missed(msgspec.Struct, frozen=True):
    """Expected alerts that did not come, by reason."""

    detector: str
    label: str
    reason: str
    count: int
    examples: tuple[str, ...]


class WrongAlerts(msgspec.Struct, frozen=True):
    """Alerts that should not fire, by class of vehicle."""

    detector: str
    label: str
    documents_lost: bool
    count: int
    examples: tuple[str, ...]


class SpikeScore(msgspec.Struct, frozen=True):
    """Provincial spikes: found ones, alerts outside any, stream days from begin to alert."""

    detector: str
    spikes: int
    found: int
    recall: float | None
    alerts: int
    wrong: int
    precision: float | None
    days_to_detection: Delay | None
    missed: tuple[str, ...]
    outside: tuple[str, ...]
    """Alerts outside any injected spike: province and day."""
    wrong_in_rush: int
    """Wrong alerts in weeks in which a policy pulled the exports of all provinces forward."""


class RefusalScore(msgspec.Struct, frozen=True):
    """Unreadable lines: sent, refused, refused although readable."""

    malformed: int
    refused: int
    passed: int
    refused_wrongly: int
    by_reason: dict[str, dict[str, int]]


class UnusualScore(msgspec.Struct, frozen=True):
    """What the findings of a model say of one class; no truth says what is unusual, so none is wrong.

    Attributes
    ----------
    kind
        scheme, look_alike or ordinary.
    vehicles, flagged, rate
        Vehicles of the class; those it fires for at the end; flagged / vehicles.
    """

    detector: str
    kind: str
    label: str
    vehicles: int
    flagged: int
    rate: float | None


class Score(msgspec.Struct, frozen=True):
    """The whole score card."""

    documents: int
    vehicles: int
    detector_errors: int
    detectors: tuple[DetectorScore, ...]
    schemes: tuple[SchemeScore, ...]
    look_alikes: tuple[LookAlikeScore, ...]
    missed: tuple[Missed, ...]
    wrong: tuple[WrongAlerts, ...]
    spikes: tuple[SpikeScore, ...]
    unusual: tuple[UnusualScore, ...]
    """Empty without a model."""
    refusals: RefusalScore | None
