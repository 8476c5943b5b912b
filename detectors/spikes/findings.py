"""What is said of a province: a finding, its severity and its sentence."""

import math
from dataclasses import dataclass
from datetime import date

from detectors.findings import SCORE_BANDS, Severity
from detectors.spikes.attribution import Contributor, ExcessAttribution
from detectors.spikes.episodes import Kind
from detectors.spikes.tally import DIMENSIONS

DETECTOR_IDS: dict[Kind, str] = {
    "spike": "province_export_spike",
    "level_shift": "province_export_level_shift",
    "start": "province_export_level_shift",
}

_BANDS: tuple[tuple[Severity, float, float, float], ...] = (
    ("critical", 1e-9, 3.0, 100.0),
    ("high", 1e-6, 2.0, 30.0),
    ("medium", 1e-4, 1.25, 10.0),
)
_SURPRISE_OF_ONE = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeFinding:
    """A spike, a new level or a start, as the counts show it now.

    Attributes
    ----------
    kind : str
    province : str
        ISO 3166-2 code, or ``CN`` for the nation.
    first_day, last_day : int
        Monday of the first and Sunday of the last alarmed week; the first anchors the finding.
    observed, expected, upper : float
        Totals of the alarmed weeks; `upper` sums the largest counts without alarm.
    p : float
        Smallest p-value of the weeks.
    attribution : ExcessAttribution
    causes : tuple of str
        Known dated causes near.
    """

    kind: Kind
    province: str
    first_day: int
    last_day: int
    observed: float
    expected: float
    upper: float
    p: float
    attribution: ExcessAttribution
    causes: tuple[str, ...]

    @property
    def detector(self) -> str:
        """Id of the detector: spikes and new levels are different alerts."""
        return DETECTOR_IDS[self.kind]

    @property
    def times_usual(self) -> float:
        """Observed over expected."""
        return self.observed / max(self.expected, 0.5)

    @property
    def score(self) -> float:
        """From 0 to 1 within the severity's band; its upper end from p = 1e-12 on."""
        low, high = SCORE_BANDS[self.severity]
        return low + (high - low) * min(0.999, -math.log10(self.p) / _SURPRISE_OF_ONE)

    @property
    def severity(self) -> Severity:
        """Band of surprise, size relative to the usual and vehicles in excess, all three."""
        excess = self.observed - self.expected
        for severity, p, times, vehicles in _BANDS:
            if self.p <= p and self.times_usual >= times and excess >= vehicles:
                return severity
        return "low"

    def facts(self) -> dict[str, float | int | str]:
        """Return the numbers the finding rests on, flat, in a fixed order."""
        result: dict[str, float | int | str] = {
            "observed": round(self.observed),
            "expected": round(self.expected, 2),
            "upper_bound": round(self.upper, 2),
            "p": float(f"{self.p:.3g}"),
            "times_usual": round(self.times_usual, 2),
            "since": date.fromordinal(self.first_day).isoformat(),
            "until": date.fromordinal(self.last_day).isoformat(),
            "kind": self.kind,
            "breadth": self.attribution.breadth,
            "zero_mileage_share": round(self.attribution.zero_mileage_share, 3),
        }
        for dimension in DIMENSIONS:
            for found in self.attribution.contributors[dimension][:1]:
                result[f"top_{dimension}"] = found.value
                result[f"top_{dimension}_share_of_excess"] = round(found.share, 3)
        for number, cause in enumerate(self.causes, start=1):
            result[f"known_cause_{number}"] = cause
        return result

    def explanation(self) -> str:
        """Return one or two sentences with the numbers."""
        weeks = (self.last_day + 1 - self.first_day) // 7
        span = (
            f"the week from {date.fromordinal(self.first_day)}"
            if weeks == 1
            else (f"the {weeks} weeks from {date.fromordinal(self.first_day)}")
        )
        text = (
            f"{self.observed:.0f} exports in {span} where {self.expected:.1f} were expected, "
            f"{self.times_usual:.1f} times the usual (p {self.p:.1g})."
        )
        if self.kind != "spike":
            what = "start of exports" if self.kind == "start" else "new level"
            text = f"{text[:-1]}: a {what}, not a passing spike."
        top = self.attribution.contributors["exporter"][:3]
        return text + (f" Excess: {self.attribution.breadth} ({_names(top)})." if top else "")


def _names(contributors: tuple[Contributor, ...]) -> str:
    return ", ".join(f"{found.value} {found.share:.0%}" for found in contributors)
