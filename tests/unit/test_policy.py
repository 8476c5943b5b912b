import tomllib

import pytest

from detectors.errors import PolicyError
from detectors.policy import Policy
from detectors.registry import DECLARED, DETECTORS, Catalogue
from streams.setup.policy import load_policy, shipped_policy_text

SHIPPED = shipped_policy_text()


def policy(override: str | None = None) -> Policy:
    return Policy.parse(SHIPPED, override, DECLARED)


def test_a_user_overrides_single_values():
    parameters = policy("[double_sale]\nwindow_days = 10").parameters["double_sale"]
    assert parameters.window_days == 10
    assert parameters.odd_price_gap == policy().parameters["double_sale"].odd_price_gap


def test_another_policy_another_digest():
    assert policy().digest == policy("").digest == policy("[double_sale]\nwindow_days = 7").digest
    assert policy().digest != policy("[double_sale]\nwindow_days = 8").digest


def test_restrictions_are_matched_by_their_id():
    text = """
        [[restricted_destination.restrictions]]
        id = "jo-old-electric"
        maximum_age_days = 1800

        [[restricted_destination.restrictions]]
        id = "uz-example"
        source = "a decree"
        summary = "Uzbekistan takes none of this brand"
        countries = ["UZ"]
        brands = ["BYD"]
    """
    before = policy().parameters["restricted_destination"].restrictions
    after = policy(text).parameters["restricted_destination"].restrictions
    assert [r.id for r in after] == [*(r.id for r in before), "uz-example"]
    jordan = next(r for r in after if r.id == "jo-old-electric")
    assert (jordan.maximum_age_days, jordan.countries) == (1800, ("JO",))


def test_a_detector_can_be_switched_off():
    off = Catalogue(policy("[vin_quality]\nenabled = false"))
    assert DETECTORS.keys() - off.detectors.keys() == {"vin_quality"}


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("[double_sale]\nwindow_days = 0", ["double_sale.window_days", "0", "from 1 to 60"]),
        ("[double_sale]\nwindow_days = 'week'", ["double_sale.window_days", "'week'", "whole number"]),
        ("[double_sale]\nwindow_days = 7.5", ["double_sale.window_days", "7.5", "whole number"]),
        (
            "[double_sale]\nwindow_dais = 7",
            ["[double_sale]", "window_dais", "did you mean 'window_days'"],
        ),
        ("[duoble_sale]\nwindow_days = 7", ["duoble_sale", "did you mean 'double_sale'"]),
        ("[weather]\nrain = 1", ["weather", "known:", "double_sale"]),
        ("double_sale = 7", ["double_sale", "7"]),
        ("[double_sale]\nenabled = 1", ["double_sale.enabled", "1", "true or false"]),
        ("[double_sale]\nvalid_from = 'May'", ["double_sale.valid_from", "'May'", "date"]),
        ("[price_gap]\nannual_depreciation = 1.0", ["price_gap.annual_depreciation", "1.0", "0"]),
        ("[price_gap]\nlowest_share = nan", ["price_gap.lowest_share", "nan"]),
        ("[history]\nmaximum_documents = 1", ["history.maximum_documents", "1", "from 2 to 10000"]),
        ("[watermarks]\nallowed_lateness_days = -1", ["watermarks.allowed_lateness_days", "-1"]),
        ("[watermarks.sources]\nregister = -1", ["watermarks.sources", "-1"]),
        (
            "[zero_mileage_export]\nstrong_km = 501",
            ["[zero_mileage_export]", "strong_km", "maximum_km"],
        ),
        ("[flash_registration]\nstrong_days = 8", ["[flash_registration]", "strong_days"]),
        ("[parked_until_eligible]\nminimum_days = 366", ["[parked_until_eligible]", "minimum_days"]),
        (
            "[vin_quality]\nvalid_from = 2026-02-01\nvalid_to = 2026-01-31",
            ["[vin_quality]", "valid_from must not lie after valid_to"],
        ),
        (
            "[[restricted_destination.restrictions]]\nid = 'x'\nsource = 's'\nsummary = 's'\n"
            "countries = ['Russia']",
            ["restricted_destination.restrictions[3].countries[0]", "'Russia'"],
        ),
        ("[[restricted_destination.restrictions]]\nid = 'x'", ["restrictions[3]", "source"]),
        ("window_days 7", ["not TOML"]),
    ],
)
def test_a_wrong_key_or_value_is_named_with_what_is_allowed(override, parts):
    with pytest.raises(PolicyError) as error:
        policy(override)
    assert not [part for part in parts if part not in str(error.value)], str(error.value)


def test_the_file_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[double_sale]\nwindow_days = 0")
    with pytest.raises(PolicyError, match=r"mine\.toml.*window_days"):
        load_policy(path)
    with pytest.raises(PolicyError, match=r"cannot read.*absent\.toml"):
        load_policy(tmp_path / "absent.toml")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match=r"mine\.toml"):
        load_policy(path)


def test_a_shipped_section_that_is_missing_is_named():
    tables = tomllib.loads(SHIPPED)
    del tables["double_sale"]
    with pytest.raises(PolicyError, match=r"\[double_sale\]"):
        Policy(tables, DECLARED)


def test_limits_may_meet():
    """A strong limit that equals the weak one leaves one severity."""
    text = "[zero_mileage_export]\nstrong_km = 500\n[flash_registration]\nstrong_days = 7\n"
    text += "[parked_until_eligible]\nminimum_days = 200\n"
    text += "[vin_quality]\nvalid_from = 2026-01-31\nvalid_to = 2026-01-31"
    assert policy(text).parameters["zero_mileage_export"].strong_km == 500
