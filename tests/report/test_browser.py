"""The report in a real browser, at the width of a desk and of a phone."""

from collections import Counter
from urllib.parse import quote_plus

import pytest
from typer.testing import CliRunner

from detectors.country import CHINA
from streams.cli import app
from streams.report import Sources, write_report
from streams.report.parties import party_table
from streams.report.vehicles import tally_vehicles
from tests.report.conftest import MADE_ON
from tests.report.firing import alert, spike

WIDTHS = {"desk": (1280, 900, False), "phone": (390, 844, True)}


@pytest.fixture(scope="module")
def report(country, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    firing = [*country.on_vehicles, spike(1), alert(2, labels={}, shadow=True)]
    write_report(path, country.engine, firing, Sources(("a.jsonl",), MADE_ON, simulated=True))
    return path


def assert_quiet(page):
    assert page.complaints() == []
    assert page.requests() == []


@pytest.mark.parametrize("width", WIDTHS)
def test_opens_quietly_and_fits_the_screen(page, report, width):
    columns, rows, mobile = WIDTHS[width]
    page.size(columns, rows, mobile=mobile)
    page.open(report)
    assert page.evaluate("document.documentElement.scrollWidth") == columns
    assert page.evaluate("document.querySelectorAll('.plot canvas').length") >= 4
    assert page.evaluate(_CUT_OFF) == []
    assert_quiet(page)


_CUT_OFF = """
[...document.querySelectorAll('h1, h2, h3, p, dt, dd, select, label, .card, .plot, .tile, summary')]
  .filter(e => e.checkVisibility() && !e.closest('.scroll') && !e.closest('.skip'))
  .filter(e => { const r = e.getBoundingClientRect(); return r.left < -1 || r.right > innerWidth + 1; })
  .map(e => e.outerHTML.slice(0, 120))
"""


def test_filters_and_pages_of_the_table(page, report, country):
    page.open(report)
    shown = "document.querySelectorAll('#alert-table tbody tr').length"
    assert page.evaluate(shown) == 25
    page.evaluate(_set("filters", "text", "used car for"))
    matches = page.evaluate("document.getElementById('matches').textContent")
    told = [f"{alert.subject} {alert.explanation}".lower() for alert in country.on_vehicles]
    wanted = sum(all(word in text for word in ("used", "car", "for")) for text in told)
    assert matches.startswith(f"{wanted:,} of {len(country.on_vehicles) + 2:,} alerts")
    page.evaluate("document.getElementById('next').click()")
    assert page.evaluate("document.getElementById('page').textContent").startswith("page 2 of")
    page.evaluate(_set("filters", "text", "no such words"))
    assert page.evaluate(shown) == 0
    assert_quiet(page)


def _set(form, name, value):
    return (
        f"(() => {{ const field = document.getElementById('{form}').elements['{name}'];"
        f" field.value = '{value}'; field.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
    )


_SHOWN = "document.getElementById('matches').textContent"


def test_filters_live_in_the_address(page, report, country):
    page.open(report)
    page.evaluate(_set("filters", "severity", "high"))
    page.evaluate(_set("filters", "from", "2025-01-01"))
    assert page.evaluate("location.hash") == "#filter&severity=high&from=2025-01-01"
    chosen = page.evaluate(_SHOWN)
    wanted = [
        a
        for a in (*country.on_vehicles, spike(1), alert(2))
        if a.severity == "high" and a.occurred_at >= "2025-01-01"
    ]
    assert chosen.startswith(f"{len(wanted):,} of")
    page.evaluate("document.getElementById('clear').click()")
    assert page.evaluate("location.hash") == "#filter"
    page.evaluate("location.hash = '#filter&severity=high&from=2025-01-01'; 0")
    page.evaluate("new Promise((done) => setTimeout(done, 50))")
    assert page.evaluate(_SHOWN) == chosen
    assert_quiet(page)


def test_what_is_filtered_is_saved_as_csv(page, report, country):
    page.open(report)
    exporter = page.evaluate("document.getElementById('filters').elements.exporter.options[1].value")
    page.evaluate(_set("filters", "exporter", exporter))
    page.evaluate(
        "{ const made = URL.createObjectURL.bind(URL);"
        " URL.createObjectURL = (blob) => { window.saved = blob; return made(blob); }; }"
    )
    page.evaluate("document.getElementById('save').click()")
    head, *rows = page.evaluate("window.saved.text()").lstrip("\ufeff").splitlines()
    assert head.split(",")[:6] == ["date", "severity", "score", "detector", "on_trial", "subject"]
    assert page.evaluate(_SHOWN).startswith(f"{len(rows):,} of")
    assert rows
    assert all(exporter in row for row in rows)


def test_a_row_leads_to_its_vehicle(page, report):
    page.open(report)
    links = (
        "[...document.querySelectorAll('#alert-table tbody .id a')].map(a => a.getAttribute('href'))"
    )
    hrefs = page.evaluate(links)
    assert len(hrefs) == 25
    told = [href for href in hrefs if href.startswith("#vehicle-")]
    assert told
    assert all(page.evaluate(f"Boolean(document.querySelector('{href}'))") for href in told)
    assert_quiet(page)


def test_nothing_is_cut_off_in_print_and_paper_is_white(page, report):
    page.open(report)
    page.call("Emulation.setEmulatedMedia", media="print", features=[DARK])
    page.size(700, 1000)
    scrolls = "[...document.querySelectorAll('.scroll')]"
    assert page.evaluate(f"{scrolls}.filter(e => e.scrollWidth > e.clientWidth + 1).length") == 0
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    seen = "[document.body, ...document.querySelectorAll('.card .label')]"
    colours = page.evaluate(f"{seen}.map(e => getComputedStyle(e).color)")
    assert set(colours) == {"rgb(31, 41, 51)"}
    page.call("Emulation.setEmulatedMedia", media="", features=[])


DARK = {"name": "prefers-color-scheme", "value": "dark"}


def test_a_dark_screen_gets_a_dark_page(page, report):
    page.call("Emulation.setEmulatedMedia", media="", features=[DARK])
    page.open(report)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 24, 31)"
    assert (
        page.evaluate("document.getElementById('chart-alerts').chart.options.scales.x.ticks.color")
        == "#aab7c2"
    )
    page.call("Emulation.setEmulatedMedia", media="", features=[])
    assert_quiet(page)


