"""Restrictions of a user's own policy: periods, brands, ages."""

import pytest

from detectors.history import VehicleHistory
from detectors.policy import Policy
from detectors.registry import DECLARED, DETECTORS
from streams.setup.policy import shipped_policy_text
from tests.unit.documents import VIN, export, registration


def barred(table: str, *, declared: str = "2025-06-15", brand: str | None = "BYD") -> list[str]:
    """Explanations of a restriction on Uzbekistan for a car registered on 2025-01-01."""
    text = f"""
        [[restricted_destination.restrictions]]
        id = "uz"
        source = "a decree"
        summary = "Uzbekistan does not take it"
        countries = ["UZ"]
        {table}
    """
    policy = Policy.parse(shipped_policy_text(), text, DECLARED)
    rule = DETECTORS["restricted_destination"](policy.parameters["restricted_destination"])
    documents = [
        registration("initial", "2025-01-01", "a", brand=brand),
        export(declared, "x", destination="UZ", brand=brand),
    ]
    return [rule.explain(finding.facts) for finding in rule.judge(VehicleHistory.of(VIN, documents))]


@pytest.mark.parametrize(
    ("table", "declared", "is_barred"),
    [
        ("", "2025-06-15", True),
        ("valid_from = 2025-06-15", "2025-06-15", True),
        ("valid_from = 2025-06-16", "2025-06-15", False),
        ("valid_to = 2025-06-15", "2025-06-15", True),
        ("valid_to = 2025-06-14", "2025-06-15", False),
        ("valid_from = 2025-06-15\nvalid_to = 2025-06-15", "2025-06-15", True),
        ("valid_from = 2025-06-15\nvalid_to = 2025-06-15", "2025-06-16", False),
        ("minimum_age_days = 165", "2025-06-15", False),
        ("minimum_age_days = 166", "2025-06-15", True),
        ("maximum_age_days = 165", "2025-06-15", False),
        ("maximum_age_days = 164", "2025-06-15", True),
        ("minimum_age_days = 10\nmaximum_age_days = 200", "2025-06-15", False),
        ('brands = ["byd"]', "2025-06-15", True),
        ('brands = ["Geely"]', "2025-06-15", False),
        ('fuels = ["bev"]', "2025-06-15", False),
    ],
)
def test_what_a_restriction_bars(table, declared, is_barred):
    assert bool(barred(table, declared=declared)) is is_barred


def test_a_brand_that_no_document_names_is_a_car():
    assert barred("", brand=None) == [
        "A car, 165 days old, was declared for UZ: Uzbekistan does not take it."
    ]


def test_a_car_of_a_day_and_both_limits():
    text = barred("minimum_age_days = 2\nmaximum_age_days = 2", declared="2025-01-02")
    assert text == [
        "A BYD, 1 day old, was declared for UZ: Uzbekistan does not take it. The least age is 2 days. "
        "The greatest age is 2 days."
    ]


def test_a_rule_out_of_its_period_is_quiet():
    text = "[duplicate_export]\nvalid_from = 2025-06-01\nvalid_to = 2025-06-30"
    policy = Policy.parse(shipped_policy_text(), text, DECLARED)
    rule = DETECTORS["duplicate_export"](policy.parameters["duplicate_export"])

    def found(day: str) -> int:
        documents = [export("2025-01-01"), export(day)]
        return len(list(rule.judge(VehicleHistory.of(VIN, documents))))

    days = ("2025-05-31", "2025-06-01", "2025-06-30", "2025-07-01")
    assert [found(day) for day in days] == [0, 1, 1, 0]
