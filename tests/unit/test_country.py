"""Other countries: their civil days, their regions, and nothing of China's in them."""

import ast
import copy
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from detectors import civil_time
from detectors.country import CHINA, Country
from detectors.decoding import decode, decoder_of
from detectors.documents import event_order
from detectors.errors import DocumentError, PolicyError
from detectors.identities import IdentityKey
from detectors.judging import file_whole
from detectors.registry import Catalogue
from detectors.spikes.calendar import calendar_regressors
from detectors.watermarks import Watermarks
from streams.cli import app
from streams.engine.engine import Engine
from streams.kafka.publishing import Router
from streams.kafka.topics import TopicNames
from streams.models.choice import choose_model
from streams.setup.policy import countries, country_text, load_policy
from streams.state.store import MemoryStore

SPAIN = Country(
    code="ES",
    timezone="Europe/Madrid",
    regions={"ES-M": "Madrid", "ES-B": "Barcelona"},
    currency="EUR",
)


def document(**fields: Any) -> bytes:
    base = {
        "event_type": "registration", "event_id": "1", "source": "es", "vin": "VSSZZZKL4RR000101",
        "kind": "initial", "occurred_at": "2024-03-15",
    }  # fmt: skip
    return json.dumps(base | fields).encode()


def day_of(read: Any, text: str) -> str:
    return civil_time.day_text(read(document(occurred_at=text)).day)


