"""The difference that a backtest finds is that of two full replays, whatever it leaves closed."""

import copy
import datetime
import json
from operator import attrgetter

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from detectors.alerts import Alert
from detectors.decoding import decode
from detectors.policy import Policy
from detectors.registry import DECLARED, RULES, Catalogue
from streams.backfill.backfill import Backfill, Means
from streams.cli import app
from streams.desk.tables import cases
from streams.lab.backtest import compare
from streams.lab.changes import changed, only
from streams.lab.difference import SAMPLES, differences, samples
from streams.lab.differing import Differences, find_differences
from streams.lab.laboratory import Laboratory, TwoSides
from streams.lab.ledgers import one_ledger
from streams.lab.loads import LoadCount, within
from streams.lab.outcomes import OutcomesError, read_outcomes
from streams.lab.parties import parties_of
from streams.lab.side_scores import outcome_score
from streams.setup.policy import load_policy
from streams.store.database import open_database
from streams.store.errors import StoreError
from tests.contract.test_thresholds import MOVES
from tests.fixtures.loading import FOLDER

SHIPPED = load_policy()
NEEDED = ("zero_mileage_export.maximum_km-1", "double_sale.window_days+1")
SAMPLE = [*MOVES[:: len(MOVES) // 2], *(move for move in MOVES if move[1] in NEEDED)]
INSERT = sa.text("INSERT INTO cases (alert_id, state, outcome) VALUES (:name, :state, :outcome)")


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    """The fixtures of all rules: documents on either side of every threshold."""
    path = tmp_path_factory.mktemp("laboratory") / "all.jsonl"
    with path.open("wb") as target:
        for file in sorted(FOLDER.glob("*/*.jsonl")):
            for line in file.read_bytes().splitlines():
                event = json.loads(line)
                event["event_id"] = f"{file.parent.name}-{file.stem}-{event['event_id']}"
                target.write(json.dumps(event).encode() + b"\n")
    return path


@pytest.fixture(scope="module")
def laboratory(stream):
    day = 740_000
    means = Means()
    with one_ledger([stream], Catalogue(SHIPPED), decode, means) as ledger:
        yield Laboratory(ledger, decode, means, day)


@pytest.fixture(scope="module")
def shipped(laboratory):
    return laboratory.firing(Catalogue(SHIPPED))


def moved(section, path, value):
    tables = copy.deepcopy(SHIPPED.tables)
    place = tables[section]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return Catalogue(Policy(tables, DECLARED))


def check_differences(compared, before, after):
    """Found where vehicles are judged, they are those of alerts that were all written down."""
    detectors = set(compared.detectors)
    before, after = (
        {name: alert for name, alert in side.items() if alert.detector in detectors}
        for side in (before, after)
    )
    expected, _ = find_differences(before, after, (None, None))
    assert compared.differences.rows == expected.rows
    assert compared.differences.loads == expected.loads


def check(stream, laboratory, shipped, move):
    section, _, path, value = move
    b = moved(section, path, value)
    assert section in changed(Catalogue(SHIPPED), b)
    with Backfill(b, screened=False) as run:
        full = dict(run.run([stream], complete_through=740_000).firing)
    compared = laboratory.differences(Catalogue(SHIPPED), b)
    check_differences(compared, shipped, full)
    wholly = laboratory.both(Catalogue(SHIPPED), b)
    assert not list(differences(wholly.before, shipped))
    assert not list(differences(wholly.after, full))
    return compared.differences.rows


@pytest.mark.parametrize("move", SAMPLE, ids=[move[1] for move in SAMPLE])
def test_a_threshold_that_moves_differs_as_two_full_replays_do(stream, laboratory, shipped, move):
    assert check(stream, laboratory, shipped, move)


@pytest.mark.nightly
@pytest.mark.parametrize("move", MOVES, ids=[move[1] for move in MOVES])
def test_every_threshold_does(stream, laboratory, shipped, move):
    check(stream, laboratory, shipped, move)


def test_a_policy_against_itself_is_empty_to_the_byte(laboratory, shipped):
    again = laboratory.firing(Catalogue(load_policy()))
    result, _ = find_differences(shipped, again, (None, None))
    assert result.rows == []
    comparison = compare(result.rows, (result.loads[0].load, result.loads[1].load))
    assert set(comparison.changes.values()) == {0}
    assert not any(comparison.by.values())
    same = laboratory.differences(Catalogue(SHIPPED), Catalogue(load_policy()))
    assert same == (Differences(), [])


def test_a_detector_switched_off_takes_its_alerts_and_no_others(laboratory, shipped):
    off = Catalogue(load_policy({"double_sale": {"enabled": False}}))
    sides = laboratory.both(Catalogue(SHIPPED), off)
    gone = {one.shown.detector for one in differences(sides.before, sides.after)}
    assert gone == {"double_sale"}
    back = laboratory.differences(off, Catalogue(SHIPPED)).differences
    assert {row.change for row in back.rows} == {"new"}
    assert back.loads[0] == LoadCount()


def test_what_concerns_all_changes_all(laboratory):
    base = Catalogue(SHIPPED)
    assert changed(base, Catalogue(load_policy({"history": {"maximum_documents": 5}}))) == set(DECLARED)
    assert changed(base, base) == set()
    restricted = only(base, {"double_sale"})
    assert set(restricted.detectors) == {"double_sale"}


ALERTS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.builds(
        lambda severity, score, explanation: (severity, score, explanation),
        st.sampled_from(["low", "high"]), st.sampled_from([0.1, 0.2]), st.sampled_from(["one", "two"]),
    ),
)  # fmt: skip


def alerts_of(drawn):
    return {
        name: Alert(
            name, "double_sale", 1, None, "vehicle", "V", "firing", "new_evidence", 0, severity, score,
            "2025-03-01", "now", "Title", explanation, {}, (), {}, False,
        )
        for name, (severity, score, explanation) in drawn.items()
    }  # fmt: skip


TURNED = {"new": "gone", "gone": "new", "severity": "severity", "words": "words"}


@given(ALERTS, ALERTS)
def test_turned_round_it_is_the_opposite(one, other):
    a, b = alerts_of(one), alerts_of(other)
    forth, back = list(differences(a, b)), list(differences(b, a))
    assert [(TURNED[x.change], x.after, x.before) for x in forth] == [tuple(x) for x in back]
    assert list(differences(a, a)) == []


def test_a_period_cuts_by_the_event(shipped):
    days = sorted(alert.occurred_at[:10] for alert in shipped.values())
    cut = datetime.date.fromisoformat(days[len(days) // 2]).toordinal()
    early, late = within(shipped, None, cut - 1), within(shipped, cut, None)
    assert early
    assert late
    assert early.keys() | late.keys() == shipped.keys()
    assert not early.keys() & late.keys()


def test_parties_are_those_of_the_evidence(laboratory, shipped):
    said = {name: alert for name, alert in shipped.items() if alert.detector == "double_sale"}
    base, off = Catalogue(SHIPPED), Catalogue(load_policy({"double_sale": {"enabled": False}}))
    result = laboratory.set_side_by_side(base, TwoSides({}, said), (None, None))
    parties = parties_of(result.parties)
    assert parties
    found = laboratory.differences(off, base).differences
    assert found.parties == result.parties
    assert {one.role for one in parties} <= {"exporter", "seller", "owner"}
    for party in parties:
        assert 0 < party.changes["new"] <= len(said)
    shown = {row.subject for row in samples(found.rows)["new"]}
    assert len(shown) == SAMPLES
    assert {vin: found.dossiers[vin] for vin in shown} == result.dossiers


def test_a_period_cuts_what_is_compared(laboratory, shipped):
    days = sorted(alert.occurred_at[:10] for alert in shipped.values())
    cut = datetime.date.fromisoformat(days[len(days) // 2]).toordinal()
    base, other = Catalogue(SHIPPED), moved("double_sale", ("window_days",), 12)
    early, late, both = (
        laboratory.differences(base, other, period).differences.rows
        for period in ((None, cut - 1), (cut, None), (None, None))
    )
    assert early
    assert late
    assert sorted([*early, *late], key=attrgetter("alert_id")) == both


def test_outcomes_hold_each_side_against_what_was_decided(shipped, url):
    names = sorted(name for name, alert in shipped.items() if not alert.shadow)[:4]
    engine = open_database(url)
    engine.connect().close()
    with pytest.raises(OutcomesError, match="cannot read the cases"):
        read_outcomes(url)
    with engine.begin() as connection:
        columns = ", ".join(f"{column.name} TEXT" for column in cases.columns)
        connection.execute(sa.text(f"CREATE TABLE cases ({columns})"))
        for name, outcome in zip(names, ("confirmed", "useful", "false_alarm", None), strict=True):
            values = {"name": name, "outcome": outcome, "state": "closed" if outcome else "open"}
            connection.execute(
                INSERT,
                values,
            )
    engine.dispose()
    score = outcome_score(shipped, read_outcomes(url))
    assert (score.right.count, score.right.of) == (2, 3)
    assert (score.found.count, score.found.of) == (2, 2)
    without = {name: alert for name, alert in shipped.items() if name != names[0]}
    assert outcome_score(without, read_outcomes(url)).found.count == 1


def test_outcomes_of_a_mistyped_file_are_asked_for_in_vain(tmp_path):
    with pytest.raises(StoreError, match=r"there is no database .*no\.sqlite"):
        read_outcomes(f"sqlite:///{tmp_path / 'no.sqlite'}")
    assert not list(tmp_path.iterdir())


def test_the_command_tells_all_of_it(stream, tmp_path):
    policy = tmp_path / "mine.toml"
    policy.write_text("[double_sale]\nwindow_days = 3\n")
    out = tmp_path / "out"
    words = ["backtest", str(stream), "--b", str(policy), "--out", str(out), "--workers", "1"]
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "by double_sale" in done.output
    told = json.loads((out / "comparison.json").read_bytes())
    assert told["detectors"] == ["double_sale"]
    assert told["changes"]["gone"] > 0
    assert told["parties"]
    page = (out / "comparison.html").read_text()
    assert "By party" in page
    assert "first registration" in page, "the lives of the samples"
    assert "A: Sold on" in page, "what is told otherwise is told by both"
    assert "B: Sold on" in page
    period = [*words[:-4], "--workers", "1", "--from", "2031-01-01", "--format", "json"]
    later = CliRunner().invoke(app, period)
    assert later.exit_code == 0, later.output
    assert '"gone": 0' in later.output or '"gone": "0"' in later.output


def test_every_rule_can_be_swept(laboratory):
    assert {section for section, *_ in MOVES} <= {rule.spec.id for rule in RULES}
