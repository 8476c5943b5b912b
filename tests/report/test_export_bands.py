"""What the watch expected stands beside the counts, week by week."""

from collections import Counter
from dataclasses import replace

import numpy as np

from detectors.country import CHINA
from detectors.spikes.monitor import MonitorCalibration
from detectors.spikes.scores import Scores
from detectors.spikes.watch import WatchReport
from streams.report.export_charts import bands_of, weekly_exports, why_no_band

MONDAYS = (739_000, 739_007, 739_014)


def _report():
    scores = Scores.empty((1, 3))
    scores.expected[0] = [np.nan, 4.0, 5.0]
    scores.upper[0] = [np.nan, 9.0, 11.0]
    counts = np.array([[3.0, 4.0, 12.0]])
    judged = replace(scores, upper=np.full((1, 3), np.nan))
    checked = MonitorCalibration(0.0, 0, True)
    return WatchReport(MONDAYS, ("CN-GD",), counts, judged, lambda: scores.upper, (), checked, {})


def test_weeks_that_were_not_judged_have_no_band():
    assert bands_of(_report()) == {("CN-GD", 739_007): (4.0, 9.0), ("CN-GD", 739_014): (5.0, 11.0)}
    assert bands_of(None) == {}


def test_a_report_too_short_for_a_band_says_what_it_needs():
    assert why_no_band(bands_of(_report()), _report()) is None
    assert why_no_band({}, _report()) == (
        "What was to be expected is left out: it needs 8 whole weeks whose documents are all in, "
        "and there are 3."
    )
    assert "there are 0" in str(why_no_band({}, None))


def test_the_band_is_drawn_beside_the_counts():
    exports = Counter({("CN-GD", week): n for week, n in zip(MONDAYS, (3, 4, 12), strict=True)})
    drawn = weekly_exports(exports, [], MONDAYS, bands_of(_report()), CHINA)
    province = next(choice for choice in drawn.choices if choice.value == "CN-GD")
    assert province.values[:3] == [[3, 4, 12], [None, 4.0, 5.0], [None, 9.0, 11.0]]
