"""A million alerts in PostgreSQL and a hundred thousand in SQLite: what every page takes.

It prints the figures, and asserts no more than that nothing is out of all proportion: machines differ.
"""

from __future__ import annotations

import statistics
import time

import pytest
import sqlalchemy as sa

from streams.desk.cases import Seen, act_on_case
from streams.desk.life_cycle import Close
from streams.setup.clock import utc_now
from streams.store.database import migrate, open_database, refresh_statistics
from streams.store.refreshing import refresh_views
from streams.store.writing import write
from tests.desk.served import served, signed_in, token
from tests.store.changes import change, document, export, record, registration

ALERTS = {"postgresql": 1_000_000, "sqlite": 100_000}
TIMES = 20
OUT_OF_ALL_PROPORTION = 5.0
DAYS = {
    "sqlite": {
        "occurred_on": "DATE('2023-01-01', '+' || (n % 730) || ' days')",
        "occurred_month": "DATE('2023-01-01', '+' || (n % 730) || ' days', 'start of month')",
    },
    "postgresql": {
        "occurred_on": "DATE '2023-01-01' + n % 730",
        "occurred_month": "DATE_TRUNC('month', DATE '2023-01-01' + n % 730)::date",
    },
}
WORDS = (
    "'declared as a used car for kg with km read on the odometer up to strong evidence "
    "of that was never '"
    " || CASE n % 5 WHEN 0 THEN 'same week double sale ' ELSE 'zero mileage export ' END"
    " || CASE n % 4 WHEN 0 THEN 'weakened by rental ' ELSE '' END"
    " || CASE n % 7919 WHEN 0 THEN 'unheard road ' ELSE '' END"
    " || (n % 977) || ' lvga' || (n % 60) || 'jexp' || (n / 2) || ' ' || (100000 + n / 2)"
)
PAGES = {
    "now": "/",
    "alerts": "/alerts?case=undecided",
    "alerts, second page": None,
    "alerts of a province": "/alerts?province=CN-11&severity=high",
    "alerts of a brand and period": "/alerts?brand=Brand7&from=2024-03-01&to=2024-03-31",
    "alerts of a party": "/alerts?party=e7",
    "alerts by words: none": "/alerts?text=unread",
    "alerts by words: rare": "/alerts?text=unheard",
    "alerts by words: most": "/alerts?text=odometer+strong&case=undecided",
    "alerts by words: the last ones": "/alerts?text=rental+weakened",
    "alerts by words: a number": "/alerts?text=976",
    "alerts by words: two letters": "/alerts?text=qz",
    "alerts by words and more": "/alerts?text=unheard&province=CN-GD&from=2024-03-01&order=newest",
    "alerts by words and a party": "/alerts?text=odometer&party=e7&order=latest",
    "suppressed": "/alerts?suppressed=only",
    "alert": "/alerts/{alert}",
    "vehicle": "/vehicles/LVGA34JEXP77",
    "party": "/parties/e7",
    "province": "/provinces/CN-GD",
    "behind a detector": "/provinces/CN-GD?detector=double_sale",
    "detectors": "/detectors",
    "exceptions": "/exceptions",
    "provenance": "/provenance",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def large(request, tmp_path):
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'store.sqlite'}"
    else:
        cluster = request.getfixturevalue("postgres")
        address = cluster.url(cluster.new_database())
    engine = open_database(address)
    migrate(engine)
    _fill(engine, ALERTS[request.param])
    yield engine
    engine.dispose()


def _fill(engine, count):
    """Many alerts like one that was stored, with documents, evidence and decisions."""
    write(engine, [record(change("a1", subject="VIN0"))])
    write(
        engine,
        [document(registration("VIN0", "2024-01-02"), 1), document(export("VIN0", "2024-01-05"), 2)],
    )
    day = "738521 + n % 730"
    province = "'CN-' || CASE WHEN n % 31 < 4 THEN 'GD' ELSE CAST(10 + n % 31 AS TEXT) END"
    alert = {
        "alert_id": "'b' || n", "subject": "'LVGA' || (n % 60) || 'JEXP' || (n / 2)", "civil_day": day,
        "severity_rank": "1 + n % 4", "score": "(CAST(n AS BIGINT) * 7919 % 100000) / 100000.0",
        "severity": "CASE n % 4 WHEN 0 THEN 'low' WHEN 1 THEN 'medium' WHEN 2 THEN 'high' "
        "ELSE 'critical' END",
        "detector": "CASE n % 5 WHEN 0 THEN 'double_sale' ELSE 'zero_mileage_export' END",
        "words": f"CAST({WORDS} AS {'TEXT' if engine.dialect.name == 'sqlite' else 'TSVECTOR'})",
        "province": province, "brand": "'Brand' || (n % 60)",
        "state": "CASE n % 9 WHEN 0 THEN 'resolved' ELSE 'firing' END",
    }  # fmt: skip
    with engine.begin() as connection:
        _multiply(connection, "alerts", alert, "alert_id = 'a1'", count)
        for kind, other in (("registration", {"owner_id": "'o' || (n % 5000)"}),
                            ("customs_export", {"exporter_id": "'e' || (n % 2000)"})):  # fmt: skip
            like = DAYS[engine.dialect.name] | {
                "vin": "'LVGA' || (2 * n % 60) || 'JEXP' || n", "event_id": f"'{kind}' || n",
                "civil_day": day, "province": province,
            }  # fmt: skip
            _multiply(connection, "documents", like | other, f"event_type = '{kind}'", count // 2)
    refresh_statistics(engine)
    refresh_views(engine)
    for number in range(1, 400):
        outcome = ("confirmed", "useful", "false_alarm")[number % 3]
        act_on_case(engine, f"b{number}", Close(outcome), actor="anna", seen=Seen(0, 0), now=utc_now())


def _multiply(connection, table, changed, where, count):
    names = [column["name"] for column in sa.inspect(connection).get_columns(table)]
    values = ", ".join(changed.get(name, f"t.{name}") for name in names)
    connection.execute(sa.text(
        f"INSERT INTO {table} ({', '.join(names)}) "
        "WITH RECURSIVE numbers(n) AS "
        f"(SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
        f"SELECT {values} FROM (SELECT * FROM {table} WHERE {where}) AS t CROSS JOIN numbers"
    ))  # fmt: skip


@pytest.mark.nightly
async def test_what_every_page_takes(large, capsys):
    dialect = large.dialect.name
    async with served(large) as client:
        await signed_in(client, token(large, "admin"))
        told = {}
        for name, path in PAGES.items():
            place = await _place(client, path)
            seconds = [await _seconds(client, place) for _ in range(TIMES + 1)]
            first, again = seconds[0], sorted(seconds[1:])
            told[name] = (first, statistics.median(again), again[int(0.95 * TIMES) - 1])
    with capsys.disabled():
        print(f"\n{dialect}, {ALERTS[dialect]:,} alerts; milliseconds: first, median, 95 %")  # noqa: T201
        for name, numbers in told.items():
            print(f"  {name:30}" + "".join(f"{number * 1000:9.0f}" for number in numbers))  # noqa: T201
    assert max(last for _, _, last in told.values()) < OUT_OF_ALL_PROPORTION


async def _place(client, path):
    if path is None:
        page = await (await client.get(PAGES["alerts"])).text()
        return page.partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")
    return path.replace("{alert}", "b8")


async def _seconds(client, path):
    started = time.perf_counter()
    answer = await client.get(path)
    text = await answer.text()
    assert answer.status == 200, text
    return time.perf_counter() - started
