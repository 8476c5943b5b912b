"""The watch: findings are a pure function of the counts, and read like one."""

from datetime import date

import numpy as np
import pytest
from msgspec.structs import replace

from detectors.findings import SCORE_BANDS
from detectors.spikes import attribution
from detectors.spikes.attribution import attribute
from detectors.spikes.episodes import Episode, episodes
from detectors.spikes.panel import WARM_UP
from detectors.spikes.tally import Export, ProvinceState, week_of
from detectors.spikes.watch import SpikeWatch, arrived_shares, mixed_shares

START = date(2023, 1, 2).toordinal()
WEEKS = 70
PROVINCES = tuple(f"CN-{letter}X" for letter in "ABCDEFGHIJ")
SATURDAY = START + 7 * (WEEKS - 1) + 5


def on(week, weekday=2, province="CN-CX", exporter="usual", **more):
    day = START + 7 * week + weekday
    return Export(province, day, day, exporter, "BYD", "RU", "9402", **more)


def quiet_tallies(seed=1, rate=30.0, weeks=WEEKS, silent=()):
    random = np.random.default_rng(seed)
    tallies = {province: ProvinceState() for province in PROVINCES}
    for province in PROVINCES:
        for week in range(weeks):
            for number in range(0 if province in silent else int(random.poisson(rate))):
                tallies[province].add(on(week, number % 6, province, f"exporter{number % 9}"), 1)
    return tallies


def add(tallies, count, week, sign=1, **more):
    for _ in range(count):
        tallies["CN-CX"].add(on(week, **more), sign)


def of(report, province="CN-CX", since=START + 7 * 12):
    return [one for one in report.findings if one.province == province and one.first_day >= since]


@pytest.fixture(scope="module")
def spike():
    tallies = quiet_tallies()
    add(tallies, 70, 60, exporter="newcomer", zero_mileage=True)
    return SpikeWatch(PROVINCES).report(tallies, SATURDAY)


def test_a_spike_explains_itself(spike):
    (finding,) = [one for one in of(spike) if one.first_day == START + 7 * 60]
    assert finding.kind == "spike"
    assert finding.detector == "province_export_spike"
    assert finding.observed > 80
    assert 20 < finding.expected < 40
    assert finding.observed > finding.upper > finding.expected
    assert finding.p < 1e-9
    assert finding.attribution.breadth == "few exporters"
    assert finding.attribution.contributors["exporter"][0].value == "newcomer"
    assert finding.attribution.zero_mileage_share > 0.6
    low, high = SCORE_BANDS[finding.severity]
    assert low <= finding.score < high
    facts = finding.facts()
    assert facts["since"] == "2024-02-26"
    assert facts["top_exporter"] == "newcomer"
    text = finding.explanation()
    for part in (f"{finding.observed:.0f} exports", "2024-02-26", "few exporters", "newcomer"):
        assert part in text


def test_findings_have_the_upper_bounds_that_are_shown_of_their_weeks():
    tallies = quiet_tallies()
    for province in PROVINCES:
        for _ in range(70):
            tallies[province].add(on(60, province=province), 1)
    add(tallies, 200, 64)
    report = SpikeWatch(PROVINCES).report(tallies, SATURDAY)
    assert not np.isfinite(report.judged.upper).any(), "nobody has asked yet"
    shown = report.scores.upper
    for finding in report.findings:
        row = report.regions.index(finding.province)
        first, last = (report.mondays.index(week_of(d)) for d in (finding.first_day, finding.last_day))
        assert finding.upper == shown[row, first : last + 1].sum()
    assert {"CN", "CN-CX"} <= {finding.province for finding in report.findings}
    assert np.isfinite(shown[:, WARM_UP:]).all()
    assert not np.isfinite(shown[:, :WARM_UP]).any()


def test_known_causes_are_named(spike):
    (finding,) = [one for one in of(spike) if one.first_day == START + 7 * 60]
    assert any("2024-03-01" in cause for cause in finding.causes)
    assert any("Chinese New Year is 1" in cause and "before" in cause for cause in finding.causes)


