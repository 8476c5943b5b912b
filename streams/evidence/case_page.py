"""The pages of a pack: the case for people who read and print it, and how to check it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, select_autoescape

from streams.evidence.case import CaseFile
from streams.evidence.checkpoint import parse_checkpoint
from streams.setup.templates import templates_of


@lru_cache(maxsize=1)
def _templates() -> Environment:
    escaped = select_autoescape(["html.j2"])
    return templates_of("streams.evidence", autoescape=escaped, keep_trailing_newline=True)


def case_page(case: CaseFile) -> str:
    """One page of HTML that needs nothing else; a printed page a vehicle."""
    files = {record.about: record.name for record in case.records if record.kind == "document"}
    return _templates().get_template("case.html.j2").render(case=case, files=files, text=_text)


def verify_page(case: CaseFile, *, signed: bool) -> str:
    """How to check the pack with tools that are not ours."""
    state = parse_checkpoint(case.checkpoint)
    return _templates().get_template("VERIFY.md.j2").render(case=case, state=state, signed=signed)


def _text(value: Any) -> str:
    """A fact as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}".rstrip("0").rstrip(".")
    return "–" if value is None else str(value)
