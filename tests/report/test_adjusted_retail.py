"""Adjusted retail against SQL, and against cases small enough to count by hand."""

import pytest

from detectors.country import CHINA
from streams.report.adjusted_retail import RetailSums
from streams.report.calendar import month_text
from streams.report.vehicles import tally_vehicles
from tests.report.documents import exported, registered
from tests.report.retail_in_sql import adjusted_retail


def described(sums):
    """A cell under the names of the SQL query, money in yuan."""
    return {
        "registered": sums.registered,
        "exported": sums.exported,
        "turnover": sums.turnover_fen / 100,
        "double_counted": sums.double_counted_cny,
        "declared": sums.declared_cny,
        "exposure": sums.rebate_exposure_cny(CHINA),
        "unpriced": sums.unpriced,
        "exported_unpriced": sums.exported_unpriced,
    }


def cells(judged):
    retail = tally_vehicles(judged.engine.store).retail
    return {
        (place, month_text(month)): described(sums) for (place, month), sums in retail.cells.items()
    }


def assert_equals_sql(judged, folder):
    ours, theirs = cells(judged), adjusted_retail(judged.readable, folder)
    assert ours.keys() == theirs.keys()
    for key, row in theirs.items():
        expected = {name: float(value) for name, value in row.items()}
        assert ours[key] == pytest.approx(expected, rel=1e-9, abs=1e-6), key


def test_a_simulated_country_equals_sql(country, tmp_path):
    assert_equals_sql(country, tmp_path)
    total = tally_vehicles(country.engine.store).retail.total()
    assert total.exported > 500
    assert total.unpriced > 50
    assert country.engine.counters.duplicate > 50
    assert country.engine.counters.vin_corrections > 0


BY_HAND = {
    "stays": [registered("STAYS", "2025-01-31")],
    "day_180": [registered("A", "2025-01-01"), exported("A", "2025-06-30")],
    "day_181": [registered("A", "2025-01-01"), exported("A", "2025-07-01")],
    "same_day": [registered("A", "2025-01-01"), exported("A", "2025-01-01")],
    "before": [registered("A", "2025-01-02"), exported("A", "2025-01-01")],
    "near_midnight": [
        registered("A", "2025-01-01T00:30:00+08:00"),
        exported("A", "2025-06-30T16:30:00Z"),
    ],
    "month_in_shanghai": [registered("A", "2024-12-31T16:30:00Z")],
    "duplicate": [registered("A", "2025-01-01")] * 3 + [exported("A", "2025-02-01")] * 2,
    "amended_price": [
        registered("A", "2025-01-01", revision=1, price_cny=226_000),
        registered("A", "2025-01-01"),
        exported("A", "2025-02-01"),
    ],
    "void_export": [
        registered("A", "2025-01-01"),
        exported("A", "2025-02-01"),
        exported("A", "2025-02-01", revision=1, status="void"),
    ],
    "void_registration": [
        registered("A", "2025-01-01", revision=1, status="void"),
        registered("A", "2025-01-01"),
        registered("A", "2025-03-01"),
        exported("A", "2025-04-01"),
    ],
    "corrected_vin": [
        registered("WRONG", "2025-01-01", event_id="R1"),
        registered("RIGHT", "2025-01-01", event_id="R1", revision=1),
        exported("RIGHT", "2025-02-01"),
    ],
    "resold_to_exporter": [
        registered("A", "2025-01-01"),
        registered("A", "2025-01-05", kind="transfer", owner_id="b", price_cny=100_000),
        registered(
            "A", "2025-01-05", event_id="P", kind="pending_export", owner_id="c", price_cny=90_400
        ),
        registered("A", "2025-03-05", kind="transfer", owner_id="d", price_cny=1),
        exported("A", "2025-02-01"),
    ],
    "no_price": [
        registered("A", "2025-01-01", price_cny=None),
        exported("A", "2025-02-01"),
        registered("B", "2025-01-01", price_cny=None, province=None),
        exported("B", "2025-02-01", value_cny=None),
    ],
    "two_declarations": [
        registered("A", "2025-01-01"),
        exported("A", "2025-03-01", value_cny=1),
        exported("A", "2025-02-01", value_cny=2, condition="new"),
    ],
    "never_registered": [exported("A", "2025-02-01")],
}


@pytest.mark.parametrize("case", BY_HAND)
def test_hand_made_documents_equal_sql(case, write_stream, tmp_path):
    assert_equals_sql(write_stream(BY_HAND[case]), tmp_path)


@pytest.mark.parametrize("case", BY_HAND)
def test_the_order_of_the_documents_changes_nothing(case, write_stream):
    assert cells(write_stream(BY_HAND[case])) == cells(write_stream(BY_HAND[case][::-1]))


def test_numbers_by_hand(write_stream):
    ours = cells(write_stream(BY_HAND["resold_to_exporter"] + BY_HAND["stays"]))
    assert ours == {
        ("CN-GD", "2025-01"): {
            "registered": 2, "exported": 1, "turnover": 226_000.0, "double_counted": 113_000.0,
            "declared": 105_000.0, "exposure": pytest.approx(10_400.0),  # 13 % of 90,400 / 1.13
            "unpriced": 0, "exported_unpriced": 0,
        }
    }  # fmt: skip


def test_sums_add_up_over_provinces_and_months(country):
    retail = tally_vehicles(country.engine.store).retail
    total = retail.total()
    for parts in (retail.by_province(), retail.by_month()):
        together = RetailSums()
        for part in parts.values():
            together += part
        assert together == total


def test_exports_without_a_registration_are_counted_apart(write_stream):
    judged = write_stream(BY_HAND["never_registered"] + BY_HAND["stays"])
    assert tally_vehicles(judged.engine.store).retail.never_registered == 1