def test_quiet_provinces_stay_quiet():
    report = SpikeWatch(PROVINCES).report(quiet_tallies(), SATURDAY)
    assert len(report.findings) <= 4
    assert report.regions[-1] == "CN"
    np.testing.assert_array_equal(report.counts[-1], report.counts[:-1].sum(axis=0))


def test_nothing_counted_is_no_report():
    assert SpikeWatch(PROVINCES).report({}, SATURDAY) is None
    assert SpikeWatch(PROVINCES).report({"CN-CX": ProvinceState()}, SATURDAY) is None


def test_an_alert_fires_mid_week_and_a_void_takes_it_back():
    tallies = quiet_tallies(weeks=WEEKS - 1)
    tuesday = START + 7 * (WEEKS - 1) + 1
    watch = SpikeWatch(PROVINCES)
    now = START + 7 * (WEEKS - 1)
    add(tallies, 30, WEEKS - 1, weekday=0)
    assert not of(watch.report(tallies, tuesday), since=now)
    add(tallies, 60, WEEKS - 1, weekday=1, exporter="rush")
    (finding,) = of(watch.report(tallies, tuesday), since=now)
    assert finding.observed == 90
    add(tallies, 60, WEEKS - 1, sign=-1, weekday=1, exporter="rush")
    assert not of(watch.report(tallies, tuesday), since=now)


def test_days_to_come_do_not_count():
    tallies = quiet_tallies(weeks=WEEKS - 1)
    watch = SpikeWatch(PROVINCES)
    before = watch.report(tallies, START + 7 * 50 + 3)
    add(tallies, 500, 60)
    assert watch.report(tallies, START + 7 * 50 + 3).findings == before.findings


def plateau(first, height, silent=()):
    tallies = quiet_tallies(silent=silent)
    for week in range(first, WEEKS):
        add(tallies, height, week, exporter=f"exporter{week % 9}")
    return SpikeWatch(PROVINCES).report(tallies, SATURDAY)


def test_a_new_plateau_is_one_level_shift():
    findings = of(plateau(45, 60), since=START + 7 * 44)
    assert [one.kind for one in findings] == ["level_shift"]
    assert findings[0].detector == "province_export_level_shift"
    assert findings[0].first_day == START + 7 * 45
    assert "new level" in findings[0].explanation()


def test_a_province_that_starts_is_one_start():
    findings = of(plateau(40, 40, silent=("CN-CX",)))
    assert [one.kind for one in findings] == ["start"]
    assert findings[0].first_day == START + 7 * 40
    assert "start of exports" in findings[0].explanation()


def test_episodes_join_and_part():
    counts = np.full(60, 100.0)
    alarm = np.zeros(60, dtype=bool)
    alarm[[30, 32, 36]] = True
    assert episodes(counts, alarm, np.zeros(60)) == [
        Episode(30, 32, "spike"),
        Episode(36, 36, "spike"),
    ]


def same(one, other):
    assert one.findings == other.findings
    np.testing.assert_array_equal(one.scores.p, other.scores.p)
    np.testing.assert_array_equal(one.scores.upper, other.scores.upper)


@pytest.mark.parametrize("seed", range(3))
def test_findings_do_not_depend_on_what_the_watch_saw_before(seed):
    """Late documents, voids and moved dates in any order: the watch ends where a new one begins."""
    random = np.random.default_rng(seed)
    tallies = quiet_tallies(seed=seed, rate=12.0)
    watch = SpikeWatch(PROVINCES)
    for today in range(START + 7 * 40, SATURDAY + 1, 17):
        for _ in range(6):
            week, sign = int(random.integers(0, WEEKS)), 1
            province = str(random.choice(PROVINCES))
            export = on(week, 3, province, "late")
            known = tallies[province].weeks.get(week_of(export.day))
            if random.random() < 0.5 and known and known.by["exporter"].get("late"):
                sign = -1
            tallies[province].add(export, sign)
        report = watch.report(tallies, today)
        same(report, SpikeWatch(PROVINCES).report(tallies, today))


