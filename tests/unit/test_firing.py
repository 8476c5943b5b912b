"""Firing alerts as they are kept during a replay."""

import msgspec

from detectors.alerts import Alert
from streams.backfill.firing import FiringAlerts, record_of

ALERT = Alert(
    alert_id="a",
    detector="double_sale",
    detector_version=1,
    model_id=None,
    subject_type="vehicle",
    subject="LGXCE6CB0SK100074",
    state="firing",
    cause="new_evidence",
    revision=0,
    severity="high",
    score=0.8,
    occurred_at="2026-01-05",
    detected_at="2026-01-06T00:00:00+00:00",
    title="Double sale",
    explanation="",
    facts={"severity": "low"},
    evidence=(),
    labels={"detector": "another"},
    shadow=False,
)


def test_counts_are_those_of_the_alerts_that_fire():
    firing = FiringAlerts()
    for name, detector in (("a", "double_sale"), ("b", "double_sale"), ("c", "price_gap")):
        alert = msgspec.structs.replace(ALERT, alert_id=name, detector=detector)
        firing.note(name, record_of(alert), firing=True)
        assert firing[name] == alert
    firing.note("b", b"", firing=False)
    assert firing.counts() == {("double_sale", "high"): 1, ("price_gap", "high"): 1}
