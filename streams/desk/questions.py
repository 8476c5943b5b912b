"""What can be asked of alerts; the same question from an address, a form and a program."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from detectors.findings import Severity
from streams.desk.errors import DeskError
from streams.desk.life_cycle import CaseState, Outcome

Text = Annotated[str, Meta(max_length=200)]
Order = Literal["worst", "newest", "latest"]
Shown = Literal["hide", "show", "only"]
MOST_COUNTED: Final = 1000
"""More are "more than": nobody reads so many, and counting them costs more than showing them."""
LARGEST_PAGE: Final = 200


class AlertQuestion(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"first": "from", "last": "to"},
):
    """Which alerts; every condition that is given must hold."""

    detector: Text | None = None
    severity: Severity | None = None
    province: Text | None = None
    brand: Text | None = None
    destination: Text | None = None
    vin: Text | None = None
    party: Text | None = None
    """An owner, seller or exporter on any document of the vehicle."""
    state: Literal["firing", "resolved", "any"] = "firing"
    case: CaseState | Literal["undecided"] | None = None
    outcome: Outcome | None = None
    assignee: Text | None = None
    tag: Text | None = None
    first: date | None = None
    """Civil day of the event, and after."""
    last: date | None = None
    text: Text | None = None
    """Words of title, explanation and subject, all of them; from three letters on what begins with them
    too. The last six characters of a VIN are a word."""
    suppressed: Shown = "hide"
    trial: Shown = "hide"
    """Alerts of detectors on trial."""
    order: Order = "worst"
    after: Annotated[str, Meta(max_length=400)] | None = None
    """Where the page before ended, as it said itself."""
    limit: Annotated[int, Meta(ge=1, le=LARGEST_PAGE)] = 50


def question_of(given: dict[str, str]) -> AlertQuestion:
    """Read a question from the parts of an address; empty parts ask for nothing.

    Raises
    ------
    DeskError
        If a name or value is not allowed; the message says which.
    """
    question: AlertQuestion = converted(given, AlertQuestion)
    return question


def converted(given: dict[str, str], kind: type[Any]) -> Any:
    """Read a question of any kind, see :func:`question_of`."""
    told = {name: value.strip() for name, value in given.items() if value.strip()}
    try:
        return msgspec.convert(told, kind, strict=False)
    except msgspec.ValidationError as error:
        raise DeskError(f"the question is not allowed: {error}") from None


def address_of(question: AlertQuestion, **changes: Any) -> dict[str, str]:
    """The parts of an address that ask this question, without those that stand for nothing."""
    changed = msgspec.structs.replace(question, **changes)
    told = msgspec.to_builtins(changed)
    usual = msgspec.to_builtins(AlertQuestion())
    return {name: str(value) for name, value in told.items() if value != usual[name]}
