"""What the desk expects of provinces is what the worker expects, over the same documents."""

from __future__ import annotations

import math

import pytest
import sqlalchemy as sa

from detectors.registry import Catalogue
from streams.backfill.replay import Replay
from streams.desk.expecting import MOST_WEEKS, Expectations
from streams.setup.clock import utc_now
from streams.setup.policy import load_policy
from streams.store.database import migrate, open_database
from streams.store.from_file import store_files
from streams.store.refreshing import refresh_views
from streams.store.writing import write
from tests.simulated import record_country
from tests.store.changes import document, export, registration


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A small country, and what the provinces' watch says of it."""
    path = tmp_path_factory.mktemp("country") / "documents.jsonl.gz"
    record_country(path, vehicles=1_500, seed=7)
    run = Replay(Catalogue(load_policy(None)))
    run.run([path])
    return path, run.provinces.latest


def test_observed_and_expected_are_those_of_the_watch(store, judged):
    path, report = judged
    store_files(store, [path])
    expectations = Expectations(store)
    expected_weeks = 0
    for row, region in enumerate(report.regions):
        weeks = expectations.weeks(region, utc_now())
        assert len(weeks) <= MOST_WEEKS
        last = len(report.mondays)
        observed = report.counts[row, last - len(weeks) :]
        assert [week.exports for week in weeks] == observed.tolist(), region
        assert report.counts[row].sum() == observed.sum() or len(weeks) == MOST_WEEKS
        for week, judgement in zip(
            weeks, report.judged.expected[row, last - len(weeks) :], strict=True
        ):
            assert (week.expected is None) == math.isnan(judgement)
            assert week.expected is None or week.expected == pytest.approx(judgement, abs=0.06)
            expected_weeks += week.expected is not None
    assert expected_weeks > 100


def test_they_are_judged_again_when_more_is_stored(engine):
    expectations = Expectations(engine)
    now = utc_now()
    expectations.refresh(now)
    assert [week.exports for week in expectations.weeks("CN-GD", now)] == [1]
    write(engine, [document(export("V9", "2025-06-21"), 9), document(export("V1", "2025-07-01"), 10)])
    assert [week.exports for week in expectations.weeks("CN-GD", now)] == [1]
    expectations.refresh(now)
    weeks = expectations.weeks("CN-GD", now)
    assert [(week.week, week.exports) for week in weeks] == [("2025-06-16", 2)], "a vehicle counts once"
    assert expectations.weeks("CN", now) == weeks, "the nation"
    assert expectations.weeks("CN-XX", now) == ()


def test_an_export_counts_as_the_view_counts_it(store):
    """Ties of a day go by the hour; the province is that of the last registration, if it names one."""
    write(
        store,
        [
            document(value, number)
            for number, value in enumerate(
                (
                    export("V1", "2025-06-20T15:00:00+08:00", event_id="a", exporter_province="CN-SH"),
                    export("V1", "2025-06-20T09:00:00+08:00", event_id="b", exporter_province="CN-GD"),
                    registration("V2", "2025-01-05", province="CN-BJ"),
                    registration("V2", "2025-02-05", kind="transfer", province=None),
                    export("V2", "2025-06-20", exporter_province=None),
                    registration("V3", "2025-02-05", province="CN-BJ"),
                    registration("V3", "2025-02-05", event_id="t", kind="transfer", province="CN-TJ"),
                    export("V3", "2025-06-20", exporter_province=None),
                )
            )
        ],
    )
    refresh_views(store)
    with store.connect() as connection:
        counted = connection.execute(
            sa.text("SELECT vin, province FROM counted_exports ORDER BY 1")
        ).all()
    assert [tuple(row) for row in counted] == [("V1", "CN-GD"), ("V3", "CN-TJ")]
    expectations = Expectations(store)
    for province, exports in (
        ("CN-GD", [1]),
        ("CN-TJ", [1]),
        ("CN-SH", []),
        ("CN-BJ", []),
        ("CN", [2]),
    ):
        weeks = expectations.weeks(province, utc_now())
        assert [week.exports for week in weeks] == exports, province


def test_a_store_without_documents_expects_nothing(tmp_path):
    empty = open_database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    migrate(empty)
    assert Expectations(empty).weeks("CN-GD", utc_now()) == ()
    empty.dispose()
