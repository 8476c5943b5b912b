from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from detectors.alerts import AlertState, alert_id, by_identity, diff
from detectors.findings import SCORE_BANDS, SEVERITIES, Finding, score_in_band

VIN = "LGXCE6CB0SK100074"


def finding(anchor: str = "a", score: float = 0.3, **facts: float) -> Finding:
    return Finding(
        detector="double_sale",
        anchor=anchor,
        occurred_at="2025-03-01",
        severity="medium",
        score=score,
        facts=facts,
        evidence=(),
        labels={},
    )


@dataclass
class Life:
    """Alerts of one vehicle from one judgement to the next."""

    standing: list[AlertState] = field(default_factory=list)

    def now(self, *findings: Finding) -> list[tuple[str, int, str]]:
        changes, self.standing = diff(self.standing, by_identity(findings, "vehicle", VIN))
        return [(change.finding.anchor, change.revision, change.state) for change in changes]


def test_the_life_of_an_alert():
    life = Life()
    assert life.now(finding()) == [("a", 0, "firing")]
    assert life.now(finding()) == []
    assert life.now(finding(price=1)) == [("a", 1, "firing")]
    assert life.now() == [("a", 2, "resolved")]
    assert life.now() == []
    assert life.now(finding()) == [("a", 3, "firing")]
    assert life.now() == [("a", 4, "resolved")]


def test_alerts_live_side_by_side():
    life = Life()
    assert life.now(finding("a"), finding("b")) == [("a", 0, "firing"), ("b", 0, "firing")]
    assert life.now(finding("b", price=2), finding("c")) == [
        ("a", 1, "resolved"),
        ("b", 1, "firing"),
        ("c", 0, "firing"),
    ]


def test_a_resolved_alert_shows_its_last_finding():
    life = Life()
    life.now(finding(price=7))
    changes, _ = diff(life.standing, {})
    assert changes[0].finding.facts == {"price": 7}


def test_the_id_hangs_on_detector_subject_and_anchor_alone():
    identity = alert_id("double_sale", "vehicle", VIN, "a")
    assert identity == "".join(sorted(by_identity([finding(price=1)], "vehicle", VIN)))
    others = {
        alert_id("flash_registration", "vehicle", VIN, "a"),
        alert_id("double_sale", "province", VIN, "a"),
        alert_id("double_sale", "vehicle", VIN[:-1], "a"),
        alert_id("double_sale", "vehicle", VIN, "b"),
        alert_id("double_sale", "vehicle", VIN + "a", ""),
    }
    assert identity not in others
    assert len(others) == 5


def test_the_id_is_the_same_for_ever():
    """A change of this value orphans every alert that was ever published."""
    assert alert_id("double_sale", "vehicle", VIN, "2025-03-01") == "19ed9f960a783711ca5444f2f9d6a0f7"


def test_of_two_findings_with_one_anchor_the_worse_stands():
    for findings in (
        [finding(score=0.3), finding(score=0.4)],
        [finding(score=0.4), finding(score=0.3)],
    ):
        (kept,) = by_identity(findings, "vehicle", VIN).values()
        assert kept.score == 0.4


@pytest.mark.parametrize("severity", SEVERITIES)
def test_scores_stay_in_the_band_of_their_severity(severity):
    low, high = SCORE_BANDS[severity]
    scores = [score_in_band(severity, position) for position in (-1, 0, 0.25, 0.5, 0.999, 1, 7)]
    assert scores == sorted(scores)
    assert all(low <= score < high for score in scores)
    assert scores[0] == low


def test_the_bands_join():
    edges = [SCORE_BANDS[severity] for severity in SEVERITIES]
    assert (edges[0][0], edges[-1][1]) == (0, 1)
    assert all(one[1] == other[0] for one, other in pairwise(edges))
