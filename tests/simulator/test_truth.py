"""What the truth file says about vehicles, and whether the documents bear it out."""

import collections
import datetime
import json

import pytest

from streams.simulator import load_country
from streams.simulator.labels import LABELS
from tests.simulator.conftest import write

RESTATING = {"used-car-market", "scrapping-platform", "licence-bureau"}


def day(text):
    """Civil day in Shanghai of a date or time."""
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.timezone(datetime.timedelta(hours=8)))
    return moment.date()


@pytest.fixture(scope="session")
def documents(country):
    """First revisions of all readable documents by VIN."""
    found = collections.defaultdict(list)
    for _, line in country.readable():
        document = json.loads(line)
        if not document.get("revision"):
            found[document["vin"]].append(document)
    return found


def test_every_scheme_and_every_look_alike_is_there(country):
    (closing,) = country.records("country")
    for label in LABELS:
        assert closing["by_label"][label.name] > 10, label.name


def test_schemes_expect_themselves(country):
    for vehicle in country.records("vehicle"):
        expected = {alert["detector"] for alert in vehicle.get("expected", ())}
        if vehicle["kind"] == "scheme":
            assert vehicle["label"] in expected, vehicle
        else:
            assert not expected, vehicle


def test_most_schemes_have_complete_documents(country):
    complete = collections.defaultdict(list)
    for vehicle in country.records("vehicle"):
        for alert in vehicle.get("expected", ()):
            complete[alert["detector"]].append(alert["complete"])
    assert all(sum(found) > 0.8 * len(found) for found in complete.values())


def test_zero_mileage_is_borne_out_by_the_declaration(country, documents):
    checked = 0
    for vehicle in country.records("vehicle"):
        alerts = {alert["detector"]: alert for alert in vehicle.get("expected", ())}
        declarations = [p for p in documents[vehicle["vin"]] if p["event_type"] == "customs_export"]
        low = [
            entry
            for entry in declarations
            if entry["condition"] == "used"
            and entry["trade_mode"] == "0110"
            and entry["odometer_status"] == "read"
            and entry["odometer_km"] <= 500
        ]
        alert = alerts.get("zero_mileage_export")
        if alert and alert["complete"]:
            assert day(alert["provable_on"]) in {day(entry["occurred_at"]) for entry in low}
            checked += 1
        elif not alert and vehicle["label"] != "barely_used_export":
            assert not low, vehicle
    assert checked > 1000


def test_double_sales_are_borne_out_by_two_owners_in_a_week(country, documents):
    for vehicle in country.records("vehicle"):
        for alert in vehicle.get("expected", ()):
            if alert["detector"] != "double_sale" or not alert["complete"]:
                continue
            last = day(alert["provable_on"])
            owners = {
                entry.get("owner_id") or entry.get("exporter_id")
                for entry in documents[vehicle["vin"]]
                if 0 <= (last - day(entry["occurred_at"])).days <= 6
            }
            assert len(owners) >= 2, vehicle


def test_deadlines_leave_the_stream_time(country):
    (closing,) = country.records("country")
    end = day(closing["start"]) + datetime.timedelta(closing["days"])
    found = 0
    for vehicle in country.records("vehicle"):
        for alert in vehicle.get("expected", ()):
            deadline = alert["detector"] in {"export_not_declared", "deregistration_overdue"}
            if deadline and alert["complete"]:
                assert (end - day(alert["provable_on"])).days >= 45
                found += 1
    assert found > 50


def test_spikes_are_in_the_documents(country):
    spikes = country.records("spike")
    assert len(spikes) == 10
    assert len({spike["province"] for spike in spikes}) == len(spikes)
    inside = collections.Counter()
    exporters = collections.defaultdict(set)
    by_vin = {v["vin"]: v["spike"] for v in country.records("vehicle") if "spike" in v}
    for _, line in country.readable():
        document = json.loads(line)
        number = by_vin.get(document["vin"])
        if number is None or document["event_type"] != "customs_export":
            continue
        if document.get("revision") or document["source"] != "customs":
            continue
        spike = spikes[number]
        assert spike["first_day"] <= day(document["occurred_at"]).isoformat() <= spike["last_day"]
        assert document["exporter_province"] == document["source_province"] == spike["province"]
        exporters[number].add(document["exporter_id"])
        inside[number] += 1
    for spike in spikes:
        assert day(spike["first_day"]).weekday() == 0
        assert day(spike["last_day"]).weekday() == 6
        assert len(exporters[spike["spike"]]) <= spike["exporters"] <= 3
        assert inside[spike["spike"]] >= 0.98 * spike["vehicles"]
        assert spike["vehicles"] / spike["weeks"] >= max(14, 1.9 * spike["expected_a_week"])


def test_an_outage_holds_documents_back(country):
    """Documents written during it come only after documents written at its end."""
    outages = country.records("outage")
    assert {outage["event_type"] for outage in outages} == {
        "registration",
        "customs_export",
        "deregistration",
    }
    held = collections.Counter()
    newest = ""
    for _, line in country.readable():
        document = json.loads(line)
        recorded = document["recorded_at"]
        newest = max(newest, recorded)
        if document.get("revision") or document["source"] in RESTATING:
            continue
        for outage in outages:
            first = day(outage["first_day"])
            end = (first + datetime.timedelta(outage["days"])).isoformat()
            field = "exporter_province" if outage["event_type"] == "customs_export" else "province"
            if (
                document["event_type"] == outage["event_type"]
                and outage["province"] in {"all", document.get(field)}
                and outage["first_day"] <= recorded[:10] < end
            ):
                assert newest[:10] >= (first + datetime.timedelta(outage["days"] - 1)).isoformat()
                held[outage["event_type"]] += 1
    assert len(held) == 3, held


def test_short_streams_say_which_documents_are_missing(tmp_path):
    short = write(tmp_path, vehicles=3000, days=60)
    reasons = collections.Counter(
        alert.get("missing")
        for vehicle in short.records("vehicle")
        for alert in vehicle.get("expected", ())
    )
    assert reasons["after_stream"] + reasons["before_stream"] + reasons["stream_ends_first"] > 50
    assert not short.records("spike")


def test_no_car_is_older_than_its_model(country, documents):
    since = {
        (brand.name, model.name): model.since
        for brand in load_country().brands
        for model in brand.models
    }
    checked = 0
    for vehicle in country.records("vehicle"):
        for entry in documents[vehicle["vin"]]:
            if "model" in entry:
                assert int(vehicle["registered_on"][:4]) >= since[entry["brand"], entry["model"]]
                checked += 1
    assert checked > 5000
