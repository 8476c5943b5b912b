"""The walk of the README and of docs/feeds.md: from a CSV that nobody prepared to an alert."""

import csv
import json
import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streams.cli import app
from tests.feeds.make_samples import vin

MEANINGS = {
    "Alta": "initial",
    "Cambio titular": "transfer",
    "Baja export.": "export",
    "Duplicado": "ignore",
}
TWICE = vin("LGXCE4CBRR", 900001)


def run(*words: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office's own table: semicolons, Windows Latin, days first, a car that is sold twice in a week."""
    monkeypatch.chdir(tmp_path)
    dice = random.Random(1)
    rows = [["Nº bastidor", "Fecha trámite", "Trámite", "Marca", "Modelo", "Kilómetros", "Matrícula"]]
    for n in range(300):
        day = date(2024, 1, 1) + timedelta(dice.randrange(600))
        what = dice.choice(list(MEANINGS))
        rows.append(
            [
                vin("VSSZZZKLRR", n),
                f"{day:%d/%m/%Y}",
                what,
                "SEAT",
                "LEÓN",
                str(dice.randrange(90000)),
                "1234 BCD",
            ]
        )
    for day, what in (("03/03/2025", "Alta"), ("06/03/2025", "Cambio titular")):
        rows.append([TWICE, day, what, "BYD", "SEAL", "5", "5678 FGH"])
    rows.append([TWICE, "07/03/2025", "Duplicado", "BYD", "SEAL", "-", "5678 FGH"])
    rows.append([TWICE, "31/02/2025", "Cambio titular", "BYD", "SEAL", "-", "5678 FGH"])
    with (tmp_path / "tramites.csv").open("w", newline="", encoding="cp1252") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    return tmp_path / "tramites.csv"


def fill_in(feed: Path) -> None:
    text = feed.read_text(encoding="utf-8")
    for code, meaning in MEANINGS.items():
        assert f'"{code}" = "?"' in text
        text = text.replace(f'"{code}" = "?"', f'"{code}" = "{meaning}"')
    feed.write_text(text, encoding="utf-8")


def test_from_a_table_that_nobody_prepared_to_an_alert(data: Path, tmp_path: Path) -> None:
    run("feed", "draft", data, "--out", "mine.toml")
    assert "it is not yet said what 'Alta'" in run(
        "feed", "check", "mine.toml", data, code=2
    ).output.replace("\n", " ")
    fill_in(tmp_path / "mine.toml")
    told = json.loads(run("feed", "check", "mine.toml", data, "--json").stdout)
    assert told["rows"] == 304
    assert told["refused"]["bad_date"]["rows"] == 1
    assert told["refused"]["bad_date"]["first"]["line"] == 305
    assert told["rows"] == told["converted"] + sum(told["ignored"].values()) + 1
    run(
        "replay",
        "--feed",
        "mine.toml",
        data,
        "--final",
        "firing.jsonl",
        "--dead-letters",
        "refused.jsonl",
    )
    alerts = [json.loads(line) for line in (tmp_path / "firing.jsonl").read_text().splitlines()]
    [double] = [a for a in alerts if a["detector"] == "double_sale"]
    assert double["subject"] == TWICE
    assert double["explanation"].startswith(
        "Sold on 2025-03-03 (first registration) and again 3 days later"
    )
    [letter] = [json.loads(line) for line in (tmp_path / "refused.jsonl").read_text().splitlines()]
    assert (letter["line"], letter["reason"]) == (305, "bad_date")


def test_convert_writes_what_replay_reads(data: Path, tmp_path: Path) -> None:
    run("feed", "draft", data, "--out", "mine.toml")
    fill_in(tmp_path / "mine.toml")
    run(
        "feed",
        "convert",
        "mine.toml",
        data,
        "--out",
        "documents.jsonl.gz",
        "--refused",
        "refused.jsonl",
    )
    run("replay", "documents.jsonl.gz", "--final", "a.jsonl")
    run("replay", "--feed", "mine.toml", data, "--final", "b.jsonl")
    known = [
        [json.loads(line)["alert_id"] for line in (tmp_path / name).read_text().splitlines()]
        for name in ("a.jsonl", "b.jsonl")
    ]
    assert known[0] == known[1] != []
    (tmp_path / "out").mkdir()
    run("feed", "convert", "mine.toml", data, "--out", "out", "--max-refused", "0", code=1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tramites.jsonl.gz"]
    told = run("feed", "convert", "mine.toml", data, "--out", data, "--force", code=2).output
    assert "which is read" in told.replace("\n", " ")


def test_a_day_that_can_be_read_in_two_ways_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(
        "".join(
            [
                "VIN,Sale date,Type\n",
                *(f"{vin('VSSZZZKLRR', n)},0{n % 9 + 1}/04/2025,T\n" for n in range(20)),
            ]
        )
    )
    text = run("feed", "draft", "a.csv").stdout
    assert 'formats = ["dd/mm/yyyy or mm/dd/yyyy"]' in text
    feed = tmp_path / "a.toml"
    feed.write_text(text.replace('"T" = "?"', '"T" = "transfer"'))
    assert "say which of them it is" in run("feed", "check", "a.toml", "a.csv", code=2).output.replace(
        "\n", " "
    )
    feed.write_text(feed.read_text().replace("dd/mm/yyyy or mm/dd/yyyy", "mm/dd/yyyy"))
    assert run("feed", "check", "a.toml", "a.csv").exit_code == 0


@pytest.mark.parametrize(
    "name", ["ua-mvs", "us-wa-dol", "ar-dnrpa", "cn-registry", "cn-used-invoice", "cn-customs"]
)
def test_a_draft_of_any_registers_file_asks_for_codes_only(name: str, tmp_path: Path) -> None:
    """With its codes filled in, a draft of a shipped feed's sample converts that sample."""
    sample = min((Path(__file__).parents[1] / "feeds/samples" / name).iterdir())
    text = run("feed", "draft", sample).stdout
    feed = tmp_path / "draft.toml"
    text = text.replace('= "?"', '= "transfer"').replace('value = "?"', 'value = "transfer"')
    feed.write_text(text.replace("dd.mm.yyyy or mm.dd.yyyy", "dd.mm.yyyy"))
    told = json.loads(run("feed", "check", feed, sample, "--json").stdout)
    assert told["converted"] >= told["rows"] / 2


def test_shipped_feeds_are_listed_and_shown() -> None:
    assert "es-dgt" in run("feed", "list").stdout
    assert run("feed", "show", "ua-mvs").stdout.startswith("# Ukraine")
    assert "did you mean 'ua-mvs'" in run("feed", "show", "ua-mvss", code=2).output.replace("\n", " ")


def test_a_feed_of_counts_makes_no_documents(tmp_path: Path) -> None:
    sample = next((Path(__file__).parents[1] / "feeds/samples/ar-dnrpa-counts").iterdir())
    run("feed", "convert", "ar-dnrpa-counts", sample, "--out", tmp_path / "counts.csv")
    assert (tmp_path / "counts.csv").read_text().startswith("region,period,count\nAR-B,2024-12,8123\n")
    told = run("replay", "--feed", "ar-dnrpa-counts", sample, code=2).output
    assert "makes counts" in told.replace("\n", " ")
