"""Precision from outcomes: counted by hand, with bounds that another implementation agrees with."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from scipy.stats import binomtest
from typer.testing import CliRunner

from streams.cli import app
from streams.desk.cases import Seen, act_on_case, look_at
from streams.desk.life_cycle import Close, Note
from streams.desk.quality import QualityQuestion, quality, share_of
from streams.store.database import migrate, open_database
from streams.store.writing import write
from tests.desk.served import served, signed_in, token
from tests.store.changes import change, records

DETECTED = datetime(2026, 1, 2, tzinfo=UTC)
FAR, NEAR = 20, 20


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """Double sales: those of days apart are right, those of the same day mostly explained."""
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('quality') / 'store.sqlite'}")
    migrate(engine)
    changes, outcomes = [], {}
    for number in range(FAR + NEAR):
        far = number < FAR
        changes.append(change(
            f"d{number}", subject=f"V{number}", score=0.5 + number * 7 % 40 / 1000, severity="high",
            detector_version=2 if far else 1, detected_at=DETECTED.isoformat(),
            facts={"days_between": 5 if far else 0, "to_exporter": True},
            labels={"province": "CN-GD" if far else "CN-SH"},
        ))  # fmt: skip
        outcomes[f"d{number}"] = Close("confirmed") if far else Close("explained", "rental fleet")
    outcomes |= {"d0": Close("useful"), f"d{FAR}": Close("confirmed"), "d1": Close("false_alarm")}
    changes.append(change("open"))
    write(engine, records(*changes))
    for number, (alert_id, action) in enumerate(outcomes.items()):
        look_at(engine, alert_id, DETECTED + timedelta(hours=1))
        now = DETECTED + timedelta(hours=2 + number % 2)
        act_on_case(engine, alert_id, action, actor="anna", seen=Seen(0, 0), now=now)
    act_on_case(engine, "open", Note("x"), actor="anna", seen=Seen(0, 0), now=DETECTED)
    yield engine
    engine.dispose()


def asked(engine, **question):
    with engine.connect() as connection:
        return quality(connection, QualityQuestion(**question))


def test_precision_is_what_a_hand_counts(decided):
    (row,) = asked(decided).rows
    counts = (row.confirmed, row.useful, row.false_alarm, row.explained)
    assert counts == (FAR - 2 + 1, 1, 1, NEAR - 1)
    assert (row.share.right, row.share.decided) == (20, 40)
    assert row.look_alikes == (("rental fleet", NEAR - 1),)
    assert (row.hours_to_look, row.hours_to_decision) == (1.0, 2.5)


@pytest.mark.parametrize(
    ("by", "parts"),
    [
        ("version", {"1": (1, 20), "2": (19, 20)}),
        ("province", {"CN-GD": (19, 20), "CN-SH": (1, 20)}),
        ("severity", {"high": (20, 40)}),
    ],
)
def test_by_version_severity_and_province(decided, by, parts):
    rows = asked(decided, by=by).rows
    assert {row.part: (row.share.right, row.share.decided) for row in rows} == parts


def test_one_province_or_detector(decided):
    assert asked(decided, province="CN-SH").decided == NEAR
    assert asked(decided, detector="cloned_vin").rows == ()


@pytest.mark.parametrize("right", [0, 1, 5, 19, 20])
def test_bounds_lie_near_those_of_wilson_and_within_0_and_1(right):
    share = share_of(right, 20)
    wilson = binomtest(right, 20).proportion_ci(method="wilson")
    assert share.low == pytest.approx(wilson.low, abs=0.05)
    assert share.high == pytest.approx(wilson.high, abs=0.05)
    assert 0 <= share.low <= share.precision <= share.high <= 1


def test_a_suggestion_names_its_numbers(decided):
    (suggestion,) = asked(decided).suggestions
    assert (suggestion.value_of, suggestion.parameter, suggestion.cut) == (
        "days_between", "window_days", 5.0,
    )  # fmt: skip
    assert "With a days between under 5 (threshold window_days), 1 of 20 (5 %" in suggestion.sentence
    assert "from there on, 19 of 20 (95 %" in suggestion.sentence


def test_nothing_is_suggested_where_few_were_decided(decided):
    assert asked(decided, province="CN-GD").suggestions == ()


def test_the_curve_of_one_detector(decided):
    curve = asked(decided, detector="double_sale").curve
    assert (curve[0].share.decided, curve[0].score) == (40, 0.5)
    assert [point.score for point in curve] == sorted(point.score for point in curve)
    assert asked(decided).curve == ()


def test_the_command(decided):
    url = str(decided.url)
    done = CliRunner().invoke(app, ["quality", "--url", url, "--by", "version", "--format", "json"])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert [(row["version"], row["right"], row["decided"]) for row in rows] == [
        (1, 1, 20), (2, 19, 20),
    ]  # fmt: skip
    assert "threshold window_days" in " ".join(done.stderr.split())
    wrong = CliRunner().invoke(app, ["quality", "--url", url, "--detector", "double_sail"])
    assert wrong.exit_code == 2
    assert "did you mean double_sale" in " ".join(wrong.output.split())


async def test_the_page(decided):
    async with served(decided) as client:
        await signed_in(client, token(decided, "read"))
        for address in ("/detectors", "/detectors?detector=double_sale", "/detectors?by=province"):
            text = await (await client.get(address)).text()
            assert "20 of 40" in text or "19 of 20" in text
            assert "style=" not in text
        refused = await client.get("/detectors?by=colour")
        assert refused.status == 400
        assert "by" in await refused.text()
