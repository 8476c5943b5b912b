"""Judged in one pass, two sides say what each says alone, wholly and with nothing left closed."""

import copy
import json
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import Phase, given, reject, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from detectors.decoding import decode
from detectors.errors import PolicyError
from detectors.policy import Policy
from detectors.registry import DECLARED, Catalogue
from streams.backfill.backfill import Backfill, Means
from streams.cli import app
from streams.lab.another_version import AnotherVersionError, firing_by
from streams.lab.difference import differences, samples
from streams.lab.laboratory import Laboratory
from streams.lab.ledgers import one_ledger
from streams.lab.rule_template import new_rule
from streams.setup.policy import load_policy
from tests.contract.test_thresholds import MOVES
from tests.lab.test_laboratory import TURNED, check_differences
from tests.property.documents import document, encode

SHIPPED = load_policy()
DAY = 740_000
WHATEVER = (
    ("history", ("maximum_documents",), 3),
    ("watermarks", ("idle_after_days",), 7),
    ("vin_quality", ("enabled",), False),
    ("double_sale", ("valid_from",), "2026-01-10"),
    ("resale_after_export", ("enabled",), False),
)


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    """Small lives that look for trouble: revised, withdrawn, contested, moved from VIN to VIN."""
    path = tmp_path_factory.mktemp("sides") / "lives.jsonl"
    with path.open("wb") as target:
        for life in range(150):
            dice = Random(life)
            for _ in range(dice.randint(1, 9)):
                event = document(dice.getrandbits(32))
                event["vin"] = f"{event['vin'][:10]}{life:05}{event['vin'][-2:]}"
                event["event_id"] = f"{life}-{event['event_id']}"
                target.write(encode(event) + b"\n")
    return path


@pytest.fixture(scope="module")
def ledger(stream):
    with one_ledger([stream], Catalogue(SHIPPED), decode, Means()) as ledger:
        yield ledger


def moved(numbers):
    """The shipped policy with some of its values moved."""
    tables = copy.deepcopy(SHIPPED.tables)
    moves = [(section, path, value) for section, _, path, value in MOVES] + list(WHATEVER)
    for number in numbers:
        section, path, value = moves[number]
        place = tables[section]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
    try:
        return Catalogue(Policy(tables, DECLARED))
    except PolicyError:
        reject()  # limits that contradict each other


def wholly(catalogue, stream):
    with Backfill(catalogue, screened=False) as run:
        return dict(run.run([stream], complete_through=DAY).firing)


def same(one, other):
    return not list(differences(one, other))


FIGURES = ("severity", "score", "explanation")


def turned(row):
    """What is told of an alert when A and B change places; its labels are those of B."""
    return (
        TURNED[row.change],
        row.alert_id,
        *(getattr(row, f"{figure}_{side}") for figure in FIGURES for side in "ba"),
    )


def told(row):
    return (
        row.change,
        row.alert_id,
        *(getattr(row, f"{figure}_{side}") for figure in FIGURES for side in "ab"),
    )


POLICIES = st.lists(st.integers(0, len(MOVES) + len(WHATEVER) - 1), max_size=4, unique=True)


def check(ledger, stream, one, other):
    a, b = moved(one), moved(other)
    before, after = wholly(a, stream), wholly(b, stream)
    laboratory = Laboratory(ledger, decode, Means(), DAY)
    compared = laboratory.differences(a, b)
    check_differences(compared, before, after)
    back = laboratory.differences(b, a).differences
    assert list(map(turned, back.rows)) == list(map(told, compared.differences.rows))
    assert back.loads == compared.differences.loads[::-1]
    whole = laboratory.both(a, b)
    assert same(whole.before, before)
    assert same(whole.after, after)
    assert not laboratory.failures


@settings(max_examples=3, deadline=None, phases=[Phase.generate])
@given(POLICIES, POLICIES)
def test_two_sides_say_what_each_says_alone(ledger, stream, one, other):
    check(ledger, stream, one, other)


@pytest.mark.nightly
@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(POLICIES, POLICIES)
def test_they_do_whatever_is_moved(ledger, stream, one, other):
    check(ledger, stream, one, other)


def test_a_sweep_says_what_each_value_says_alone(ledger, stream):
    others = [Catalogue(load_policy({"double_sale": {"window_days": days}})) for days in (3, 12)]
    laboratory = Laboratory(ledger, decode, Means(), DAY)
    swept = list(laboratory.variants(Catalogue(SHIPPED), others))
    for alerts, other in zip(swept, others, strict=True):
        assert same(alerts, wholly(other, stream))
    assert len(swept[0]) < len(swept[1])


