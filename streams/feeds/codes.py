"""Tables of codes, and conditions on columns, as functions of a text."""

from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from detectors.rejection import show
from streams.feeds.definition import IGNORE, OPEN, CodeTable, RowCondition
from streams.feeds.errors import FeedError
from streams.feeds.folding import fold

UNMAPPED: Final = object()
"""What a text is to a table that does not know it."""
_MOST_NAMED: Final = 5


class Ignored(NamedTuple):
    """What a text is whose row is no document."""

    why: str


Lookup = Callable[[str], object]
"""Gives what a text stands for: a text, ``None`` for no statement, :class:`Ignored`, or `UNMAPPED`."""
Test = Callable[[str], bool]


def compile_table(name: str, table: CodeTable) -> Lookup:
    """Make the lookup of a table.

    Raises
    ------
    FeedError
        If a person must still decide what a code stands for, or two codes that read the same stand
        for different things.
    """
    place = f"codes.{name}"
    _refuse_open(place, table)
    exact = _folded(place, table.values)
    starts = sorted(_folded(place, table.starts).items(), key=lambda entry: -len(entry[0]))
    contains = list(_folded(place, table.contains).items())

    def lookup(text: str) -> object:
        if not text:
            return _meaning(name, "", table.missing) if table.missing is not None else None
        key = fold(text)
        meaning = exact.get(key)
        if meaning is None:
            meaning = next((value for beginning, value in starts if key.startswith(beginning)), None)
        if meaning is None:
            meaning = next((value for piece, value in contains if piece in key), table.otherwise)
        return UNMAPPED if meaning is None else _meaning(name, text, meaning)

    return lookup


def meanings(table: CodeTable) -> dict[str, str]:
    """All that a table's codes stand for, each with one place where it stands."""
    entries = {**table.values, **table.starts, **table.contains}
    found = {meaning: code for code, meaning in entries.items()}
    places = (("missing", table.missing), ("otherwise", table.otherwise))
    return found | {meaning: place for place, meaning in places if meaning is not None}


def _meaning(name: str, text: str, meaning: str) -> object:
    if meaning == IGNORE:
        return Ignored(f"{name} {text}".strip())
    return meaning or None


def _folded(place: str, entries: Mapping[str, str]) -> dict[str, str]:
    folded: dict[str, str] = {}
    for code, meaning in entries.items():
        key = fold(code)
        if folded.setdefault(key, meaning) != meaning:
            raise FeedError(
                f"{place}: {code!r} stands for {meaning!r}, and a code that reads the same "
                f"for {folded[key]!r}; allowed: one meaning a code"
            )
    return folded


def _refuse_open(place: str, table: CodeTable) -> None:
    entries = {**table.values, **table.starts, **table.contains}
    undecided = [code for code, meaning in entries.items() if meaning == OPEN]
    if undecided:
        named = ", ".join(map(show, undecided[:_MOST_NAMED]))
        more = f" and {len(undecided) - _MOST_NAMED} more" if len(undecided) > _MOST_NAMED else ""
        raise FeedError(
            f"{place}: it is not yet said what {named}{more} stands for; allowed: "
            'a word of the field that uses the table, "ignore", or "" for no statement'
        )


def compile_condition(condition: Collection[str] | RowCondition) -> Test:
    """Make the test of a condition on a column."""
    if not isinstance(condition, RowCondition):
        wanted = frozenset(map(fold, condition))
        return lambda text: fold(text) in wanted
    any_of = frozenset(map(fold, condition.any_of))
    none_of = frozenset(map(fold, condition.none_of))
    starts = tuple(map(fold, condition.starts))
    present = condition.present

    def test(text: str) -> bool:
        key = fold(text)
        return (
            (not any_of or key in any_of)
            and key not in none_of
            and (not starts or key.startswith(starts))
            and (present is None or bool(key) is present)
        )

    return test
