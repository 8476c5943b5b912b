"""How good alerts are on a stream of which somebody knows what its people were about."""

from streams.evaluation.answers import read_answers
from streams.evaluation.baselines import Register, read_register
from streams.evaluation.observing import ObservedRun, observe_alerts, observe_run
from streams.evaluation.score import Score
from streams.evaluation.scoring import BASE_RATE, score
from streams.evaluation.truth import Truth, TruthError, read_truth

__all__ = [
    "BASE_RATE",
    "ObservedRun",
    "Register",
    "Score",
    "Truth",
    "TruthError",
    "observe_alerts",
    "observe_run",
    "read_answers",
    "read_register",
    "read_truth",
    "score",
]