def test_rules_of_a_folder_judge_in_several_processes(ledger, tmp_path):
    new_rule("quick_export", tmp_path / "rules")
    a, b = Catalogue(SHIPPED), Catalogue(load_policy(rules=tmp_path / "rules"))
    alone, several = (
        Laboratory(ledger, decode, means, DAY).differences(a, b).differences
        for means in (Means(), Means(processes=2, rows=100))
    )
    assert {(row.change, row.detector) for row in alone.rows} == {("new", "quick_export")}
    assert alone.rows == several.rows
    assert alone.loads == several.loads
    assert alone.parties == several.parties
    for row in samples(alone.rows)["new"]:
        assert alone.dossiers[row.subject] == several.dossiers[row.subject]


@pytest.mark.nightly
def test_rules_of_a_folder_replay_in_several_processes(stream, tmp_path):
    new_rule("quick_export", tmp_path / "rules")
    catalogue = Catalogue(load_policy(rules=tmp_path / "rules"))
    found = []
    for means in (Means(), Means(processes=2, rows=100)):
        with Backfill(catalogue, means=means) as run:
            found.append(dict(run.run([stream], complete_through=DAY).firing))
    assert "quick_export" in {alert.detector for alert in found[0].values()}
    assert same(*found)


@pytest.fixture
def program(tmp_path):
    """A command of another version, whose rule knows a shorter week."""
    path = tmp_path / "zeromile-other"
    path.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "if sys.argv[1:] == ['--version']:\n"
        "    print('zeromile 0.1.0')\n"
        "    sys.exit()\n"
        f"open({str(tmp_path / 'words')!r}, 'w').write('\\n'.join(sys.argv[1:]))\n"
        "from streams.cli import main\n"
        f"sys.argv += ['--config', {str(tmp_path / 'shorter.toml')!r}]\n"
        "main()\n"
    )
    path.chmod(0o755)
    (tmp_path / "shorter.toml").write_text("[double_sale]\nwindow_days = 3\n")
    return path


def run(*words):
    return CliRunner().invoke(app, list(map(str, words)), env={"COLUMNS": "300"})


def test_another_version_judges_a_side(stream, program, tmp_path):
    out, here = tmp_path / "out", tmp_path / "here"
    words = ["backtest", stream, "--workers", "1", "--watermark", "2027-01-18"]
    done = run(*words, "--program-b", program, "--out", out)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "words").read_text().split("\n")[:4] == [
        "replay", str(stream), "--watermark", "2027-01-18",
    ]  # fmt: skip
    assert "zeromile 0.1.0" in (out / "comparison.html").read_text()
    assert run(*words, "--b", tmp_path / "shorter.toml", "--out", here).exit_code == 0
    told, own = (json.loads((folder / "comparison.json").read_bytes()) for folder in (out, here))
    assert own["changes"]["gone"] > 0
    assert (told["changes"], told["parties"]) == (own["changes"], own["parties"])
    assert told["detectors"] is None


def test_another_version_that_fails_is_loud(stream, tmp_path):
    with pytest.raises(AnotherVersionError, match="cannot be run: No such file"):
        firing_by(tmp_path / "nothing", [])
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho a detector failed >&2\nexit 1\n")
    broken.chmod(0o755)
    done = run("backtest", stream, "--program-b", broken, "--workers", "1")
    assert done.exit_code == 2
    assert "broken replay ended with 1: a detector failed" in done.output
    mute = tmp_path / "mute"
    mute.write_text("#!/bin/sh\nexit 0\n")
    mute.chmod(0o755)
    with pytest.raises(AnotherVersionError, match="cannot be read"):
        firing_by(mute, [str(stream)])


def test_truth_counts_the_vehicles_of_all_files(tmp_path):
    dice = Random(7)
    files: list[Path] = []
    for number in range(2):
        file = tmp_path / f"{number}.jsonl"
        lines = [document(dice.getrandbits(32)) | {"vin": f"LSVAU2180N218{n:04}"} for n in range(30)]
        file.write_bytes(
            b"".join(
                encode(one | {"event_id": f"{number}-{n}", "vin": f"{one['vin'][:-5]}{number}{n:04}"})
                + b"\n"
                for n, one in enumerate(lines)
            )
        )
        files.append(file)
    truth = tmp_path / "truth.csv"
    truth.write_text("vehicle,label\nLSVAU2180N2100000,scheme\n")
    out = tmp_path / "out"
    policy = tmp_path / "b.toml"
    policy.write_text("[double_sale]\nwindow_days = 3\n")
    done = run("backtest", *files, "--b", policy, "--truth", truth, "--out", out, "--workers", "1")
    assert done.exit_code == 0, done.output
    told = json.loads((out / "comparison.json").read_bytes())
    assert told["score_a"]["vehicles"] == 60
    assert "schemes, of the vehicles accused" in done.output
