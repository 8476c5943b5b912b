"""Metric names and labels."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from detectors.findings import SEVERITIES
from detectors.registry import DECLARED, DETECTORS
from detectors.watermarks import WatermarkPolicy, Watermarks
from streams.engine.results import Result
from streams.service.metrics import Metrics, metric_families
from streams.service.observer import Observer
from streams.service.shared_watermarks import MOST_SHOWN, OTHER, show_watermarks

CLOSED = {
    "event_type", "outcome", "reason", "detector", "severity", "state", "topic", "partition",
    "version", "le", "shadow",
}  # fmt: skip

CHINA = dt.timezone(dt.timedelta(hours=8))


def test_names_are_prefixed_and_in_base_units():
    names = metric_families()

    assert all(re.fullmatch(r"zeromile_[a-z_]+", name) for name in names)
    assert not any(re.search(r"_(ms|millis|minutes|kb|mb)(_|$)", name) for name in names)
    assert all(names.values()), "each has a meaning"


def test_series_exist_from_the_start_and_labels_are_closed_sets():
    text = Metrics([DETECTORS["double_sale"].spec]).exposition().decode()
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]

    assert {label for sample in samples for label in sample.labels} <= CLOSED
    found = {sample.name for sample in samples}
    assert {"zeromile_alert_changes_total", "zeromile_detector_errors_total"} <= found
    assert not any(name.endswith("_created") for name in found)


def _samples(metrics: Metrics, name: str) -> list[Sample]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return [sample for family in families for sample in family.samples if sample.name == name]


def test_a_partition_that_went_to_another_worker_has_no_series():
    metrics = Metrics()
    gauges = [
        name
        for name, gauge in vars(metrics).items()
        if getattr(gauge, "_labelnames", None) == ("partition",)
    ]
    for name in gauges:
        getattr(metrics, name).labels("1").set(5)
        getattr(metrics, name).labels("2").set(7)

    metrics.forget_partition(1)

    text = metrics.exposition().decode()
    assert len(gauges) >= 4
    assert text.count('{partition="2"}') == len(gauges)
    assert '{partition="1"}' not in text
    metrics.forget_partition(1)  # also where there are none


def test_detectors_on_trial_are_told_apart():
    metrics = Metrics(detector.spec for detector in DECLARED.values())
    metrics_observer = Observer(metrics, {}, 10)
    for name, detector in DECLARED.items():
        shadow = detector.spec.status == "experimental"
        alert = SimpleNamespace(detector=name, severity="low", state="firing", shadow=shadow)
        metrics_observer.result(0, Result(alerts=[alert]))

    counted = _samples(metrics, "zeromile_alert_changes_total")
    # Had counting another label than the series made at the start, there were more of them.
    assert len(counted) == len(DECLARED) * len(SEVERITIES) * 2
    on_trial = {s.labels["detector"] for s in counted if s.labels["shadow"] == "true" and s.value}
    assert on_trial == {"unusual_life_cycle", "unusual_export"}
    assert sum(sample.value for sample in counted) == len(DECLARED)


def test_watermarks_are_shown_by_source_and_strange_sources_together():
    metrics = Metrics()
    watermarks = Watermarks(WatermarkPolicy(2, 30, {"slow": 10}))
    day = dt.date(2025, 3, 20).toordinal()
    watermarks.reach("registration", "registry", day)
    watermarks.reach("registration", "slow", day)
    watermarks.reach("customs_export", "x" * 61, day)
    watermarks.reach("customs_export", "粤B12345", day - 5)

    show_watermarks(metrics.watermark, watermarks)

    shown = {
        (s.labels["event_type"], s.labels["source"]): dt.datetime.fromtimestamp(s.value, CHINA)
        for s in _samples(metrics, "zeromile_watermark_timestamp_seconds")
    }
    assert shown == {
        ("registration", "registry"): dt.datetime(2025, 3, 17, tzinfo=CHINA),
        ("registration", "slow"): dt.datetime(2025, 3, 9, tzinfo=CHINA),
        ("customs_export", OTHER): dt.datetime(2025, 3, 12, tzinfo=CHINA),
    }


def test_many_sources_do_not_make_many_series():
    metrics, watermarks = Metrics(), Watermarks(WatermarkPolicy(2, 30))
    for number in range(5 * MOST_SHOWN):
        watermarks.reach("registration", f"s{number}", 739_000 + number)

    show_watermarks(metrics.watermark, watermarks)

    assert len(_samples(metrics, "zeromile_watermark_timestamp_seconds")) == MOST_SHOWN + 1
