"""Words find the same alerts in both databases; pages hold what answers once, however they are read."""

from __future__ import annotations

from itertools import product

import pytest
import sqlalchemy as sa

from streams.desk import paging, searching
from streams.desk.asking import alerts_asked
from streams.desk.connecting import set_for_pages
from streams.desk.estimating import expected_rows
from streams.desk.questions import AlertQuestion
from streams.desk.searching import holds_words
from streams.desk.tables import alerts
from streams.setup.clock import utc_now
from streams.store.database import migrate, open_database
from streams.store.words import LONGEST_WORD
from streams.store.writing import write
from tests.store.changes import change, record, records

SEVERITIES = ("low", "medium", "high", "critical")


def found(engine, **asked):
    with engine.connect() as connection:
        page = alerts_asked(connection, AlertQuestion(**asked), utc_now())
    return [alert.alert_id for alert in page.alerts]


@pytest.mark.parametrize("by_index", [2000, 0])
def test_words_find_what_title_explanation_and_subject_hold(store, monkeypatch, by_index):
    monkeypatch.setattr(searching, "_MANY", sa.text(f"SELECT {by_index} = 0 OR :asked_words IS NULL"))
    long = "x" * (LONGEST_WORD + 5)
    write(
        store,
        records(
            change("a1", subject="LVGAA2JEXP5015803", title="Zero-mileage used export",
                   explanation="Declared with 1,042 km read on 2023-10-09; 100 % of them."),
            change("a2", subject="V2", explanation=f"Käufer 比亚迪, \\ ' \" :* & | ! <b> {long}"),
        ),
    )  # fmt: skip
    for text, ids in {
        "mileage": ["a1"], "MILE exp": ["a1"], "ileage": [], "used-export": ["a1"],
        "1,042": ["a1"], "2023-10-09": ["a1"], "42": [], "km": ["a1"], "k": [],
        "lvgaa2": ["a1"], "5015803": [], "015803": ["a1"], "015": ["a1"],
        "käuf": ["a2"], "KÄUFER": ["a2"], "亚": ["a2"], "比迪": ["a2"], "v2": ["a2"],
        "<b>": ["a2"], long: ["a2"], "& | ! :* ' \\ \"": [], "mileage & nothing": [],
    }.items():  # fmt: skip
        assert found(store, text=text) == ids, text


def test_an_alert_is_found_by_what_it_says_now(store):
    write(store, [record(change("a1", explanation="Before."), 0)])
    write(store, [record(change("a1", revision=1, explanation="Afterwards."), 1)])
    assert (found(store, text="before"), found(store, text="afterwards")) == ([], ["a1"])
    with store.begin() as connection:
        connection.execute(sa.text("DELETE FROM alerts"))
    assert found(store, text="afterwards") == []
    write(store, [record(change("a1", revision=2, explanation="Again."), 2)])
    assert found(store, text="again") == ["a1"]


QUESTIONS = (
    ({}, 24), ({"text": "thing"}, 24), ({"text": "rare"}, 6), ({"text": "none"}, 0),
    ({"brand": "B1"}, 12), ({"brand": "B0", "text": "rare"}, 6),
    ({"severity": "low", "case": "undecided"}, 6),
    ({"vin": "v3"}, 1), ({"trial": "only"}, 0),
)  # fmt: skip


def test_pages_hold_each_alert_once_in_order_whatever_way_is_taken(store, monkeypatch):
    write(
        store,
        records(
            *(
                change(f"a{n:02}", severity=SEVERITIES[n % 4], score=n / 50, subject=f"V{n}",
                       explanation="Rare thing." if n % 4 == 0 else "Other thing.",
                       occurred_at=f"2025-06-{1 + n % 9:02}", labels={"brand": f"B{n % 2}"})
                for n in range(24)
            )
        ),
    )  # fmt: skip
    orders = ("worst", "newest", "latest")
    whole = {
        order: [found(store, order=order, limit=200, **asked) for asked, _ in QUESTIONS]
        for order in orders
    }
    assert [len(ids) for ids in whole["worst"]] == [number for _, number in QUESTIONS]
    monkeypatch.setattr(paging, "_WALK", 5)
    monkeypatch.setattr(paging, "_FEW", 3)
    for many, order in product((0, 50_000), orders):
        monkeypatch.setattr(paging, "_MANY", many)
        for (asked, number), ids in zip(QUESTIONS, whole[order], strict=True):
            pages = list(page_by_page(store, order=order, limit=4, **asked))
            assert [alert.alert_id for page in pages for alert in page.alerts] == ids, asked
            assert all(page.more_than_counted or page.count == number for page in pages)


def page_by_page(store, **asked):
    after = None
    while True:
        with store.connect() as connection:
            page = alerts_asked(connection, AlertQuestion(after=after, **asked), utc_now())
        yield page
        if (after := page.after) is None:
            return


def test_postgresql_knows_many_words_and_neither_compiles_nor_starts_workers_for_a_page(postgres):
    engine = open_database(postgres.url(postgres.new_database()))
    migrate(engine)
    set_for_pages(engine)
    with engine.connect() as connection:
        for name, value in (("jit", "off"), ("max_parallel_workers_per_gather", "0")):
            assert connection.execute(sa.text(f"SHOW {name}")).scalar_one() == value
        column = "attrelid = 'alerts'::regclass AND attname = 'words'"
        kept = connection.execute(sa.text(f"SELECT attstattarget FROM pg_attribute WHERE {column}"))
        assert kept.scalar_one() == 300
        write(engine, records(*(change(f"a{n}", explanation=f"km read{n}") for n in range(400))))
        connection.execute(sa.text("ANALYZE alerts"))
        for text, some in (("reading", False), ("rea", True), ("read39", False)):
            rare = expected_rows(connection, sa.select(alerts).where(holds_words(connection, text)[0]))
            assert (rare > 200) == some, text
    engine.dispose()
