"""A real register in its true arrival order, judged by zeromile and by SQL over the same file.

Every change of registration of United States civil aircraft of nine months. The documents name no
owner, so all transfers of one aircraft on one civil day are one sale.
"""

import gzip
import json
import os
from pathlib import Path
from random import Random

import duckdb
import pytest
from typer.testing import CliRunner

from streams.cli import app
from tests.property.runs import assert_all_accounted_for, final_set, run

AIRCRAFT = Path(__file__).parents[3] / "shared" / "data" / "aircraft_sales.jsonl.gz"
DOCUMENTS = 53_697
SHUFFLES = [range(6), pytest.param(range(6, 20), marks=pytest.mark.nightly)]

if not AIRCRAFT.is_file():
    assert not os.environ.get("CI"), f"{AIRCRAFT} has to be there in CI"
    pytest.skip(f"{AIRCRAFT} is not there: the real register is NOT tested", allow_module_level=True)

DOUBLE_SALES = """
with documents as (
    select * from read_json($file, format = 'newline_delimited', columns = {
        event_id: 'VARCHAR', source: 'VARCHAR', vin: 'VARCHAR', kind: 'VARCHAR', status: 'VARCHAR',
        occurred_at: 'VARCHAR', revision: 'INTEGER'})
),
live as (
    select distinct upper(trim(vin)) as vin, kind, occurred_at::date as day
    from (select * from documents
          qualify row_number() over (partition by source, event_id order by revision desc) = 1)
    where coalesce(status, 'valid') = 'valid'
)
select distinct later.vin, later.day::varchar
from live as later join live as earlier
    on earlier.vin = later.vin and later.day - earlier.day between 1 and 6
"""


@pytest.fixture(scope="module")
def stream() -> list[bytes]:
    with gzip.open(AIRCRAFT) as lines:
        return [line.rstrip() for line in lines]


@pytest.fixture(scope="module")
def expected() -> set[tuple[str, str]]:
    with duckdb.connect() as connection:
        return set(connection.execute(DOUBLE_SALES, {"file": str(AIRCRAFT)}).fetchall())


def test_double_sales_equal_the_query(tmp_path, expected):
    final = tmp_path / "final.jsonl"
    ran = CliRunner().invoke(app, ["replay", str(AIRCRAFT), "--final", str(final)])
    assert ran.exit_code == 0, ran.output
    alerts = [json.loads(line) for line in final.read_text(encoding="utf-8").splitlines()]
    found = [(a["subject"], a["occurred_at"]) for a in alerts if a["detector"] == "double_sale"]
    assert len(found) == len(set(found)) == len(expected) > 700
    assert set(found) == expected
    assert [a["alert_id"] for a in alerts] == sorted(a["alert_id"] for a in alerts)


def test_every_document_is_accounted_for(stream):
    engine, _ = run(stream, range(5_000, DOCUMENTS, 5_000))
    assert_all_accounted_for(engine.counters, DOCUMENTS)
    assert engine.counters.accepted == DOCUMENTS
    assert len(engine.store) == 23_403


@pytest.mark.parametrize("seeds", SHUFFLES, ids=str)
def test_shuffles_end_in_the_same_set(stream, seeds):
    _, firing = run(stream, range(5_000, DOCUMENTS, 5_000))
    expected = final_set(firing)
    for seed in seeds:
        dice = Random(seed)
        shuffled = stream + dice.sample(stream, 2_000)
        dice.shuffle(shuffled)
        engine, again = run(shuffled, dice.sample(range(len(shuffled)), dice.randint(0, 40)))
        assert_all_accounted_for(engine.counters, len(shuffled))
        assert final_set(again) == expected, f"seed {seed}"
