"""Other countries: their civil days, their regions, and nothing of China's in them."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from detectors.country import CHINA, Country
from detectors.decoding import decode, decoder_of
from detectors.errors import DocumentError, PolicyError
from detectors.identities import IdentityKey
from streams.cli import app
from streams.setup.policy import countries, country_text, load_policy

SPAIN = Country(code="ES", timezone="Europe/Madrid", regions={"ES-M": "Madrid", "ES-B": "Barcelona"})


def document(**fields: Any) -> bytes:
    base = {
        "event_type": "registration", "event_id": "1", "source": "es", "vin": "VSSZZZKL4RR000101",
        "kind": "initial", "occurred_at": "2024-03-15",
    }  # fmt: skip
    return json.dumps(base | fields).encode()


def day_of(read: Any, text: str) -> str:
    return str(read(document(occurred_at=text)).occurred_at)


@pytest.mark.parametrize(
    ("text", "there", "in_china"),
    [
        ("2024-03-15", "2024-03-15", "2024-03-15"),
        ("2024-03-15T22:30:00Z", "2024-03-15", "2024-03-16T06:30:00+08:00"),
        ("2024-07-15T22:30:00Z", "2024-07-16", "2024-07-16T06:30:00+08:00"),
        ("2024-03-16T00:30:00+08:00", "2024-03-15", "2024-03-16T00:30:00+08:00"),
    ],
)
def test_a_time_means_the_civil_day_there(text: str, there: str, in_china: str) -> None:
    assert day_of(decoder_of(SPAIN), text) == there
    assert day_of(decode, text) == in_china


@pytest.mark.parametrize(
    "text", ["2024-03-15T22:30:00", "2024-02-30", "2024-02-30T10:00:00Z", "1949-12-31T20:00:00Z", "x"]
)
def test_what_is_no_time_is_none_there_either(text: str) -> None:
    with pytest.raises(DocumentError, match="occurred_at"):
        decoder_of(SPAIN)(document(occurred_at=text))


def test_regions_are_the_countrys() -> None:
    read = decoder_of(SPAIN)
    assert read(document(province="ES-M")).province == "ES-M"
    assert read(document(province="es-b")).province == "ES-B"
    for other in ("CN-GD", "ES-XX"):
        found = read(document(province=other))
        assert found.province is None
        assert [dropped.field for dropped in found.dropped] == ["province"]
    assert [dropped.field for dropped in decode(document(province="ES-M")).dropped] == ["province"]


@given(
    st.sampled_from(
        [
            "2024-03-15",
            "2024-03-15T01:02:03+08:00",
            "1990-07-01T00:30:00+09:00",
            "2024-03-15T17:00:00.5Z",
        ]
    ),
    st.sampled_from(["CN-GD", "cn-bj", "US-CA", None]),
)
def test_china_is_read_as_ever(text: str, province: str | None) -> None:
    payload = document(occurred_at=text, province=province)
    assert decoder_of(CHINA) is decode
    assert decoder_of(load_policy().country) is decode
    assert IdentityKey("0123456789abcdef", CHINA).decode(payload) == IdentityKey(
        "0123456789abcdef"
    ).decode(payload)


def test_a_decoder_is_its_country() -> None:
    """Other processes get it so."""
    whole = type(decoder_of(SPAIN).__self__)  # type: ignore[attr-defined] # a bound method
    assert copy.copy(whole(SPAIN)).decode(document(province="ES-M")).province == "ES-M"


@pytest.mark.parametrize("code", countries())
def test_every_preset_is_a_policy(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEROMILE_COUNTRY", code)
    policy = load_policy()
    assert policy.country.code == code
    assert policy.parameters["province_export_spike"].enabled is (code == "CN")
    assert policy.parameters["double_sale"].enabled


def test_a_policy_file_lies_over_the_country(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEROMILE_COUNTRY", "ES")
    (tmp_path / "mine.toml").write_text('[country]\ntimezone = "Atlantic/Canary"\n')
    assert load_policy(tmp_path / "mine.toml").country.timezone == "Atlantic/Canary"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[country]\ncode = "ES"\ntimezone = "Madrid"\n[country.regions]\n',
            "country.timezone is 'Madrid'",
        ),
        (
            '[country]\ncode = "ES"\ntimezone = "Europe/Madrid"\n[country.regions]\nFR-75 = "Paris"\n',
            "begin with ES-",
        ),
        ('[country]\ncode = "ES"\n', "lacks the key"),
        (
            '[country]\ncode = "ES"\ntimezone = "Europe/Madrid"\nflag = 1\n[country.regions]\n',
            "unknown key 'flag'",
        ),
    ],
)
def test_a_wrong_country_is_told(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(PolicyError, match=told):
        load_policy(tmp_path / "mine.toml")


def test_an_unknown_country_is_told() -> None:
    with pytest.raises(
        PolicyError, match=r"there is no preset for the country 'XX'; allowed: AR, CN, ES"
    ):
        country_text("XX")


def test_the_command_line_judges_a_countrys_own_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Region and day are the country's in all processes of a replay; another's feed is refused."""
    monkeypatch.setenv("ZEROMILE_COUNTRY", "")
    sample = Path(__file__).parents[1] / "feeds/samples/es-dgt/export_mat_20240315.txt"
    transfers = sample.with_name("export_mensual_trf_202403.zip")

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    refused = run("replay", "--feed", "es-dgt", sample)
    assert refused.exit_code == 2
    assert "zeromile --country ES" in refused.output.replace("\n", " ")
    final = tmp_path / "final.jsonl"
    words = ["replay", "--feed", "es-dgt", sample, transfers, "--workers", "2", "--final", final]
    assert run("--country", "ES", *words).exit_code == 0
    alerts = [json.loads(line) for line in final.read_text().splitlines()]
    assert [alert["detector"] for alert in alerts] == ["double_sale"]
    assert alerts[0]["labels"]["province"] == "ES-OR"
    assert run("--country", "XX", "replay", sample).exit_code == 2


def test_check_and_ledger_take_a_registers_files_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZEROMILE_COUNTRY", "ES")
    sample = Path(__file__).parents[1] / "feeds/samples/es-dgt/export_mat_20240315.txt"

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    checked = run("check", "--feed", "es-dgt", sample)
    assert checked.exit_code == 0, checked.output
    assert "province" not in checked.output.partition("Optional values")[2]
    built = run("ledger", "build", "--feed", "es-dgt", sample, "--out", tmp_path / "ledger")
    assert built.exit_code == 0, built.output
    assert run("replay", tmp_path / "ledger", "--final", tmp_path / "final.jsonl").exit_code == 0