def test_sorting_by_date(page, report):
    page.open(report)
    page.evaluate("document.querySelector('[data-column=\"0\"]').click()")
    dates = page.evaluate(
        "[...document.querySelectorAll('#alert-table tbody tr')].map(r => r.cells[0].textContent)"
    )
    assert dates == sorted(dates)


def test_a_province_can_be_chosen(page, report):
    page.open(report)
    cells = (
        "[...document.querySelectorAll('#retail-table tbody tr')]"
        ".map(r => Number(r.cells[1].textContent.replace(',', '')))"
    )
    nation = page.evaluate(cells)
    page.evaluate(_choose("menu-retail", "CN-GD"))
    province = page.evaluate(cells)
    assert 0 < sum(province) < sum(nation)
    assert page.evaluate(_drawn("retail")) == sum(province)
    page.evaluate(_choose("menu-exports", "CN-TJ"))
    marked = (
        "document.getElementById('chart-exports').chart.data.datasets[3].data"
        ".filter(v => v !== null).length"
    )
    assert page.evaluate(marked) == 2  # the weeks of the rise
    page.evaluate(_choose("menu-alerts", "province_spike"))
    assert page.evaluate(_drawn("alerts")) == 1
    assert_quiet(page)


def _drawn(chart):
    sums = "chart.data.datasets.reduce((n, one) => n + one.data.reduce((a, b) => a + b), 0)"
    return f"document.getElementById('chart-{chart}').{sums}"


