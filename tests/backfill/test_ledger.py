"""A ledger that is kept: the same outcome as its files, whatever it was put together from."""

import json
from pathlib import Path
from typing import Any
from unicodedata import normalize

import duckdb
import msgspec
import pytest
from typer.testing import CliRunner

from detectors.decoding import decode
from detectors.documents import Document
from detectors.registry import Catalogue
from detectors.summaries import ScreenedDocument, vin_fault
from streams.backfill.backfill import Backfill
from streams.backfill.columns import Originals
from streams.backfill.kept import read_moving
from streams.backfill.ledger import LedgerError
from streams.backfill.moving import moved_rows
from streams.backfill.vin_columns import EPOCH
from streams.cli import app
from streams.report import describe_sources
from streams.setup.policy import load_policy
from tests.backfill.runs import assert_same, assert_unvisited_same, by_backfill, by_engine
from tests.backfill.test_equality import HARD
from tests.simulated import record_country


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A country in three files, and lines that are hard to place."""
    folder = tmp_path_factory.mktemp("country")
    lines = record_country(folder / "country.jsonl", vehicles=900, seed=5).read_bytes().splitlines()
    paths = [folder / f"{number}.jsonl" for number in range(4)]
    for number, path in enumerate(paths[:3]):
        path.write_bytes(b"\n".join(lines[number::3]))
    paths[3].write_bytes(b"\n".join(HARD))
    return paths


def _build(out: Path, *files: Path, append: bool = False) -> Any:
    options = ["--append"] if append else []
    command = ["ledger", "build", *map(str, files), "--out", str(out), "--workers", "1", *options]
    return CliRunner().invoke(app, command)


@pytest.fixture(scope="module")
def ledger(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ledger") / "ledger"
    for number, part in enumerate(([files[0]], files[1:3], [files[3]])):
        built = _build(out, *part, append=number > 0)
        assert built.exit_code == 0, built.output
    return out


def test_a_ledger_is_judged_as_its_files(files: list[Path], ledger: Path, tmp_path: Path):
    of_files = by_backfill(tmp_path / "files", files)
    assert of_files.counters.vin_corrections > 0
    assert of_files.letters
    assert_same(by_backfill(tmp_path / "ledger", [ledger], rows=50), of_files)
    whole = tmp_path / "whole.jsonl"
    whole.write_bytes(b"\n".join(path.read_bytes() for path in files))
    of_files.letters = b""
    engine = by_engine(tmp_path / "engine", [whole])
    engine.letters = b""  # they say in which file a line stood
    assert_same(of_files, engine)
    assert_unvisited_same(tmp_path / "unvisited", [ledger], engine)


def test_a_ledger_keeps_what_moved_from_vin_to_vin(ledger: Path, files: list[Path]):
    """However often was added, and nobody looks for it again."""
    read = Originals(decode).read
    [path] = (ledger / "moving").iterdir()
    with Backfill(Catalogue(load_policy())) as run:
        run.read(files)
        found = list(map(read, moved_rows(run.database)))
    assert found
    assert list(map(read, read_moving(path))) == found


def test_replay_takes_a_ledger(ledger: Path, files: list[Path], tmp_path: Path):
    for name, inputs in (("ledger", [ledger]), ("files", files)):
        final = tmp_path / f"{name}.jsonl"
        command = ["replay", *map(str, inputs), "--final", str(final), "--max-dead-letters", "1000"]
        ran = CliRunner().invoke(app, command)
        assert ran.exit_code == 0, ran.output
    texts = [
        [json.loads(line) | {"detected_at": ""} for line in (tmp_path / name).read_bytes().splitlines()]
        for name in ("ledger.jsonl", "files.jsonl")
    ]
    assert texts[0] == texts[1]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A labelled country in one file, with refused lines, and a ledger of it."""
    folder = tmp_path_factory.mktemp("recorded")
    file = record_country(folder / "country.jsonl", vehicles=900, seed=6)
    assert _build(folder / "ledger", file).exit_code == 0
    return {"file": file, "ledger": folder / "ledger"}


def _told(command: str, recorded: dict[str, Path], tmp_path: Path) -> list[str]:
    policy = tmp_path / "policy.toml"
    policy.write_text("[double_sale]\nwindow_days = 12\n")
    truth = recorded["file"].with_name("truth.jsonl")
    told = []
    for name, path in recorded.items():
        options = {
            "evaluate": ["--truth", truth, "--json"],
            "train": ["--out", tmp_path / name],
            "backtest": ["--b", policy, "--truth", truth, "--format", "json"],
        }[command]
        ran = CliRunner().invoke(app, [command, str(path), *map(str, options)])
        assert ran.exit_code == (1 if command == "train" else 0), ran.output
        told.append(ran.output)
    return told


@pytest.mark.parametrize("command", ["evaluate", "train", "backtest"])
def test_a_ledger_will_do_where_files_do(command: str, recorded: dict[str, Path], tmp_path: Path):
    of_file, of_ledger = _told(command, recorded, tmp_path)
    assert of_file == of_ledger
    if command == "evaluate":
        card = json.loads(of_file)
        assert card["refusals"]["refused"] == card["refusals"]["malformed"] > 0


