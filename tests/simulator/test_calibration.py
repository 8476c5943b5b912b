"""The simulated country beside the published figures, each within a stated tolerance.

Run with `-s` (or read the captured output) for the table.
"""

import collections
import datetime
import json
import math
import statistics

import pytest
from rich.console import Console
from rich.table import Table

from tests.simulator.conftest import write

# Figures of the sources, typed in again from them, not read from the simulator's parameters.
YEARLY = {
    2019: 3_036,
    2020: 4_322,
    2021: 15_000,
    2022: 69_000,
    2023: 275_000,
    2024: 436_000,
    2025: 520_000,
}
MONTHLY_2025 = [470, 442, 507, 517, 551, 592, 573, 611, 652, 690, 702, 753]
PROVINCES = {
    "GD": 14,
    "ZJ": 12,
    "SD": 8,
    "SC": 7,
    "TJ": 6,
    "CQ": 6,
    "XJ": 6,
    "HA": 5,
    "JS": 5,
    "FJ": 4,
    "SN": 4,
    "SH": 4,
}
# The 22 provinces of the 2016-2017 panel hold 91.5 % of the country (assumption for the other nine).
REGISTRATIONS = {
    "GD": 10.5,
    "JS": 8.1,
    "SD": 7.8,
    "HA": 7.1,
    "HE": 6.5,
    "ZJ": 6.3,
    "SC": 4.9,
    "NM": 1.7,
}
RETAIL = {(2023, 1): -41.0, (2024, 2): -46.2, (2025, 1): -31.9}


class Comparison:
    """Rows of figure, published, simulated, tolerance."""

    def __init__(self, title):
        self.rows = []
        self.title = title

    def add(self, what, published, simulated, tolerance):
        self.rows.append((what, published, simulated, tolerance))

    def conclude(self):
        table = Table("figure", "published", "simulated", "tolerance", "", title=self.title)
        bad = []
        for what, published, simulated, tolerance in self.rows:
            fine = abs(simulated - published) <= tolerance
            bad += [] if fine else [what]
            table.add_row(
                what, f"{published:,.2f}", f"{simulated:,.2f}", f"± {tolerance:,.2f}",
                "" if fine else "OUT",
            )  # fmt: skip
        Console(width=100).print(table)
        assert not bad, bad


def civil_day(text):
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.timezone(datetime.timedelta(hours=8)))
    return moment.date()


def first_documents(country):
    """Readable first revisions of the first sources, without repeats."""
    seen = set()
    for _, line in country.readable():
        document = json.loads(line)
        key = (document["source"], document["event_id"])
        if document.get("revision") or key in seen:
            continue
        seen.add(key)
        if document["source"] in {"customs", "vehicle-registry", "deregistration-office"}:
            yield document | {"day": civil_day(document["occurred_at"])}


@pytest.fixture(scope="module")
def exporting(tmp_path_factory):
    """Eight years of nothing but exports, seen through their documents."""
    country = write(
        tmp_path_factory.mktemp("exporting"),
        start=datetime.date(2019, 1, 1).toordinal(), days=2829, vehicles=60_000, export_share=0.9,
    )  # fmt: skip
    labels = {v["vin"]: v for v in country.records("vehicle")}
    lives = collections.defaultdict(dict)
    for document in first_documents(country):
        lives[document["vin"]].setdefault(document.get("kind") or document["event_type"], document)
    return labels, lives


@pytest.fixture(scope="module")
def declared(exporting):
    """Used declarations outside the injected spikes."""
    labels, lives = exporting
    return [
        life["customs_export"]
        for vin, life in lives.items()
        if life.get("customs_export", {}).get("condition") == "used" and "spike" not in labels[vin]
    ]


def test_yearly_exports(declared):
    counts = collections.Counter(document["day"].year for document in declared)
    scale = sum(YEARLY.values()) / sum(counts[year] for year in YEARLY)
    table = Comparison("used exports a year (scaled to the same sum)")
    for year, published in YEARLY.items():
        noise = 3 * scale * math.sqrt(published / scale)
        table.add(str(year), published, counts[year] * scale, 0.03 * published + noise)
    table.conclude()


def test_monthly_shape_of_exports(declared):
    counts = collections.Counter(p["day"].month for p in declared if p["day"].year == 2025)
    table = Comparison("share of 2025's exports by month, percent")
    for month, published in enumerate(MONTHLY_2025, 1):
        share = 100 * counts[month] / counts.total()
        table.add(f"2025-{month:02}", 100 * published / sum(MONTHLY_2025), share, 0.9)
    table.conclude()


def test_provincial_weights(declared):
    since = datetime.date(2024, 3, 1)
    counts = collections.Counter(p["exporter_province"][3:] for p in declared if p["day"] >= since)
    table = Comparison("share of exports by exporter's province from March 2024, percent")
    for province, published in PROVINCES.items():
        table.add(province, published, 100 * counts[province] / counts.total(), 1.0)
    others = counts.total() - sum(counts[province] for province in PROVINCES)
    table.add("others", 19, 100 * others / counts.total(), 1.5)
    table.conclude()


def test_zero_mileage_share(declared):
    low = [p["odometer_km"] <= 500 and p["odometer_status"] == "read" for p in declared]
    table = Comparison("zero-mileage share of used exports, percent (70 to 80; one adviser says 90)")
    table.add("at most 500 km", 75, 100 * statistics.fmean(low), 4)
    table.conclude()


