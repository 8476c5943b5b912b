"""A model's drift as Prometheus metrics."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from detectors.forest.drift import Drift


class DriftGauges:
    """Gauges of the newest measurement; labels are the model's id and features, nothing personal.

    Parameters
    ----------
    registry
        Where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"zeromile_model_{name}", text, ("model_id", *labels), registry=registry)

        self._stability = gauge(
            "feature_stability_index",
            "Population stability index of a feature against the training population; 0.25 is moved.",
            "feature",
        )
        self._unusual = gauge(
            "unusual_share", "Share of fresh exports that no rule finds at p <= 0.01."
        )
        self._vehicles = gauge("fresh_vehicles", "Fresh vehicles that drift was measured on.")
        self._findings = gauge("drift_findings", "Findings that call for another model.")

    def show(self, model_id: str, drift: Drift) -> None:
        """Show a measurement in place of the last one."""
        for each in (self._stability, self._unusual, self._vehicles, self._findings):
            each.clear()
        for feature, index in drift.stability.items():
            self._stability.labels(model_id, feature).set(index)
        self._unusual.labels(model_id).set(drift.unusual)
        self._vehicles.labels(model_id).set(drift.vehicles)
        self._findings.labels(model_id).set(len(drift.findings))


def write_metrics(path: Path, model_id: str, drift: Drift) -> None:
    """Write the gauges of one measurement in the text format, atomically."""
    registry = CollectorRegistry()
    DriftGauges(registry).show(model_id, drift)
    write_to_textfile(str(path), registry)
