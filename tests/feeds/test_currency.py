"""A feed's amounts are in its country's currency; those of another one need a rate."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app
from tests.feeds.feeds_of_tests import PLAIN, VIN, convert

PRICED = PLAIN.replace("km = {", 'price = "PRICE"\ncurrency = "CURRENCY"\nkm = {', 1).replace(
    'brand = "brand"\n',
    'brand = "brand"\nprice_cny = { column = "price", currency_column = "currency" }\n',
)
IN_EURO = PRICED.replace("timezone", 'currency = "EUR"\ntimezone', 1)


@pytest.fixture
def priced(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    rows = [("100", ""), ("200", "EUR"), ("300", "CNY"), ("400", "USD")]
    lines = [f"{VIN},2024-03-{day:02},1,{price},{code}" for day, (price, code) in enumerate(rows, 1)]
    path.write_text("\n".join(["VIN,DAY,WHAT,PRICE,CURRENCY", *lines]) + "\n")
    return path


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        (PRICED, [100, None, 300, None]),
        (IN_EURO, [100, 200, None, None]),
        (IN_EURO + '[rates.CNY]\n"2024" = 0.125\n', [100, 200, 37.5, None]),
    ],
)
def test_amounts_are_in_the_feeds_currency(
    priced: Path, feed: str, expected: list[float | None]
) -> None:
    documents, _, _ = convert(priced, feed)
    assert [document.get("price_cny") for document in documents] == expected


def test_a_feed_in_another_currency_than_the_countrys_is_refused(
    priced: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZEROMILE_COUNTRY", "ES")
    feed = tmp_path / "mine.toml"
    feed.write_text(PRICED)
    wrong = CliRunner().invoke(app, ["check", "--feed", str(feed), str(priced)])
    assert wrong.exit_code == 2
    assert "writes amounts in CNY, the policy's country has EUR" in " ".join(wrong.output.split())
    feed.write_text(IN_EURO)
    assert CliRunner().invoke(app, ["check", "--feed", str(feed), str(priced)]).exit_code == 0


def test_a_draft_is_of_the_country_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEROMILE_COUNTRY", "")
    data = tmp_path / "data.csv"
    data.write_text(f"VIN,DAY\n{VIN},2024-03-15\n")
    done = CliRunner().invoke(app, ["--country", "ES", "feed", "draft", str(data)])
    assert done.exit_code == 0, done.output
    for key, value in (("country", "ES"), ("timezone", "Europe/Madrid"), ("currency", "EUR")):
        assert f"{key} = {json.dumps(value)}" in done.output