def test_explain_takes_a_ledger(ledger: Path, files: list[Path]):
    vin = duckdb.sql(f"SELECT vin FROM '{ledger}/documents/*/*.parquet' GROUP BY 1 HAVING count(*) = 4")
    row = vin.fetchall()[0]
    told = [
        CliRunner().invoke(app, ["explain", *map(str, inputs), "--vin", row[0]])
        for inputs in ([ledger], files)
    ]
    assert told[0].exit_code == 0, told[0].output
    assert told[0].output == told[1].output
    assert "Timeline" in told[0].output
    missing = CliRunner().invoke(app, ["explain", str(ledger), "--vin", "NOBODY"])
    assert "no document names the vehicle NOBODY" in missing.output


def test_columns_say_what_documents_say(ledger: Path):
    rows = duckdb.sql(f"SELECT * FROM '{ledger}/documents/*/*.parquet'").to_arrow_table().to_pylist()
    assert len(rows) > 1_000
    with Backfill(Catalogue(load_policy())) as job:
        job.read([ledger])
        for row in rows:
            document = msgspec.msgpack.decode(row["original"], type=Document)
            seen = ScreenedDocument.of(document)
            assert {name: row[name] for name in seen._fields if name != "day"} == {
                name: value for name, value in seen._asdict().items() if name != "day"
            }
            assert row["day"].toordinal() == seen.day > EPOCH
            assert row["vin_fault"] == vin_fault(document.vin)
            initial = getattr(document, "kind", None) == "initial"
            assert row["price_fen"] == (_fen(document.price_cny) if initial else None)
            assert (row["revision"], row["void"]) == (document.revision, document.is_void)


def _fen(yuan: float | None) -> int | None:
    return None if yuan is None else round(yuan * 100)


def test_every_row_stands_in_its_bucket_in_order_with_file_and_line(ledger: Path, files: list[Path]):
    names = [entry["name"] for entry in json.loads((ledger / "manifest.json").read_bytes())["inputs"]]
    assert names == list(map(str, files))
    for path in ledger.glob("documents/*/*.parquet"):
        rows = duckdb.sql(f"SELECT vin, file, line, event_id FROM '{path}'").fetchall()
        assert rows == sorted(rows)
        for vin, file, line, event_id in rows[:20]:
            text = files[file].read_bytes().splitlines()[line - 1]
            assert normalize("NFKC", json.loads(text)["event_id"]).strip() == event_id, vin


def test_every_vehicle_is_summed_up_once_however_often_was_added(ledger: Path):
    summed = duckdb.sql(f"SELECT vin FROM '{ledger}/vehicles/*/*.parquet' ORDER BY vin").fetchall()
    vins = duckdb.sql(f"SELECT DISTINCT vin FROM '{ledger}/documents/*/*.parquet' ORDER BY vin")
    assert summed == vins.fetchall()


def test_what_is_known_of_vehicles_does_not_depend_on_how_often_was_added(
    ledger: Path, files: list[Path], tmp_path: Path
):
    assert _build(tmp_path / "at once", *files).exit_code == 0
    several, once = (
        duckdb.sql(f"SELECT * FROM '{folder}/vehicles/*/*.parquet' ORDER BY vin").fetchall()
        for folder in (ledger, tmp_path / "at once")
    )
    assert several == once


def test_a_report_cites_the_digests_of_what_a_ledger_was_built_of(ledger: Path, files: list[Path]):
    assert describe_sources([ledger]).digests == describe_sources(files).digests


def test_a_ledger_is_not_written_over(ledger: Path, files: list[Path], tmp_path: Path):
    built = _build(ledger, files[0])
    assert built.exit_code == 2
    assert "is not empty; --append adds to a ledger" in " ".join(built.output.split())
    built = _build(tmp_path / "none", files[0], append=True)
    assert built.exit_code == 2
    assert "is no ledger" in " ".join(built.output.split())


def test_a_ledger_and_files_together(ledger: Path, files: list[Path]):
    with (
        Backfill(Catalogue(load_policy())) as job,
        pytest.raises(LedgerError, match="a ledger is judged alone"),
    ):
        job.run([ledger, files[0]])


def test_a_ledger_without_the_key_of_today(ledger: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ZEROMILE_IDENTITY_KEY", "a secret of some length")
    ran = CliRunner().invoke(app, ["replay", str(ledger)])
    assert ran.exit_code == 2
    assert "was built without an identity key" in " ".join(ran.output.split())


def test_a_ledger_of_an_earlier_program(ledger: Path, tmp_path: Path):
    manifest = json.loads((ledger / "manifest.json").read_bytes()) | {"format": 1}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    ran = CliRunner().invoke(app, ["replay", str(tmp_path)])
    assert ran.exit_code == 2
    assert "build it anew" in " ".join(ran.output.split())


def test_changes_on_the_way_want_files(ledger: Path, tmp_path: Path):
    ran = CliRunner().invoke(app, ["replay", str(ledger), "--alerts", str(tmp_path / "alerts")])
    assert ran.exit_code == 2
    assert "is a folder, not a file" in " ".join(ran.output.split())