def test_an_old_finding_is_told_anew_only_when_its_counts_have_moved(monkeypatch):
    attributed = []

    def noted(tally, weeks, expected):
        attributed.append(weeks[0])
        return attribute(tally, weeks, expected)

    monkeypatch.setattr(attribution, "attribute", noted)
    tallies = quiet_tallies()
    add(tallies, 70, 40, exporter="newcomer")
    spike = START + 7 * 40
    watch = SpikeWatch(PROVINCES)

    def report(day):
        attributed.clear()
        told = watch.report(tallies, day)
        assert told.findings == SpikeWatch(PROVINCES).report(tallies, day).findings
        return attributed.count(spike) - 1  # the fresh watch's own

    assert report(SATURDAY) == 1
    add(tallies, 1, WEEKS - 1)
    assert report(SATURDAY + 1) == 0
    for week in (40, 35):  # its own counts; what was usual before
        add(tallies, 3, week, sign=-1, exporter="newcomer" if week == 40 else "exporter1")
        add(tallies, 3, week, exporter="another")  # as many as before
        assert report(SATURDAY + 1) == 1


def test_a_watch_that_saw_the_first_week_begin_ends_where_a_new_one_begins():
    tallies = {province: ProvinceState() for province in PROVINCES}
    watch = SpikeWatch(PROVINCES)
    add(tallies, 2, 0)
    watch.report(tallies, START)
    for week in range(WEEKS):
        add(tallies, 12, week)
    same(watch.report(tallies, SATURDAY), SpikeWatch(PROVINCES).report(tallies, SATURDAY))


def test_a_document_before_all_others_starts_the_weeks_anew():
    tallies = quiet_tallies(rate=12.0)
    watch = SpikeWatch(PROVINCES)
    watch.report(tallies, SATURDAY)
    tallies["CN-AX"].add(on(-3, 1, "CN-AX"), 1)
    report = watch.report(tallies, SATURDAY)
    assert report.mondays[0] == START - 21
    same(report, SpikeWatch(PROVINCES).report(tallies, SATURDAY))


def test_open_weeks_are_judged_by_what_has_arrived():
    """Documents that come a week late must not hide a spike nor make one."""
    tallies = quiet_tallies()
    random = np.random.default_rng(3)
    late = {province: ProvinceState() for province in PROVINCES}
    today = START + 7 * (WEEKS - 1) + 6
    for province, tally in tallies.items():
        for monday, week in tally.weeks.items():
            for _ in range(week.total):
                recorded = monday + 7 * int(random.random() < 0.4)
                if recorded <= today:
                    late[province].add(Export(province, monday, recorded, "usual"), 1)
    report = SpikeWatch(PROVINCES).report(late, today)
    assert not report.drifts
    assert not [one for one in report.findings if one.first_day >= START + 7 * (WEEKS - 3)]
    assert report.scores.expected[0, -1] > 20.0


CURVE = np.array([0.7, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])


def test_shares_fill_up_within_the_present_week():
    monday, sunday = arrived_shares(CURVE, 30, 1), arrived_shares(CURVE, 30, 7)
    assert monday[-1] == pytest.approx(0.7 + 0.3 / 7)
    assert sunday[-1] == pytest.approx(1.0)
    assert monday[-2] == 1.0
    assert arrived_shares(CURVE, 1, 3).shape == (0,)


def test_every_source_has_its_own_delay():
    published = {"fast": 200, "slow": 600}
    arrived = {"fast": np.ones(29), "slow": np.full(29, 0.6)}
    assert mixed_shares(published, arrived, np.ones(29)) == pytest.approx(np.full(29, 0.7))
    assert mixed_shares({}, arrived, np.full(29, 0.9)) == pytest.approx(np.full(29, 0.9))


def test_a_source_that_becomes_slower_is_named():
    random = np.random.default_rng(5)
    tallies = {province: ProvinceState() for province in PROVINCES}
    today = START + 7 * (WEEKS - 1) + 6
    for province in PROVINCES:
        for week in range(WEEKS):
            for number in range(24):
                source = ("north", "south")[number % 2]
                delayed = 0.6 if source == "south" and week >= WEEKS - 10 else 0.1
                export = on(week, 1, province, source=source)
                recorded = export.day + 7 * int(random.random() < delayed)
                if recorded <= today:
                    tallies[province].add(replace(export, recorded_day=recorded), 1)
    report = SpikeWatch(PROVINCES).report(tallies, today)
    assert set(report.drifts) == {"south"}
    assert report.drifts["south"].now < report.drifts["south"].usual - 0.3