def test_lags(exporting):
    labels, lives = exporting
    gaps = collections.defaultdict(list)
    for vin, life in lives.items():
        label, declaration = labels.get(vin, {}).get("label"), life.get("customs_export")
        if not declaration or "pending_export" not in life:
            continue
        if label == "zero_mileage_export" and declaration["day"].year < 2026:
            if "initial" in life:
                gaps["registration"].append((life["pending_export"]["day"], life["initial"]["day"]))
            if licence := declaration.get("licence_applied_at"):
                day = civil_day(licence)
                gaps["licence"].append((day, life["pending_export"]["day"]))
                gaps["declaration"].append((declaration["day"], day))
            gaps["exit"].append((civil_day(declaration["exited_at"]), declaration["day"]))
            if "deregistration" in life:
                left = civil_day(declaration["exited_at"])
                gaps["deregistration"].append((life["deregistration"]["day"], left))
        elif label == "genuine_used_export":
            born = datetime.date.fromisoformat(labels[vin]["registered_on"])
            gaps["genuine"].append((life["pending_export"]["day"], born))
    days = {name: [(b - a).days for b, a in pairs] for name, pairs in gaps.items()}
    cuts = {name: statistics.quantiles(values, n=20) for name, values in days.items()}
    table = Comparison("days between documents")
    table.add("registration to pending export, median", 3, cuts["registration"][9], 1)
    table.add("registration to pending export, p95", 20, cuts["registration"][18], 3)
    table.add("pending export to licence, median", 5, cuts["licence"][9], 1)
    table.add("licence to declaration, median", 11, cuts["declaration"][9], 2)
    table.add("declaration to exit, median", 4, cuts["exit"][9], 1)
    table.add("exit to deregistration, p5", 7, cuts["deregistration"][0], 3)
    table.add("exit to deregistration, p95", 48, cuts["deregistration"][18], 5)
    table.add("genuine: years to pending export, median", 3.5, cuts["genuine"][9] / 365.25, 0.4)
    table.add("genuine: years to pending export, p5", 1, cuts["genuine"][0] / 365.25, 0.25)
    table.conclude()


def test_policies_pull_exports_forward_and_leave_a_hole(declared):
    """Russia's fee of 2024-10-01, the Uzbek one of 2025-05-01, the letter rule of 2026-01-01."""
    months = collections.Counter(
        (place, p["day"].year, p["day"].month) for p in declared for place in ("all", p["destination"])
    )
    assert months["RU", 2024, 9] > 1.6 * months["RU", 2024, 11]
    assert months["UZ", 2025, 4] > 1.8 * months["UZ", 2025, 6]
    assert months["KG", 2025, 9] > 1.1 * months["KG", 2025, 11]
    assert 0.2 < months["all", 2026, 1] / months["all", 2025, 12] < 0.5


def test_letter_rule_moves_exports_past_180_days(exporting):
    _, lives = exporting
    shares = {}
    for year in (2025, 2026):
        ages = [
            (life["customs_export"]["day"] - life["initial"]["day"]).days
            for life in lives.values()
            if "initial" in life
            and life.get("customs_export", {}).get("condition") == "used"
            and life["customs_export"]["day"].year == year
            and life["customs_export"]["odometer_km"] <= 500
        ]
        shares[year] = statistics.fmean(181 <= age <= 220 for age in ages)
    assert shares[2025] < 0.02
    assert 0.25 < shares[2026] < 0.5


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    """First registrations of ordinary cars over three new years."""
    country = write(
        tmp_path_factory.mktemp("retail"),
        start=datetime.date(2022, 11, 1).toordinal(), days=850, vehicles=110_000, export_share=0.01,
    )  # fmt: skip
    labelled = {vehicle["vin"] for vehicle in country.records("vehicle")}
    return [
        document
        for document in first_documents(country)
        if document.get("kind") == "initial" and document["vin"] not in labelled
    ]


def test_retail_falls_before_the_chinese_new_year(registered):
    months = collections.Counter(
        (document["day"].year, document["day"].month) for document in registered
    )
    table = Comparison("first registrations against the month before, percent")
    for (year, month), published in RETAIL.items():
        before = (year - 1, 12) if month == 1 else (year, month - 1)
        change = 100 * (months[year, month] / months[before] - 1)
        table.add(f"{year}-{month:02}", published, change, 6)
    table.conclude()


def test_share_of_new_energy_vehicles(registered):
    plugged = [
        document["fuel"] in {"bev", "phev", "erev", "fcev"}
        for document in registered
        if document["day"].year == 2024
    ]
    table = Comparison("new energy vehicles among first registrations of 2024, percent")
    table.add("all provinces", 41.8, 100 * statistics.fmean(plugged), 4)
    table.conclude()


def test_registering_provinces(registered):
    counts = collections.Counter(document["province"][3:] for document in registered)
    table = Comparison("share of first registrations by province, percent")
    for province, published in REGISTRATIONS.items():
        table.add(province, published, 100 * counts[province] / counts.total(), 0.7)
    table.conclude()


def test_declared_values(declared):
    values = [document["value_cny"] / 1000 for document in declared if document["value_cny"] > 0]
    table = Comparison(
        "mean declared value of a used car, thousand yuan (140 in Sichuan, 182 in Tianjin)"
    )
    table.add("between the two", 161, statistics.fmean(values), 25)
    table.conclude()


def test_exports_dip_mildly_at_the_chinese_new_year(declared):
    months = collections.Counter((p["day"].year, p["day"].month) for p in declared)
    change = 100 * (months[2025, 2] / months[2025, 1] - 1)
    table = Comparison("exports of February against January 2025, percent")
    table.add("2025-02", -6, change, 7)
    table.conclude()


def test_a_wrong_figure_is_caught():
    table = Comparison("a table that must fail")
    table.add("exports", 100, 120, 5)
    with pytest.raises(AssertionError, match="exports"):
        table.conclude()
