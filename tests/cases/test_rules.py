"""What an independent look found: schemes that are told, innocents that are not accused."""

from collections import Counter
from pathlib import Path

import pytest

from tests.cases.cases import at_least, make_cases, replay

INNOCENT = (
    "20_heir_sells_on",
    "20_dealers_books",
    "20_register_sent_again",
    "20_old_car_dealer_to_exporter",
)
SCHEMES = {
    "20_odometer_silent": "young_used_export",
    "20_odometer_plausible": "young_used_export",
    "20_odometer_not_read": "young_used_export",
    "20_declared_new": "new_though_registered",
    "20_day_182_unread": "young_used_export",
    "20_backdated": "amended_after_export",
    "20_endorsements_renewed": "endorsement_renewed",
    "20_personal_effects_in_numbers": "effects_hardly_owned",
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> Path:
    return make_cases(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("name", INNOCENT)
def test_an_innocent_is_told_at_low_or_not_at_all(cases, name, tmp_path):
    _, alerts = replay(cases / f"{name}.jsonl", tmp_path)
    assert at_least(alerts, "medium") == []


@pytest.mark.parametrize("name", SCHEMES)
def test_a_scheme_is_told_at_medium_or_above_by_the_rule_it_is_the_business_of(cases, name, tmp_path):
    _, alerts = replay(cases / f"{name}.jsonl", tmp_path)
    told = Counter(alert["detector"] for alert in at_least(alerts, "medium"))
    assert told[SCHEMES[name]] == len({alert["subject"] for alert in alerts})


def test_the_textbook_is_told_high_by_three_rules(cases, tmp_path):
    _, alerts = replay(cases / "20_textbook.jsonl", tmp_path)
    high = {alert["detector"] for alert in at_least(alerts, "high")}
    assert high == {"double_sale", "flash_registration", "zero_mileage_export"}


def test_what_an_amendment_clears_is_told(cases, tmp_path):
    _, alerts = replay(cases / "20_dates_amended_afterwards.jsonl", tmp_path)
    told = {a["facts"]["what"]: a for a in alerts if a["detector"] == "amended_after_export"}
    assert told.keys() == {"first registration", "odometer"}
    assert {alert["severity"] for alert in told.values()} == {"high"}
    assert "2025-03-01" in told["first registration"]["explanation"]
    assert "2025-05-10" in told["first registration"]["explanation"]
    assert [e["revision"] for e in told["first registration"]["evidence"]][:2] == [0, 1]
