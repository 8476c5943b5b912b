"""The feeds that ship: their samples give the documents that are written down, and accuse nobody."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from detectors.decoding import decode, decoder_of
from detectors.registry import Catalogue
from streams.backfill.outputs import OutputFiles
from streams.backfill.replay import Replay
from streams.cli import app
from streams.feeds.compiling import compile_feed
from streams.feeds.converting import Conversion
from streams.feeds.counting import write_counts
from streams.feeds.loading import load_feed, shipped_feeds
from streams.setup.policy import load_policy

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MAKING_DOCUMENTS = [name for name in shipped_feeds() if load_feed(name).counts is None]


def sample(name: str) -> list[Path]:
    return sorted((HERE / "samples" / name).iterdir())


def converted(name: str) -> tuple[list[bytes], dict[str, object], list[dict[str, object]]]:
    letters: list[dict[str, object]] = []
    conversion = Conversion(
        compile_feed(load_feed(name)), lambda refused: letters.append(refused.described())
    )
    lines = list(conversion.lines(sample(name)))
    account = conversion.account
    assert account.balanced
    told = {
        "rows": account.rows,
        "converted": account.converted,
        "ignored": dict(account.ignored),
        "refused": dict(account.refused),
        "left out": {f"{field} {value}": n for (field, value), n in account.losses.dropped.items()},
        "folded": account.losses.folded,
    }
    for letter in letters:
        letter["file"] = Path(str(letter["file"])).name
    return lines, told, letters


@pytest.mark.parametrize("name", MAKING_DOCUMENTS)
def test_a_sample_gives_the_documents_written_down(name: str, request: pytest.FixtureRequest) -> None:
    lines, account, letters = converted(name)
    golden = HERE / "golden" / f"{name}.json"
    found = {"account": account, "documents": [json.loads(line) for line in lines], "refused": letters}
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    if request.config.getoption("--golden"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), "look at it; then pytest --golden"


def test_counts_are_those_written_down(tmp_path: Path) -> None:
    conversion = Conversion(compile_feed(load_feed("ar-dnrpa-counts")))
    assert write_counts(tmp_path / "counts.csv", conversion.made(sample("ar-dnrpa-counts"))) == 2
    assert (tmp_path / "counts.csv").read_text() == (HERE / "golden/ar-dnrpa-counts.csv").read_text()
    assert conversion.account.balanced
    assert conversion.account.refused == {"unmapped_code": 1, "bad_number": 1}


@pytest.mark.parametrize("name", MAKING_DOCUMENTS)
def test_every_document_of_a_sample_keeps_the_contract(name: str) -> None:
    for line in converted(name)[0]:
        assert decode(line).source == name


@pytest.mark.parametrize("name", MAKING_DOCUMENTS)
def test_no_car_is_accused_for_being_foreign(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers that are no VINs, regions, renewals, shares of owners: none of it is a finding."""
    (tmp_path / "documents.jsonl").write_bytes(b"".join(converted(name)[0]))
    code = load_feed(name).country
    monkeypatch.setenv("ZEROMILE_COUNTRY", code)
    policy = load_policy()
    assert policy.country.code == code
    run = Replay(Catalogue(policy), OutputFiles(), decoder_of(policy.country))
    found = run.run([tmp_path / "documents.jsonl"]).firing.values()
    quality = [
        alert
        for alert in found
        if alert.detector in ("vin_quality", "dropped_value", "document_conflict")
    ]
    assert quality == []


def test_a_check_names_a_row_of_every_code_and_tells_of_folded_letters() -> None:
    told = CliRunner().invoke(app, ["feed", "check", "ua-mvs", *map(str, sample("ua-mvs"))]).output
    lines = [line.split() for line in told.splitlines()]
    assert ["1", "operation", "'777", "НЕВІДОМА", "ОПЕРАЦІЯ'", "8"] in lines
    assert "1  VINs had Cyrillic or Greek letters, which were taken for Latin ones" in told


def test_every_feed_has_a_sample_and_a_section_of_its_page() -> None:
    page = (ROOT / "docs" / "feeds.md").read_text(encoding="utf-8")
    for name in shipped_feeds():
        assert sample(name)
        assert f"### {name}\n" in page


def test_the_samples_are_what_their_program_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.feeds import make_samples  # noqa: PLC0415 - its folder is set before it runs

    monkeypatch.setattr(make_samples, "SAMPLES", tmp_path)
    assert make_samples.main() == 0
    for path in sorted(p for p in tmp_path.rglob("*") if p.is_file()):
        assert path.read_bytes() == (HERE / "samples" / path.relative_to(tmp_path)).read_bytes()
