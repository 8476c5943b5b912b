"""What a browser's form says, as the typed things that the API takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from streams.desk.country import desk_country
from streams.desk.errors import DeskError
from streams.desk.life_cycle import Action
from streams.desk.operations import AlertSeen
from streams.desk.receivers import MAIL, NewReceiver
from streams.desk.suppressions import NewSuppression

Form = Any
"""What aiohttp makes of a form (`get`, `getall`); its type belongs to a library of aiohttp's own."""
_LISTS: Final = ("add", "remove")


def action_of(form: Form) -> Action:
    """The action that a form states.

    Raises
    ------
    DeskError
        If it is none.
    """
    told = _told(form, {"action", "outcome", "look_alike", "note", "assignee", "until", "reason"})
    for name in _LISTS:
        words = str(form.get(name, "")).split()
        if words:
            told[name] = words
    if told.get("action") == "assign":
        told.setdefault("assignee", None)
    action: Action = _converted(told, Action)
    return action


def suppression_of(form: Form) -> NewSuppression:
    """What a form wants to be kept quiet.

    Raises
    ------
    DeskError
        If a value is not allowed.
    """
    suppression: NewSuppression = _converted(
        _told(form, set(NewSuppression.__struct_fields__)), NewSuppression
    )
    return suppression


def receiver_of(form: Form) -> NewReceiver:
    """Who a form wants to be told of alerts; an e-mail address may stand without its `mailto:`.

    Raises
    ------
    DeskError
        If a value is not allowed.
    """
    told = _told(form, set(NewReceiver.__struct_fields__))
    url = told.get("url", "")
    if "@" in url and ":" not in url:
        told["url"] = MAIL + url
    receiver: NewReceiver = _converted(told, NewReceiver)
    return receiver


def alerts_ticked(form: Form) -> tuple[AlertSeen, ...]:
    """The alerts that are ticked, each as it was seen (`id version revision`).

    Raises
    ------
    DeskError
        If none is, or too many are.
    """
    values = [str(value).rsplit(" ", 2) for value in form.getall("ticked", ())]
    seen = [dict(zip(AlertSeen.__struct_fields__, value, strict=False)) for value in values]
    if not seen:
        raise DeskError("no alert is ticked; tick those that are meant")
    ticked: tuple[AlertSeen, ...] = _converted(seen, tuple[AlertSeen, ...])
    return ticked


def _told(form: Form, names: set[str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: value.strip()
        for name in names
        if isinstance(value := form.get(name), str) and value.strip()
    }
    if "until" in told:
        told["until"] = _moment(told["until"])
    return told


def _moment(text: str) -> datetime:
    """A moment as a form says it: civil time of the country where no offset stands."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise DeskError(f"until is {text[:40]!r}; allowed: a time, 2027-06-01T08:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=desk_country().zone)


def _converted(value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise DeskError(f"the form is not allowed: {error}") from None
