"""`import zeromile`: the same alerts from files, a ledger, a feed and any library of tables."""

import datetime
import doctest
import gzip
import json
import subprocess
import sys
import warnings
from pathlib import Path

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from typer.testing import CliRunner

import streams.lab.reading
import zeromile
from streams.cli import app
from streams.lab import frame as frames
from tests.simulated import record_country

run = CliRunner().invoke
SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))
CASE = [
    {
        "event_type": "registration", "event_id": "r1", "source": "register-gd", "kind": "initial",
        "vin": "LSVAU218XN2183294", "occurred_at": "2025-03-01", "owner_id": "dealer",
        "owner_type": "dealer", "price_cny": 145_000.0, "odometer_km": 5.0, "odometer_status": "read",
    },
    {
        "event_type": "registration", "event_id": "r2", "source": "register-gd", "kind": "transfer",
        "vin": "LSVAU218XN2183294", "occurred_at": "2025-03-04T23:30:00+08:00", "owner_id": "b",
        "price_cny": 139_000.0,
    },
    {
        "event_type": "customs_export", "event_id": "e1", "source": "customs", "destination": "KZ",
        "vin": "LSVAU218XN2183294", "occurred_at": "2025-03-20", "declaration_no": "D1",
        "exporter_id": "b", "condition": "used", "manufacturer_letter": False, "odometer_km": 30.0,
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return record_country(tmp_path_factory.mktemp("python") / "c.jsonl.gz", vehicles=300, seed=6)


@pytest.fixture(scope="module")
def documents(country):
    with pytest.warns(UserWarning, match="were refused"):
        return zeromile.read(country)


def told(judged):
    rows = judged.alerts.to_arrow().drop_columns("policy_id").to_pylist()
    return json.dumps(rows)


def of(source, **options):
    return told(zeromile.read(source, **options).judge())


def test_it_says_what_a_replay_says(country, documents, tmp_path):
    final = tmp_path / "final.jsonl"
    assert run(app, ["replay", str(country), "--final", str(final), "--workers", "1"]).exit_code == 0
    replayed = [json.loads(line) for line in final.read_bytes().splitlines()]
    rows = documents.judge().alerts.to_dicts()
    assert [row["alert_id"] for row in rows] == [alert["alert_id"] for alert in replayed]
    for row, alert in zip(rows, replayed, strict=True):
        assert row["explanation"] == alert["explanation"]
        assert row["severity"] == alert["severity"]
        assert json.loads(row["facts"]) == alert["facts"]
        assert row["province"] == alert["labels"].get("province")
        assert {e["event_id"] for e in row["evidence"]} == {e["event_id"] for e in alert["evidence"]}


def test_a_ledger_and_several_files_say_the_same(country, documents, tmp_path):
    ledger = tmp_path / "ledger"
    assert (
        run(app, ["ledger", "build", str(country), "--out", str(ledger), "--workers", "1"]).exit_code
        == 0
    )
    expected = told(documents.judge())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        assert of(ledger) == of([country, country]) == expected


def test_every_line_is_accounted_for(country, documents):
    refused = documents.refused
    assert set(refused.columns) == {"file", "line", "reason", "field", "value", "allowed", "document"}
    with gzip.open(country) as lines:
        assert len(documents) + len(refused) == sum(1 for line in lines if line.strip())


@pytest.mark.parametrize(
    "make", [pa.Table.from_pylist, pl.DataFrame, pd.DataFrame], ids=["arrow", "polars", "pandas"]
)
def test_the_three_libraries_give_the_same_alerts_themselves_and_by_narwhals(make, tmp_path):
    path = tmp_path / "case.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in CASE))
    names = list(dict.fromkeys(name for row in CASE for name in row))
    whole = [{name: row.get(name) for name in names} for row in CASE]
    table = make(whole)
    assert of(table) == of(nw.from_native(table)) == of(path) == of(CASE) != "[]"


def test_narwhals_takes_what_comes_out_but_must_collect_what_goes_in():
    alerts = zeromile.read(CASE).judge().alerts
    told = nw.DataFrame.from_arrow(alerts, backend="polars")
    assert told.shape == (len(alerts), len(alerts.columns))
    assert told["alert_id"].to_list() == [row["alert_id"] for row in alerts.to_dicts()]
    lazy = nw.from_native(pl.DataFrame({"vin": ["LSVAU2180N2183294"]})).lazy()
    with pytest.raises(zeromile.ZeromileError, match="a lazy one collected"):
        zeromile.read(lazy)


def test_what_comes_out_goes_in_again(documents):
    vin = documents.judge().vehicles.to_arrow().filter(pa.compute.field("alerts") > 0)["vin"][0].as_py()
    line = documents.timeline(vin)
    ready = line.to_arrow().drop_columns("dropped")
    again = zeromile.read(ready).judge()
    assert len(again.vehicles) == 1
    for table in (ready, pl.from_arrow(ready), ready.to_pandas(), pa.RecordBatchReader.from_batches(
        ready.schema, ready.to_batches())):  # fmt: skip
        assert of(table) == told(again)


def test_nulls_and_nan_and_categories_are_what_they_mean():
    base = pd.DataFrame(CASE)
    assert base["price_cny"].isna().any()
    expected = of(base)
    categories = base.astype({"source": "category", "vin": "category", "kind": "category"})
    assert of(categories) == expected
    assert of(pl.DataFrame(CASE).with_columns(pl.col("source").cast(pl.Categorical))) == expected
    nan = pl.DataFrame(CASE).with_columns(pl.col("price_cny").fill_null(float("nan")))
    assert of(nan) == expected
    assert of(base.set_index(pd.Index([7, 8, 9]))) == expected


def test_a_moment_is_the_same_in_every_zone():
    days = ["2025-03-01T00:00:00+08:00", "2025-03-04T23:30:00+08:00", "2025-03-20T00:00:00+08:00"]
    moments = [datetime.datetime.fromisoformat(day) for day in days]
    expected = of([row | {"occurred_at": day} for row, day in zip(CASE, days, strict=True)])
    for zone in ("UTC", "Asia/Shanghai", "America/Lima"):
        base = pd.DataFrame(CASE)
        base["occurred_at"] = pd.Series(moments).dt.tz_convert(zone)
        assert of(base) == expected
        polars = pl.DataFrame(CASE).with_columns(
            pl.Series("occurred_at", moments).dt.convert_time_zone(zone)
        )
        assert of(polars) == expected


def test_midnights_and_dates_are_civil_days():
    bare = [row | {"occurred_at": row["occurred_at"][:10]} for row in CASE]
    expected = of(bare)
    days = [datetime.date.fromisoformat(row["occurred_at"]) for row in bare]
    assert of(pl.DataFrame(bare).with_columns(pl.Series("occurred_at", days))) == expected
    frame = pd.DataFrame(bare)
    frame["occurred_at"] = pd.to_datetime(frame["occurred_at"])
    assert of(frame) == expected


def _with(**columns):
    return pd.DataFrame(CASE).assign(**columns)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (lambda: pd.DataFrame(CASE).drop(columns="vin"), "no column vin"),
        (lambda: pd.DataFrame(CASE).rename(columns={"event_id": "eventid"}), "'eventid' may be"),
        (lambda: pd.DataFrame(CASE).drop(columns="kind"), "no column kind; every registration"),
        (lambda: _with(vin=[1, 2, 3]), "column 'vin' is of type int64; allowed: text"),
        (lambda: _with(price_cny=["1", "2", "3"]), "column 'price_cny' is of type large_string"),
        (lambda: _with(odometer_km=[1.0, float("inf"), 2.0]), "'odometer_km' holds infinite values"),
        (lambda: _with(revision=[0.5, 0, 0]), "'revision' holds fractions"),
        (lambda: _with(manufacturer_letter=[0, 1, 0]), "allowed: true or false"),
        (lambda: _with(occurred_at=[1, 2, 3]), "'occurred_at' is of type int64"),
        (
            lambda: _with(occurred_at=pd.to_datetime(["2025-03-01T10:00"] * 3)),
            "clock times without a time zone",
        ),
        (lambda: pd.DataFrame(CASE).assign(vin=["a", 2, 3.0]), "one type a column"),
        (lambda: pl.DataFrame(CASE).lazy(), "a lazy one collected"),
        (lambda: 7, "cannot be read from a int"),
        (list, "cannot be read from a list"),
        (lambda: [{"vin": "A", "event_type": "registration"}], "no column event_id, source"),
        (lambda: "nowhere.jsonl", "nowhere.jsonl is not a file"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_documents_is_refused_in_words(table, said):
    with pytest.raises(zeromile.ZeromileError) as refused:
        zeromile.read(table())
    assert said in str(refused.value)


def test_columns_that_are_none_of_a_document_are_told():
    with pytest.warns(UserWarning, match="left out: colour"):
        zeromile.read(_with(colour="red"))


def test_a_bad_row_is_refused_and_told():
    with pytest.warns(UserWarning, match="1 were refused"):
        documents = zeromile.read([*CASE, CASE[0] | {"event_id": "x", "occurred_at": "soon"}])
    [row] = documents.refused.to_dicts()
    assert (row["line"], row["field"], row["reason"]) == (4, "occurred_at", "impossible_time")


def test_a_feed_makes_documents_of_a_register(tmp_path):
    folder = Path(__file__).parents[1] / "feeds" / "samples" / "es-dgt"
    files = sorted(folder.iterdir())
    made = tmp_path / "made.jsonl"
    convert = ["feed", "convert", "es-dgt", *map(str, files), "--out", str(made)]
    assert run(app, convert).exit_code in {0, 1}
    with pytest.warns(UserWarning, match="were refused"):
        documents = zeromile.read(files, feed="es-dgt")
    assert len(documents) == len(made.read_bytes().splitlines())
    assert len(documents.refused) > 0
    assert told(documents.judge()) == of(made, country="ES")
    with pytest.raises(zeromile.ZeromileError, match="is of ES, not of CN"):
        zeromile.read(files, feed="es-dgt", country="CN")
    with pytest.raises(zeromile.ZeromileError, match="a table must hold documents"):
        zeromile.read(CASE, feed="es-dgt")


def test_policy_and_days_are_taken(tmp_path):
    documents = zeromile.read(CASE)
    narrow = {"double_sale": {"window_days": 3}}
    path = tmp_path / "narrow.toml"
    path.write_text("[double_sale]\nwindow_days = 3\n")
    assert told(documents.judge(policy=narrow)) == told(documents.judge(policy=path))
    with pytest.raises(zeromile.ZeromileError, match="did you mean 'window_days'"):
        documents.judge(policy={"double_sale": {"window_day": 3}})
    with pytest.raises(zeromile.ZeromileError, match="complete_through is 'never'"):
        documents.judge(complete_through="never")
    later = documents.judge(complete_through=datetime.date(2025, 12, 31))
    assert len(later.alerts) > len(documents.judge().alerts)


def test_two_judgements_are_set_side_by_side(documents):
    plain = documents.judge()
    wider = documents.judge(policy={"double_sale": {"window_days": 20}})
    forth, back = zeromile.backtest(plain, wider), zeromile.backtest(wider, plain)
    assert forth.changes["new"] == back.changes["gone"] > 0
    assert len(forth.differences) == sum(forth.changes.values())
    assert set(zeromile.backtest(plain, documents.judge()).changes.values()) == {0}
    with pytest.raises(zeromile.ZeromileError, match="different documents"):
        zeromile.backtest(plain, zeromile.read(CASE).judge())


def test_frames_come_as_any_library_has_them(documents):
    judged = documents.judge()
    assert judged.to_pandas().shape == judged.to_polars().shape == judged.to_arrow().shape
    assert pl.DataFrame(judged.vehicles).shape == judged.vehicles.to_arrow().shape
    assert "rows of alert_id" in repr(judged.alerts)
    assert judged.vehicles.to_arrow()["vin"].to_pylist() == sorted(
        judged.vehicles.to_arrow()["vin"].to_pylist()
    )


def test_a_library_that_is_not_there_is_named(documents, monkeypatch):
    def gone(name):
        raise ImportError(name)

    monkeypatch.setattr(frames, "import_module", gone)
    with pytest.raises(zeromile.ZeromileError, match="pip install 'zeromile\\[polars\\]'"):
        documents.judge().to_polars()


def test_what_was_put_aside_is_removed(country, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with zeromile.read(country, scratch=tmp_path) as documents:
            assert list(tmp_path.iterdir())
            documents.judge()
        assert not list(tmp_path.iterdir())


def test_importing_it_imports_nothing_heavy():
    code = "import sys, zeromile; print(*sys.modules)"
    seen = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"numpy", "pyarrow", "duckdb", "streams", "detectors"} & set(seen.stdout.split())
    assert set(zeromile.__all__) <= set(dir(zeromile))
    assert all(getattr(zeromile, name) for name in zeromile.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        zeromile.nothing  # noqa: B018


@pytest.mark.parametrize("module", [zeromile, streams.lab.reading])
def test_the_examples_are_true(module):
    done = doctest.testmod(module)
    assert done.attempted
    assert not done.failed


def test_the_page_is_true():
    page = Path(__file__).parents[2] / "docs" / "python.md"
    done = doctest.testfile(str(page), module_relative=False)
    assert done.attempted
    assert not done.failed
    assert all(f"`{name}`" in page.read_text() for name in zeromile.__all__ if name != "__version__")


def test_types_are_part_of_it():
    assert (Path(zeromile.__file__).parent / "py.typed").is_file()


def test_two_sides_are_scored_by_what_is_true(tmp_path):
    documents = zeromile.read(CASE)
    judged = documents.judge()
    truth = tmp_path / "truth.csv"
    accused = [row["subject"] for row in judged.alerts.to_dicts() if row["severity"] != "low"]
    truth.write_text("vehicle,label\n" + "".join(f"{vin},scheme\n" for vin in sorted(set(accused))))
    quiet = documents.judge(policy={name: {"enabled": False} for name in detectors_of(judged)})
    rows = zeromile.backtest(judged, quiet, truth=truth).scores.to_dicts()
    shares = {(row["side"], row["figure"]): row["share"] for row in rows}
    assert shares == {
        ("a", "precision"): 1.0,
        ("a", "recall"): 1.0,
        ("b", "precision"): None,
        ("b", "recall"): 0.0,
    }
    assert {row["by"] for row in rows} == {"truth"}
    assert zeromile.backtest(judged, quiet).scores.to_dicts() == []
    with pytest.raises(zeromile.ZeromileError, match="there is no database"):
        zeromile.backtest(judged, quiet, outcomes=f"sqlite:///{tmp_path / 'none.sqlite'}")


def detectors_of(judged):
    return {row["detector"] for row in judged.alerts.to_dicts()}