def _choose(menu, value):
    return (
        f"(() => {{ const menu = document.getElementById('{menu}'); menu.value = '{value}';"
        " menu.dispatchEvent(new Event('change')); })()"
    )


def test_an_empty_report_opens(page, write_stream, sources, tmp_path):
    empty = write_stream([])
    write_report(tmp_path / "empty.html", empty.engine, [], sources)
    page.open(tmp_path / "empty.html")
    assert_quiet(page)
    assert (tmp_path / "empty.html").stat().st_size <= 400 * 1024


def test_the_checks_see_errors_and_requests(page, report, tmp_path):
    text = report.read_text("utf-8")
    policy = text[text.index("<meta http-equiv") : text.index(">", text.index("<meta http-equiv")) + 1]
    spoiled = text.replace(policy, "").replace("</main>", '<img src="http://127.0.0.1:9/x.png"></main>')
    spoiled = spoiled.replace('"use strict";', '"use strict"; console.error("broken");', 1)
    bad = tmp_path / "bad.html"
    bad.write_text(spoiled, "utf-8")
    page.open(bad)
    assert any("broken" in complaint for complaint in page.complaints())
    assert page.requests() == ["http://127.0.0.1:9/x.png"]


def test_the_policy_of_the_page_refuses_requests(page, report, tmp_path):
    text = report.read_text("utf-8").replace("</main>", '<img src="http://127.0.0.1:9/x.png"></main>')
    path = tmp_path / "image.html"
    path.write_text(text, "utf-8")
    page.open(path)
    assert any("Content Security Policy" in complaint for complaint in page.complaints())


def test_the_page_of_spikes_opens(page, tmp_path):
    counts, plot = tmp_path / "counts.csv", tmp_path / "plot.html"
    weeks = [f"2024-W{week:02},{90 if week == 50 else 10}" for week in range(1, 53)]
    counts.write_text(
        "region,period,count\n" + "\n".join(f"north & co,{week}" for week in weeks) + "\n"
    )
    assert CliRunner().invoke(app, ["spikes", str(counts), "--plot", str(plot)]).exit_code == 0
    page.open(plot)
    drawn = "document.getElementById('chart-region-0').chart.data.datasets[3].data"
    assert page.evaluate(f"{drawn}.filter(v => v !== null)") == [90]
    assert page.evaluate("document.querySelector('h2').textContent") == "north & co"
    assert plot.stat().st_size < 200 * 1024
    assert_quiet(page)


def test_parties_of_the_double_sales_live_in_the_address(page, report, country):
    alerts = [a for a in country.on_vehicles if a.detector == "double_sale" and not a.shadow]
    sold = tally_vehicles(country.engine.store, sold_twice={a.subject for a in alerts}).sold
    double_sales = party_table(alerts, sold, CHINA)["rows"]
    province = Counter(row[1] for row in double_sales).most_common(1)[0][0]
    wanted = [row for row in double_sales if row[1] == province]
    page.open(report)
    page.evaluate(_set("party-filters", "province", province))
    assert page.evaluate("location.hash") == f"#parties&province={quote_plus(province)}"
    shown = "document.querySelectorAll('#ask-table tbody tr').length"
    assert page.evaluate(shown) == len(wanted)
    first = "[...document.querySelector('#party-table tbody tr').cells].map(c => c.textContent)"
    exporters = Counter(row[8] for row in wanted if row[8])
    party, part, vehicles = page.evaluate(first)
    assert int(vehicles) >= max(exporters.values())
    assert part in {"sold first", "bought second", "declared for export"}
    asked = "[...document.querySelector('#ask-table tbody tr').cells].map(c => c.textContent)"
    row = wanted[0]
    assert page.evaluate(asked) == [value or "–" for value in (row[0], *row[2:])]
    assert party
    assert_quiet(page)