@pytest.mark.parametrize(
    ("text", "there", "in_china"),
    [
        ("2024-03-15", "2024-03-15", "2024-03-15"),
        ("2024-03-15T22:30:00Z", "2024-03-15", "2024-03-16"),
        ("2024-07-15T22:30:00Z", "2024-07-16", "2024-07-16"),
        ("2024-03-16T00:30:00+08:00", "2024-03-15", "2024-03-16"),
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
    assert policy.parameters["early_export_without_letter"].enabled is (code == "CN")
    assert policy.parameters["province_export_spike"].enabled
    assert policy.parameters["double_sale"].enabled
    told_there = policy.parameters["young_used_export"].letter_from  # type: ignore[attr-defined]
    assert (told_there.year < 9999) is (code == "CN"), "or young cars would be nobody's"
    modes = policy.parameters["zero_mileage_export"].general_trade_modes  # type: ignore[attr-defined]
    assert ("0110" in modes) is (code == "CN")
    assert (policy.country.currency == "CNY") is (code == "CN")
    assert len(set(policy.country.places.values())) == len(policy.country.regions)
    [day, *_] = calendar_regressors(*np.array([[738_000], [738_007]]), policy.country.calendar)
    assert np.isfinite(day).all()


def test_a_policy_file_lies_over_the_country(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEROMILE_COUNTRY", "ES")
    (tmp_path / "mine.toml").write_text('[country]\ntimezone = "Atlantic/Canary"\n')
    assert load_policy(tmp_path / "mine.toml").country.timezone == "Atlantic/Canary"


_SPAIN = """[country]
code = "ES"
timezone = "Europe/Madrid"
currency = "EUR"
regions = { ES-M = "Madrid" }
"""


def _feast(begins: str = "12-24", windows: str = "[[0, 7]]") -> str:
    feast = f'{{ name = "F", begins = "{begins}", windows = {windows}, near_days = 1 }}'
    return f"[country.calendar]\nfeasts = [{feast}]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            _SPAIN.replace("Europe/", ""),
            "country.timezone is 'Madrid'",
        ),
        (
            _SPAIN.replace("ES-M", "FR-75"),
            "begin with ES-",
        ),
        ('[country]\ncode = "ES"\n', "lacks the key"),
        (_SPAIN + "flag = 1\n", "unknown key 'flag'"),
        (_SPAIN.replace("EUR", "euro"), r"country.currency is 'euro'; allowed"),
        (_SPAIN + "value_added_tax = 21\n", "country.value_added_tax is 21; allowed"),
        (_SPAIN + 'map = ["M .. X"]\n', "country.map has 'ES-X'; allowed: what country.regions has"),
        (_SPAIN + 'without_register = ["ES-X"]\n', "country.without_register has 'ES-X'"),
        (_SPAIN + '[country.calendar]\npublic_holidays = "XX"\n', "public_holidays is 'XX'; allowed"),
        (_SPAIN + "[country.calendar]\nlunar = true\n", "unknown key 'lunar'"),
        (_SPAIN + _feast(begins="02-29"), "begins of 'F' is '02-29'; allowed: a month and day"),
        (_SPAIN + _feast(begins="ramadan"), "begins of 'F' is 'ramadan'; allowed: .*orthodox easter"),
        (_SPAIN + _feast(windows="[[3, 1]]"), r"windows of 'F' has \[3, 1\]; allowed: first and last"),
        (_SPAIN + '[[country.causes]]\nday = "May"\nwhat = "x"\n', r"country.causes\[0\].day is 'May'"),
    ],
)
def test_a_wrong_country_is_told(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(PolicyError, match=told):
        load_policy(tmp_path / "mine.toml")


def test_single_keys_lie_over_chinas_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEROMILE_COUNTRY", "")
    (tmp_path / "mine.toml").write_text('[country]\nmoney = "RMB"\n')
    country = load_policy(tmp_path / "mine.toml").country
    assert country == replace(CHINA, money="RMB")


def test_another_country_takes_the_place_of_a_preset_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the preset's regions and feasts stays behind."""
    monkeypatch.setenv("ZEROMILE_COUNTRY", "AR")
    (tmp_path / "mine.toml").write_text(_SPAIN)
    country = load_policy(tmp_path / "mine.toml").country
    assert country == replace(SPAIN, regions={"ES-M": "Madrid"})


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


WRITTEN_AT = 1_710_540_000_000
"""2024-03-15T22:00:00Z: already the day after in Shanghai, still that day in Madrid."""


@pytest.mark.parametrize(("country", "there"), [(CHINA, "2024-03-16"), (SPAIN, "2024-03-15")])
def test_an_instant_lies_on_the_countrys_civil_day(country: Country, there: str) -> None:
    day = country.day_of_instant(WRITTEN_AT)
    assert civil_time.day_text(day) == there
    assert country.start_of_day(day) * 1000 <= WRITTEN_AT < country.start_of_day(day + 1) * 1000
    marks = Watermarks(load_policy().watermarks, country=country)
    marks.observe(decoder_of(country)(document(occurred_at="2031-01-01")), WRITTEN_AT)
    assert marks.newest == {("registration", "es"): day}


@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_any_time_of_a_record_has_a_day(milliseconds: int) -> None:
    """Whoever writes a record may put any number there."""
    day = CHINA.day_of_instant(milliseconds)
    assert 719_163 <= day <= 3_652_059
    if 757_382_400_000 <= milliseconds < 253_000_000_000_000:  # 1994 on: no daylight saving time
        assert day == 719_163 + (milliseconds + 8 * 3_600_000) // (24 * 3_600_000)


def test_an_engine_counts_the_days_of_its_policys_country(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEROMILE_COUNTRY", "ES")
    catalogue = Catalogue(load_policy())
    assert Engine(catalogue, MemoryStore()).watermarks.country.code == "ES"


def test_records_are_paced_by_the_countrys_days() -> None:
    names = TopicNames("zeromile")
    [there] = Router(names, SPAIN).route(document())
    [in_china] = Router(names).route(document())
    assert there.event_time == SPAIN.start_of_day(civil_time.parse("2024-03-15").day)
    assert in_china.event_time is not None
    assert there.event_time - in_china.event_time == 7 * 3600


ALONE = ("--workers", "1")


def run_command(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def told(result: Result) -> str:
    return " ".join(result.output.split())


def test_a_ledger_is_refused_under_another_country(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, ledger = tmp_path / "documents.jsonl", tmp_path / "ledger"
    documents.write_bytes(document(province="ES-M", occurred_at="2024-03-15T22:30:00Z") + b"\n")
    monkeypatch.setenv("ZEROMILE_COUNTRY", "ES")
    assert run_command("ledger", "build", documents, "--out", ledger, *ALONE).exit_code == 0
    assert run_command("replay", ledger, *ALONE).exit_code == 0

    other = run_command("--country", "CN", "replay", ledger)
    assert other.exit_code == 2
    assert "was built for ES (Europe/Madrid), and the policy is of CN (Asia/Shanghai)" in told(other)
    assert "zeromile --country ES" in told(other)
    vin = "VSSZZZKL4RR000101"
    assert run_command("--country", "CN", "explain", ledger, "--vin", vin).exit_code == 2
    more = ["ledger", "build", documents, "--out", ledger, "--append"]
    assert run_command("--country", "UA", *more).exit_code == 2

    (tmp_path / "mine.toml").write_text('[country.regions]\nES-X = "New"\n')
    monkeypatch.setenv("ZEROMILE_COUNTRY", "ES")
    regions = run_command("replay", ledger, "--config", tmp_path / "mine.toml")
    assert regions.exit_code == 2
    assert "with other regions" in told(regions)


def test_a_ledger_that_names_no_country_is_of_china(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZEROMILE_COUNTRY", "")
    documents, ledger = tmp_path / "documents.jsonl", tmp_path / "ledger"
    documents.write_bytes(document() + b"\n")
    assert run_command("ledger", "build", documents, "--out", ledger, *ALONE).exit_code == 0
    manifest = json.loads((ledger / "manifest.json").read_text())
    del manifest["country"]
    (ledger / "manifest.json").write_text(json.dumps(manifest))
    assert run_command("replay", ledger, *ALONE).exit_code == 0
    assert run_command("--country", "ES", "replay", ledger).exit_code == 2


def test_what_a_feed_refused_counts_as_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEROMILE_COUNTRY", "ES")
    feed, data = tmp_path / "mine.toml", tmp_path / "mine.csv"
    feed.write_text(SMALL_FEED)
    data.write_text("vin,day\nVSSZZZKL4RR000101,2024-03-15\nVSSZZZKL4RR000102,never\n")
    for command in ("replay", "check"):
        assert run_command(command, "--feed", feed, data).exit_code == 0, command
    assert run_command("replay", "--feed", feed, data, "--max-dead-letters", "1").exit_code == 0
    strict = run_command("replay", "--feed", feed, data, "--max-dead-letters", "0")
    assert strict.exit_code == 1
    assert "1 of 2 documents were refused" in told(strict)
    with data.open("a") as more:
        more.write("VSSZZZKL4RR000103,never\n")
    for command in ("replay", "check"):
        assert run_command(command, "--feed", feed, data).exit_code == 1, command


SMALL_FEED = """
title = "mine"
source = "mine"
country = "ES"
timezone = "Europe/Madrid"
[container]
kind = "csv"
[columns]
vin = "vin"
day = "day"
[[document]]
type = "registration"
vin = { columns = ["vin"] }
occurred_at = { column = "day", formats = ["iso"] }
kind = { value = "transfer" }
"""


ROOT = Path(__file__).parents[2]
PRESET = Path("detectors/china.py")
SIMULATED = Path("streams/simulator")
"""The simulated country is China, by published figures."""
HISTORY = Path("streams/store/migrations")
OF_CHINA = re.compile(
    r"\bCN\b|\bCN-[A-Z]{2}\b|\bCNY\b|\byuan\b|Shanghai|\+08:00|\b0110\b|[Cc]hinese|\bChina\b"
    r"|Golden Week"
)
SPOKEN_OF = {
    "streams/cli/__init__.py": 1,  # the help of --country names the default
    "streams/feeds/contract.py": 5,  # the examples of the document contract
}
"""Files that may name China's things to people, and how often."""
EXAMPLE = re.compile(r"\bCN-GD\b|T\d\d:\d\d:\d\d\+08:00")
"""What a sentence may hold as an example."""


def constants_of(tree: ast.AST) -> Iterator[object]:
    """Constants that code works with: no docstrings."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                statement.value.value = None
        if isinstance(node, ast.Constant):
            yield node.value


def test_nothing_of_china_stands_in_code() -> None:
    """What is China's is its preset; anywhere else it would be said of another country too."""
    found: Counter[str] = Counter()
    for path in sorted([*ROOT.glob("detectors/**/*.py"), *ROOT.glob("streams/**/*.py")]):
        name = path.relative_to(ROOT)
        if name == PRESET or {SIMULATED, HISTORY} & set(name.parents):
            continue
        for value in constants_of(ast.parse(path.read_text("utf-8"))):
            if not isinstance(value, str):
                continue
            text = EXAMPLE.sub("", value) if " " in value else value
            found[str(name)] += bool(OF_CHINA.search(text))
    assert dict(+found) == SPOKEN_OF


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("2024-03-15T22:30:00Z", "2024-03-15T23:30:00+01:00"),
        ("2024-07-15T21:30:00.25Z", "2024-07-15T23:30:00.250000+02:00"),
        ("2024-07-15T22:30:00Z", "2024-07-16T00:30:00+02:00"),
    ],
)
def test_a_clock_is_the_countrys(text: str, there: str) -> None:
    assert decoder_of(SPAIN)(document(occurred_at=text)).occurred_at == there
    west = replace(SPAIN, timezone="America/St_Johns")
    assert civil_time.text(*west.parse("2024-01-15T12:00:00Z")) == "2024-01-15T08:30:00-03:30"


def test_documents_of_a_day_stand_in_the_order_of_its_clock() -> None:
    read = decoder_of(SPAIN)
    late = read(document(event_id="1", kind="transfer", occurred_at="2024-07-15T10:30:00+02:00"))
    early = read(document(event_id="2", kind="transfer", occurred_at="2024-07-15T08:00:00Z"))
    undated = read(document(event_id="3", kind="transfer", occurred_at="2024-07-15"))
    assert sorted([late, early, undated], key=event_order) == [undated, early, late]


@pytest.mark.parametrize(
    ("regime", "faults"),
    [
        ({}, ["check_digit", "year"]),
        ({"check_digit": False}, ["year", "year"]),
        ({"model_year": False}, ["check_digit"]),
        ({"check_digit": False, "model_year": False}, []),
    ],
)
def test_a_country_says_what_counts_of_a_vin(regime: dict[str, bool], faults: list[str]) -> None:
    """The first has a wrong digit; both are of 2023 by the tenth character, and registered in 2015."""
    policy = load_policy({"country": {"vin": regime}})
    rule = Catalogue(policy).known["vin_quality"]
    found = []
    for vin in ("LRW3E7FS1PC695355", "LRW3E7FS5PC695355"):
        history = file_whole(vin, [decode(document(vin=vin, occurred_at="2015-03-15"))], (), 9)[0]
        found += [finding.facts["fault"] for finding in rule.findings(history)]
    assert found == faults


def test_a_forest_names_the_countrys_currency(monkeypatch: pytest.MonkeyPatch) -> None:
    told = set()
    for code in ("CN", "US"):
        monkeypatch.setenv("ZEROMILE_COUNTRY", code)
        policy = load_policy({"unusual_life_cycle": {"p_export": 0.5, "minimum_features": 1}})
        forest = Catalogue(policy, choose_model("default")).known["unusual_life_cycle"]
        told |= {(code, unit) for unit in _units(forest, decoder_of(policy.country))}
    assert {(code, unit) for code, unit in told if len(unit) == 3} == {("CN", "CNY"), ("US", "USD")}


def _units(forest: Any, read: Any) -> set[str]:
    vin = "LRW3E7FS5PC695355"
    life = [
        document(vin=vin, price_cny=9e8, occurred_at="2024-03-15", owner_id="a"),
        document(vin=vin, event_id="2", kind="transfer", price_cny=1, occurred_at="2024-03-17"),
        document(vin=vin, event_id="3", kind="pending_export", occurred_at="2024-03-18", owner_id="c"),
    ]  # fmt: skip
    history = file_whole(vin, list(map(read, life)), (), 9)[0]
    return {
        str(value)
        for finding in forest.findings(history)
        for name, value in finding.facts.items()
        if name.startswith("unit_")
    }
