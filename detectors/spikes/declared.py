"""The province detectors as the catalogue lists them: what people read, and the thresholds."""

from typing import Annotated, ClassVar, Final

from msgspec import Meta

from detectors.base import Declared, DetectorSpec, Parameters
from detectors.spikes.watch import WatchSettings


class SpikeParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the provinces' watch."""

    false_discovery_rate: Annotated[float, Meta(gt=0, lt=1)]
    """Share of false ones expected among the provinces that alarm in a week."""
    upper_tail: Annotated[float, Meta(gt=0, lt=0.5)]
    """Tail probability of the upper bound that is shown, and of an alarm of the nation."""
    minimum_count: Annotated[int, Meta(ge=0, le=1_000_000)]
    """Exports needed within the latest four weeks before a province can alarm."""

    def settings(self) -> WatchSettings:
        """The same, as the watch takes them."""
        return WatchSettings(
            false_discovery_rate=self.false_discovery_rate,
            alpha=self.upper_tail,
            minimum_count=self.minimum_count,
        )


class ProvinceExportSpike(Declared):
    """More exports from a province than its own calendar and the rest of the nation explain."""

    spec: ClassVar = DetectorSpec(
        id="province_export_spike",
        version=2,
        title="Provincial export spike",
        status="stable",
        severities=("low", "medium", "high", "critical"),
        description="A province's weekly used exports far exceed what was expected of the week.",
        abnormal_because=(
            "Exports follow the calendar and the nation's trade. A single province that leaves both "
            "behind has a target to meet, a new exporter, or a scheme."
        ),
        known_gaps=(
            "Needs 20 weeks of history. A rise that is slow enough is learned. For 14 weeks after a "
            "fall, a return to the level before it is no spike. The alert counts "
            "vehicles and names no single document; the vehicles carry their own alerts."
        ),
        look_alikes=(
            "The country's feasts, ends of months and quarters and seasons are learnt; policy rushes "
            "move many provinces and are taken out with the nation's share; dated causes near the "
            "week are named. Late documents are expected as late."
        ),
        references=(
            "Noufaily et al., An improved algorithm for outbreak detection, Stat. Med. 2013",
            "Benjamini and Hochberg, Controlling the false discovery rate, 1995",
        ),
        runbook=(
            "Read who is behind the excess: few exporters, or broad?",
            "List the province's vehicle alerts of the same 7 days; how many are zero-mileage?",
            "Compare with the dated causes named and with the neighbouring provinces' weeks.",
        ),
    )
    parameters_type: ClassVar[type[Parameters]] = SpikeParameters


class ProvinceExportLevelShift(Declared):
    """A province that exports at a new level from some week on, or starts to export at all."""

    spec: ClassVar = DetectorSpec(
        id="province_export_level_shift",
        version=2,
        title="New level of provincial exports",
        status="stable",
        severities=("low", "medium", "high", "critical"),
        description="A province's used exports have moved to a new level, or have started.",
        abnormal_because=(
            "A new plateau is one event: a new exporter, gate or pilot, or a scheme going on."
        ),
        known_gaps="Told apart from a spike only after some weeks at the new level.",
        look_alikes="Pilots and the licence system of 2024 opened provinces; dated causes are named.",
        references=("West and Harrison, Bayesian Forecasting and Dynamic Models, 1997, interventions",),
        runbook=(
            "Read since when, and which exporters and destinations are new in the 12 weeks.",
            "Ask the province's commerce department about filings of new exporters in those weeks.",
        ),
    )
    parameters_type: ClassVar[type[Parameters]] = Parameters


class CustomsDelayDrift(Declared):
    """A customs source whose documents come later or sooner than they used to."""

    spec: ClassVar = DetectorSpec(
        id="customs_delay_drift",
        version=1,
        title="Customs documents change their delay",
        status="stable",
        severities=("low", "medium"),
        description="A customs source's documents come later or sooner than they used to.",
        abnormal_because=(
            "Counts of open weeks are judged by the share that is usually there. When the delay "
            "changes, that share is wrong, and so are the latest spikes."
        ),
        known_gaps="Needs some months of one source; documents without a recording day tell no delay.",
        look_alikes="An outage that is made good in one delivery looks like a slower source for weeks.",
        references=("Measured: a share of .6 taken for .7 raises false alarms from .5 to 2.8 %",),
        runbook=(
            "Ask the source what changed in its publishing in the weeks named.",
            "Take spikes of the latest 4 weeks with care until the delay is stable again.",
        ),
    )
    parameters_type: ClassVar[type[Parameters]] = Parameters


PROVINCE_DETECTORS: Final[dict[str, type[Declared]]] = {
    detector.spec.id: detector
    for detector in (ProvinceExportSpike, ProvinceExportLevelShift, CustomsDelayDrift)
}
"""By id; they judge counts, so they do not take vehicle histories."""
