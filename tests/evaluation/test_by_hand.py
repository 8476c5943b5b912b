"""A handful of vehicles, counted by hand."""

import json

import pytest

from detectors import civil_time
from streams.evaluation.answers import read_answers
from streams.evaluation.baselines import Register
from streams.evaluation.observing import AlertChange, AlertsError, ObservedRun
from streams.evaluation.scoring import score
from streams.evaluation.truth import Intent, Truth, TruthError, read_truth
from streams.simulator.truth import CountryTruth

DAY = civil_time.parse("2025-03-10").day


def said(seen, vehicle, detector="double_sale", day=DAY + 5, **fields):
    values = {
        "alert_id": f"{vehicle}-{detector}", "detector": detector, "subject_type": "vehicle",
        "subject": vehicle, "state": "firing", "occurred_at": "2025-03-12", "severity": "high",
        "score": 0.6, "shadow": False,
    }  # fmt: skip
    seen.take(AlertChange(**(values | fields)), day)


@pytest.fixture
def truth():
    return Truth(
        vehicles={
            "A": Intent("known", "textbook"),
            "B": Intent("scheme", "silent", complete=False),
            "C": Intent("scheme", "silent"),
            "D": Intent("innocent", "heirs"),
            "E": Intent("innocent", "heirs"),
            "F": Intent("scheme", "dated", first_day=DAY, last_day=DAY + 1),
        }
    )


@pytest.fixture
def card(truth):
    seen = ObservedRun(seen_on={"A": DAY, "C": DAY}, days=70)
    said(seen, "A", score=0.9)
    said(seen, "C", severity="low")
    said(seen, "D", "price_gap", score=0.8)
    said(seen, "E", severity="critical")
    said(seen, "E", state="resolved")
    said(seen, "F")  # on a day that its label does not speak of
    said(seen, "O", shadow=True)
    said(seen, "P")
    ages = {"A": 3, "D": 5, "O": 400}
    return score(truth, seen, Register(20, ages), base_rate=0.01)


def test_kinds(card):
    rows = {row.kind: row for row in card.kinds}
    assert {kind: (row.vehicles, row.accused.count) for kind, row in rows.items()} == {
        "known": (1, 1), "scheme": (3, 0), "innocent": (2, 1), "ordinary": (14, 1),
    }  # fmt: skip
    assert rows["scheme"].accused_complete.of == 2
    low, high = rows["innocent"].accused.low, rows["innocent"].accused.high
    assert (low, high) == (0.094531, 0.905469)  # Wilson 1927, by hand


def test_classes(card):
    rows = {row.story: row for row in card.stories}
    assert rows["textbook"].told_by == {"double_sale": 1}
    assert rows["textbook"].days.median == 5
    assert (rows["silent"].mentioned, rows["silent"].examples) == (1, ("B", "C"))
    assert (rows["heirs"].accused.count, rows["heirs"].examples) == (1, ("D",))
    assert (rows["ordinary"].vehicles, rows["ordinary"].examples) == (14, ("P",))


def test_detectors_by_severity(card):
    rows = {(row.detector, row.severity, row.on_trial): row for row in card.detectors}
    high = rows["double_sale", "high", False]
    assert (high.alerts, high.right.count, high.right.of) == (3, 1, 3)
    assert high.by_kind == {"known": 1, "scheme": 1, "ordinary": 1}
    assert rows["price_gap", "high", False].right.share == 0.0
    assert rows["double_sale", "high", True].right.of == 1


def test_orders_and_loads(card):
    rows = {(row.order, row.budget): row.right for row in card.budgets}
    # Worst first: A .9 and D .8; of C, F and P at .6 none is a scheme rightly accused.
    assert (rows["alerts by score", 100].count, rows["alerts by score", 100].of) == (1, 5)
    assert (rows["youngest export first", 100].count, rows["youngest export first", 100].of) == (1, 3)
    within = rows["used exports within 7 days of registration", 2]
    assert (within.count, within.of) == (1, 2)
    assert card.alerts_per_thousand == {"low": 50.0, "medium": 0.0, "high": 200.0, "critical": 0.0}
    assert card.vehicles_accused_a_week == 0.5  # A, D, E, F and P in ten weeks


def test_labels_of_vehicles_call_no_alert_about_a_province_wrong(truth):
    seen = ObservedRun(seen_on={"A": DAY}, days=70)
    about = {"subject_type": "province", "occurred_at": "2025-03-10"}
    said(seen, "CN-GD", "province_export_spike", **about)
    register = Register(20, {})
    assert score(truth, seen, register).spikes == ()
    truth.country = CountryTruth(1, "2025-01-01", 70, 6, 9, 0, 0, 0.1, {})
    [row] = score(truth, seen, register).spikes
    assert (row.alerts, row.wrong) == (1, 1)


def test_precision_at_the_base_rate_of_life(card):
    told, false = 1 / 4, 2 / 16
    by_hand = 0.01 * told / (0.01 * told + 0.99 * false)
    assert card.at_base_rate.precision == pytest.approx(by_hand, abs=1e-6)
    assert card.at_base_rate.low < by_hand < card.at_base_rate.high


def test_labels_by_hand(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(
        "\ufeffvehicle,label,from,to\nv1 ,scheme,2025-03-01,2025-03-31\nV2,innocent,,\n", "utf-8"
    )
    truth = read_truth(path)
    assert truth.vehicles["V1"].covers(civil_time.parse("2025-03-31").day)
    assert not truth.vehicles["V1"].covers(civil_time.parse("2025-04-01").day)
    assert truth.vehicles["V2"].covers(1)
    assert truth.intent("V9").kind == "ordinary"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vehicle,kind\nV,scheme\n", "has no column label"),
        ("vehicle,label\nV,fraud\n", "line 2: label 'fraud'; allowed: known, scheme, innocent"),
        ("vehicle,label\nV,scheme\nv,scheme\n", "line 3: V is labelled twice"),
        ("vehicle,label\n,scheme\n", "line 2: no vehicle"),
        ("vehicle,label,from\nV,scheme,03/04/2025\n", "line 2: from '03/04/2025' is no date"),
    ],
)
def test_wrong_labels_are_refused(tmp_path, text, message):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(TruthError, match=message.replace("(", r"\(")):
        read_truth(path)


def test_answers_of_another_system(truth, tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("vehicle,score,day\na,10,\nD,3,\nF,7,2025-03-11\n")
    card = score(truth, read_answers(path), Register(20, {}))
    assert {row.kind: row.accused.count for row in card.kinds} == {
        "known": 1, "scheme": 1, "innocent": 1, "ordinary": 0,
    }  # fmt: skip
    assert card.budgets[0].right.count == 2
    path.write_text("vehicle,score\nA,much\n")
    with pytest.raises(AlertsError, match="line 2: score 'much' is no number"):
        read_answers(path)


def test_a_truth_file_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "truth.jsonl"
    path.write_text(
        json.dumps({"record": "vehicle", "vin": "V", "label": "l", "kind": "scheme"}) + "\n"
    )
    with pytest.raises(TruthError, match="line 1"):
        read_truth(path)
