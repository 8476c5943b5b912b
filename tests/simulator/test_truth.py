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


def test_truth_names_no_detector_and_what_it_should_say(country):
    for vehicle in country.records("vehicle"):
        assert vehicle["kind"] in {"scheme", "innocent"}
        assert not {"expected", "tolerated", "fools"} & set(vehicle)


def test_lags_and_kilometres_know_no_threshold(country, documents):
    """Beside every limit that a rule draws there are cars on both sides, and no fewer on one."""
    waits, read = collections.Counter(), collections.Counter()
    for vehicle in country.records("vehicle"):
        if vehicle["label"] not in {"zero_mileage_export", "double_sale", "flash_registration"}:
            continue
        begun = day(vehicle["registered_on"])
        for entry in documents[vehicle["vin"]]:
            if entry["event_type"] == "registration" and entry["kind"] != "initial":
                waits[(day(entry["occurred_at"]) - begun).days] += 1
            if entry["event_type"] == "customs_export" and entry.get("odometer_status") == "read":
                read[entry["odometer_km"] // 20] += 1
    assert all(waits[lag] > 0 for lag in range(4, 11)), waits
    assert 0.3 < sum(waits[lag] for lag in (7, 8)) / sum(waits[lag] for lag in (5, 6)) < 2
    assert sum(read[step] for step in range(25, 32)) > 0  # 500 to 640 km


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
        reason for vehicle in short.records("vehicle") for reason in vehicle.get("missing", ())
    )
    assert reasons["after_stream"] + reasons["before_stream"] > 50
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
