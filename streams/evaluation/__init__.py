"""How good the detectors are on a labelled stream: what is found, missed, and wrong."""

from streams.evaluation.observing import ObservedRun, observe_alerts, observe_run
from streams.evaluation.score import Score
from streams.evaluation.scoring import score
from streams.evaluation.truth import Truth, TruthError, read_truth

__all__ = [
    "ObservedRun",
    "Score",
    "Truth",
    "TruthError",
    "observe_alerts",
    "observe_run",
    "read_truth",
    "score",
]
