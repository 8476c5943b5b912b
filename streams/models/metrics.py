"""A model's drift as Prometheus metrics."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from detectors.forest.drift import Drift


def drift_registry(model_id: str, drift: Drift) -> CollectorRegistry:
    """Gauges of one measurement; labels are the model's id and feature names, nothing personal."""
    registry = CollectorRegistry()
    stability = Gauge(
        "zeromile_model_feature_stability_index",
        "Population stability index of a feature against the training population; 0.25 is moved.",
        ("model_id", "feature"),
        registry=registry,
    )
    for feature, index in drift.stability.items():
        stability.labels(model_id, feature).set(index)
    for name, text, value in (
        ("unusual_share", "Share of fresh reference vehicles at p <= 0.01.", drift.unusual),
        ("fresh_vehicles", "Fresh vehicles that drift was measured on.", drift.vehicles),
        ("drift_findings", "Findings that call for another model.", len(drift.findings)),
    ):
        gauge = Gauge(f"zeromile_model_{name}", text, ("model_id",), registry=registry)
        gauge.labels(model_id).set(value)
    return registry


def write_metrics(path: Path, model_id: str, drift: Drift) -> None:
    """Write the gauges in the text format, atomically."""
    write_to_textfile(str(path), drift_registry(model_id, drift))
