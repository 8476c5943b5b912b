"""The desk in a real browser: by keyboard, at the width of a desk and of a phone, light and dark."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.deploy.compose_linter import installed
from tests.desk.test_command import desk

NPM = Path(__file__).with_name("npm")

PLACES = ("/", "/alerts?trial=show", "/alerts/a1", "/alerts/a3", "/vehicles/V2", "/provinces/CN-GD",
          "/parties/e1", "/detectors", "/exceptions", "/provenance", "/receivers")  # fmt: skip


@pytest.fixture(scope="module")
def base(filled, tab, tmp_path_factory):
    """Address of a running desk that has let the browser's person in by its link."""
    path = tmp_path_factory.mktemp("browser") / "store.sqlite"
    path.write_bytes(filled.read_bytes())
    with desk("--url", f"sqlite:///{path}") as (process, address):
        link = re.search(r"http://\S+", process.stderr.readline())[0]
        assert go(tab, link) == "/"
        yield address


_LOADED = (
    "new Promise(done => { const look = () => document.readyState === 'complete' "
    "&& location.protocol === 'http:' ? done(location.pathname) : setTimeout(look, 50); look(); })"
)


def go(page, url):
    page.call("Page.navigate", url="about:blank")
    page.evaluate("0")
    page.events.clear()
    page.call("Page.navigate", url=url)
    return page.evaluate(_LOADED)


def until(page, expression):
    """Wait for a page that may be another one by then."""
    for _ in range(600):
        with suppress(AssertionError):  # it was leaving
            if page.evaluate(expression):
                return
        time.sleep(0.1)
    pytest.fail(f"never: {expression}")


def press(page, key):
    text = {"Enter": "\r"}.get(key, key)
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key=key, text=text if kind == "keyDown" else "")


def test_every_page_is_quiet_and_fits_and_a_person_decides_by_keyboard(page, base):
    for width, mobile, scheme in ((1280, False, "light"), (390, True, "dark")):
        page.size(width, 844, mobile=mobile)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        page.call("Emulation.setEmulatedMedia", media="", features=[feature])
        for place in PLACES:
            go(page, base + place)
            assert page.evaluate(_BEYOND.replace("WIDTH", str(width))) == [], place
            assert page.evaluate("document.documentElement.scrollWidth") == width, place
            assert _shut_out(page) == [], (place, width, scheme)
            assert page.complaints() == [], place
            assert all(url.startswith(base) for url in page.requests()), place
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 24, 31)"
    page.call("Emulation.setEmulatedMedia", media="", features=[])
    page.size(1280, 900)

    go(page, f"{base}/alerts")
    for key in "jjk":
        press(page, key)
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/alerts/a1"
    press(page, "x")
    assert page.evaluate("document.querySelectorAll('[name=ticked]:checked').length") == 1
    press(page, "Enter")
    until(page, "document.readyState === 'complete' && location.pathname === '/alerts/a1'")
    press(page, "/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.evaluate("document.querySelector('button[value=confirmed]').focus()")
    press(page, "Enter")
    until(page, "document.querySelector('#case h2')?.textContent.includes('confirmed')")
    assert page.complaints() == []


def test_filters_change_the_list_and_the_address_without_loading_the_page(page, base):
    go(page, f"{base}/alerts")
    page.evaluate("window.kept = 1")
    change = "new Event('change', {bubbles: true})"
    page.evaluate(
        f"{{ const f = document.getElementById('filters').elements.severity; f.value = 'low';"
        f" f.dispatchEvent({change}); }}"
    )
    until(
        page,
        "document.querySelectorAll('[data-row]').length === 1 "
        "&& location.search.includes('severity=low')",
    )
    assert page.evaluate("window.kept") == 1
    assert page.evaluate("location.pathname") == "/alerts"
    assert page.complaints() == []


_BEYOND = """
[...document.querySelectorAll('body *')]
  .filter(e => e.checkVisibility() && !e.closest('.scroll, .skip, .hidden, pre'))
  .filter(e => e.getBoundingClientRect().right > WIDTH + 0.5)
  .map(e => e.outerHTML.slice(0, 120))
"""


def _shut_out(page):
    """What axe finds on a page: nothing that somebody cannot see, read, reach or understand."""
    axe = installed(NPM, "NO PAGE OF THE DESK WAS LOOKED AT BY AXE") / "axe-core" / "axe.min.js"
    if not page.evaluate("typeof axe === 'object'"):
        page.call("Runtime.evaluate", expression=axe.read_text("utf-8"))
    return page.evaluate(_AXE)


_AXE = """
axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(
  one => one.id + ': ' + one.nodes.map(node => node.html.slice(0, 160)).join(' | ')))
"""
