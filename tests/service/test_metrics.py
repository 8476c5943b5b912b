"""Metric names and labels."""

from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from streams.service.metrics import Metrics, metric_families

CLOSED = {
    "event_type", "outcome", "reason", "detector", "severity", "state", "topic", "partition",
    "version", "le",
}  # fmt: skip


def test_names_are_prefixed_and_in_base_units():
    names = metric_families()

    assert all(re.fullmatch(r"zeromile_[a-z_]+", name) for name in names)
    assert not any(re.search(r"_(ms|millis|minutes|kb|mb)(_|$)", name) for name in names)
    assert all(names.values()), "each has a meaning"


def test_series_exist_from_the_start_and_labels_are_closed_sets():
    text = Metrics(["double_sale"]).exposition().decode()
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]

    assert {label for sample in samples for label in sample.labels} <= CLOSED
    found = {sample.name for sample in samples}
    assert {"zeromile_alert_changes_total", "zeromile_detector_errors_total"} <= found
    assert not any(name.endswith("_created") for name in found)
