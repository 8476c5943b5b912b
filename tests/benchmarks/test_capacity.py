"""The model of docs/measuring.md."""

from pathlib import Path

import pytest

from tests.benchmarks.capacity import Load, Measurements, measurements, plan
from tests.benchmarks.capacity_tables import markdown
from tests.benchmarks.example import report
from tests.benchmarks.results import ResultsError, read_reports

RESULTS = Path(__file__).with_name("results.json")
FAST = Measurements(documents_per_second=10_000, record_bytes=400, disk_bytes=200, recovery_seconds=6)


def test_a_country_by_hand() -> None:
    one = plan(Load(), FAST)
    # 52.4 million documents a year and a tenth of them again; 250 days of 8 hours, five times as fast
    assert one.documents_a_day == pytest.approx(52.4e6 * 1.1 / 365)
    assert one.rush_per_second == pytest.approx(52.4e6 * 1.1 / 250 / 28_800 * 5)
    assert one.vehicles == pytest.approx(140.7e6)
    assert (one.workers_for_speed, one.workers, one.partitions) == (1, 2, 8)
    assert one.recovery_minutes == pytest.approx(140.7 * 6 / 60 / 2)
    assert one.changelog == pytest.approx(140.7e6 * 400 * 3)


def test_ten_times_as_much_needs_more_workers_to_recover() -> None:
    ten = plan(Load(), FAST, 10)
    assert ten.workers == 10
    assert ten.recovery_minutes <= 15
    assert ten.disk_a_worker == pytest.approx(1407e6 * 200 / 10)


def test_missing_measurements_are_named() -> None:
    with pytest.raises(ResultsError, match="in the benchmark 'streaming'"):
        measurements({"example": report()})


def test_the_readme_shows_the_committed_results() -> None:
    readme = (Path(__file__).parents[2] / "docs" / "measuring.md").read_text("utf-8")
    shown = readme.partition("<!-- capacity -->\n")[2].partition("<!-- end capacity -->")[0]
    assert shown == markdown(read_reports(RESULTS)), "run `make readme`"
