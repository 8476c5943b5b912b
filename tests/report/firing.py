"""Alerts written by hand."""

from detectors.alerts import Alert


def alert(number, **fields):
    values = {
        "alert_id": f"{number:032x}", "detector": "double_sale", "detector_version": 1,
        "model_id": None, "subject_type": "vehicle", "subject": f"VIN{number:014}", "state": "firing",
        "cause": "new_evidence", "revision": 0, "severity": "high", "score": 0.6,
        "occurred_at": "2025-03-05", "detected_at": "2026-01-01T00:00:00+00:00",
        "title": "Same-week double sale", "explanation": "Sold twice.", "facts": {}, "evidence": (),
        "labels": {"province": "CN-GD"}, "shadow": False,
    }  # fmt: skip
    return Alert(**(values | fields))


def spike(number, **fields):
    values = {
        "detector": "province_spike", "subject_type": "province", "subject": "CN-TJ",
        "title": "Export spike", "explanation": "41 exports against 12 expected.",
        "facts": {
            "observed": 41, "expected": 12.3, "upper_bound": 22, "since": "2025-03-03",
            "until": "2025-03-16",
        }, "labels": {},
    }  # fmt: skip
    return alert(number, **(values | fields))
