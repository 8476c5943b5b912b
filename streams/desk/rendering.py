"""Templates of the pages; whatever documents hold is text to them, never markup."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment

from detectors.findings import SEVERITIES
from detectors.registry import DECLARED
from streams import __version__
from streams.desk.country import desk_country
from streams.desk.life_cycle import CASE_STATES, OUTCOMES
from streams.desk.offering import Ask
from streams.report import names
from streams.setup.templates import templates_of

_WORDS: Final = {
    "false_alarm": "false alarm", "reopened_on_new_evidence": "re-opened on new evidence",
    "alert_resolved": "alert resolved", "alert_changed": "alert changed",
    "alert_fired_again": "alert fired again", "snooze_ended": "snooze ended",
}  # fmt: skip


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Templates and what they may call."""
    made = templates_of("streams.desk")
    made.filters |= {
        "count": names.count,
        "province": province,
        "moment": moment,
        "title_of": detector_title,
        "words": lambda name: _WORDS.get(name, name),
        "pretty": pretty,
        "fact": fact,
        "flat": lambda text: " ".join(text.split()),
    }
    made.globals |= {
        "version": __version__,
        "zone": lambda: desk_country().timezone,
        "severities": tuple(reversed(SEVERITIES)),
        "outcomes": OUTCOMES,
        "case_states": CASE_STATES,
        "detectors": {name: found.spec for name, found in sorted(DECLARED.items())},
    }
    return made


def render(template: str, ask: Ask | None, *, status: int = 200, **values: Any) -> web.Response:
    """Answer with a page, for a person who is signed in or for nobody known."""
    person = ask.person if ask else None
    text = environment().get_template(template).render(
        person=person, may_decide=person is not None and person.role != "read",
        may_all=person is not None and person.role == "admin", status=status, **values,
    )  # fmt: skip
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def province(code: str | None) -> str:
    """Name of a province of the country."""
    return names.province_name(desk_country(), code)


def moment(value: datetime | None) -> str:
    """A moment as people in the country read it; a dash where there is none."""
    return "–" if value is None else value.astimezone(desk_country().zone).strftime("%Y-%m-%d %H:%M")


def detector_title(name: str) -> str:
    """Title of a detector; its id where this program does not know it."""
    return DECLARED[name].spec.title if name in DECLARED else name


def fact(value: object) -> str:
    """An observed value or a threshold as people read it.

    >>> fact(209400.0), fact(0.0314159), fact(True), fact("initial")
    ('209,400', '0.03142', 'yes', 'initial')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.4g}" if abs(value) < _THOUSAND else f"{value:,.2f}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


_THOUSAND: Final = 1000


def pretty(text: str) -> str:
    """JSON laid out for reading; anything else as it is."""
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
