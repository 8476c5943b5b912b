"""What stands on the page, without a browser."""

import html
import random
import re
from types import SimpleNamespace

import msgspec
import pytest

from streams.report import Sources, write_report
from streams.report.vehicles import tally_vehicles
from streams.state.store import MemoryStore
from tests.report.documents import exported, registered
from tests.report.firing import alert, spike


@pytest.fixture
def written(tmp_path, sources):
    def write(judged, firing=None):
        path = tmp_path / "report.html"
        write_report(path, judged.engine, judged.firing if firing is None else firing, sources)
        return path.read_text("utf-8")

    return write


def words(text):
    """Visible words of a page."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_page_says_what_an_alert_is_and_what_the_money_is(country, written):
    text = words(written(country))
    assert "risk indicator with evidence, never a verdict" in text
    assert "rebate exposure, upper bound" in text
    assert "exposure is not a loss" in text
    assert "Every vehicle, owner, exporter and document in this report is invented" in text


def test_a_page_without_a_band_says_what_the_band_needs(country, written):
    assert "it needs 8 whole weeks" in words(written(country))


def test_nothing_is_fetched(country, written):
    text = written(country)
    assert "default-src 'none'" in text
    packed = re.sub(r'<script type="text/plain".*?</script>', "", text, flags=re.DOTALL)
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", packed)
    assert "url(" not in packed


def test_real_documents_are_not_called_simulated(country, tmp_path, sources):
    path = tmp_path / "report.html"
    real = Sources(sources.files, sources.made_on)
    write_report(path, country.engine, country.firing, real)
    assert "Simulated country" not in words(path.read_text("utf-8"))


def test_the_order_of_vehicles_and_alerts_changes_no_byte(country, written):
    shuffled = MemoryStore()
    vins = list(country.engine.store.vins())
    random.Random(3).shuffle(vins)
    for vin in vins:
        shuffled.put(vin, country.engine.store.get(vin))
    engine = country.engine
    other = SimpleNamespace(store=shuffled, counters=engine.counters, policy=engine.policy)
    firing = random.Random(4).sample(country.firing, len(country.firing))
    assert written(country) == written(SimpleNamespace(engine=other, firing=firing))


def test_the_spikes_of_a_replay_stand_in_their_section(country, written):
    spikes = [alert for alert in country.firing if alert.subject_type == "province"]
    text = words(written(country))
    assert spikes
    assert all(alert.explanation in text for alert in spikes)
    assert all(f"{alert.facts['since']} to {alert.facts['until']}" in text for alert in spikes)


def test_spikes_stand_with_their_numbers(country, written):
    text = words(written(country, [*country.on_vehicles, spike(1), spike(2, facts={}, subject="CN")]))
    assert "Weeks Province What Observed Expected Upper limit" in text
    assert (
        "2025-03-03 to 2025-03-16 Tianjin Export spike 41 12 22 high 41 exports against 12 expected."
        in text
    )
    assert "2025-03-03 to 2025-03-09 All provinces Export spike – – – high" in text
    assert "No alert on a province fires" not in text


def test_without_spikes_the_section_says_so(country, written):
    assert "No alert on a province fires" in words(written(country, country.on_vehicles))


def test_every_alert_stands_in_the_table_and_those_on_trial_in_no_headline(country, written):
    many = [alert(n) for n in range(6_000)]
    trial = [alert(n, detector="on_trial", shadow=True) for n in range(9_000, 9_010)]
    text = words(written(country, [*many, *trial]))
    assert "6,000 alerts firing" in text
    assert "All 6,010 alerts that fire; 10 of them come from detectors on trial" in text
    assert "on trial 10" in text


def test_an_empty_stream_makes_a_page(write_stream, written):
    text = words(written(write_stream([])))
    assert "0 documents of 0 vehicles" in text
    assert "No alert fires." in text
    assert "No alert on a vehicle fires." in text


def test_a_mistyped_year_does_not_stretch_the_charts(country, write_stream, written):
    documents = [registered(f"V{n}", "2025-06-02") for n in range(2_000)]
    judged = write_stream([*documents, registered("OLD", "1951-01-01")])
    text = words(written(judged))
    assert "2025-06-02 to 2025-06-02" in text
    assert "The charts show 1 weeks; 1 documents" in text
    assert "of 2,001" in text


def test_hostile_text_stays_text(write_stream, written):
    bad = "</script><script>boom()</script><img src=x onerror=boom()>"
    judged = write_stream([
        registered("LSVAA", "2025-06-02", brand=bad, owner_id=bad),
        registered("LSVAA", "2025-06-03", kind="transfer", owner_id="b", event_id=bad),
    ])  # fmt: skip
    assert judged.firing
    text = written(judged, [msgspec.structs.replace(a, explanation=bad) for a in judged.firing])
    assert "<script>boom" not in text
    assert "<img" not in text


def test_a_page_of_many_alerts_is_packed(country, written):
    rng = random.Random(5)
    firing = [
        alert(n, detector=f"d{n % 40}", explanation=f"Sold on {rng.getrandbits(160)} and again.")
        for n in range(30_000)
    ]
    assert len(written(country, firing).encode()) < 4 * 2**20


def test_only_wanted_vehicles_are_kept(country):
    vins = sorted(country.engine.store.vins())[:3]
    tally = tally_vehicles(country.engine.store, vins)
    assert sorted(tally.cases) == vins
    assert tally.vehicles == len(country.engine.store)


def test_a_vehicle_is_told_with_its_documents(write_stream, written):
    judged = write_stream([
        registered("LSVAA", "2025-06-02", brand="Zeekr", model="001", owner_type="person"),
        registered("LSVAA", "2025-06-04", kind="pending_export", owner_id="exporter", price_cny=1e5),
        exported("LSVAA", "2025-06-20", odometer_km=12, odometer_status="read"),
    ])  # fmt: skip
    text = words(written(judged))
    assert "LSVAA Zeekr 001" in text
    assert "2025-06-02 First registration, Guangdong, person, 113,000 yuan A" in text
    assert "2025-06-04 +2 days Transfer pending export, Guangdong, 100,000 yuan B" in text
    assert "2025-06-20 +16 days Export, used, to KZ, 105,000 yuan, 12 km read B" in text
