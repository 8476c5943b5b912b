"""What a row becomes: no document, one or several, by the conditions of a feed."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from detectors.rejection import show
from streams.feeds.codes import Ignored, compile_condition
from streams.feeds.columns import Cell, translated
from streams.feeds.definition import FeedFile, RowCondition
from streams.feeds.errors import RowIgnored, RowRefused
from streams.feeds.values import Dropped

Values = Sequence[str]
Fields = dict[str, object]
"""A document as it is written."""

_MOST_DROPPED_NAMED: Final = 1_000


@dataclass(slots=True)
class Losses:
    """Values that a feed could not take over although their rows became documents."""

    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often, by field and value; of very many the rest under the value ``…``."""
    examples: dict[tuple[str, str], int] = field(default_factory=dict)
    """The first row of each."""
    row: int = 0
    """Number of the row at hand."""
    folded: int = 0
    """Identities in which Cyrillic or Greek letters were taken for Latin ones."""

    def take(self, fields: Fields, name: str, found: object) -> None:
        """Put a value into a document, or count it where it cannot be taken over.

        Raises
        ------
        RowIgnored
            If it says that the row is no document.
        """
        if isinstance(found, Ignored):
            raise RowIgnored(found.why)
        if isinstance(found, Dropped):
            self._note(found)
        else:
            fields[name] = found

    def _note(self, dropped: Dropped) -> None:
        key = (dropped.field, dropped.value)
        if key not in self.dropped and len(self.dropped) >= _MOST_DROPPED_NAMED:
            key = (dropped.field, "…")
        self.dropped[key] += 1
        self.examples.setdefault(key, self.row)


class RowConverter:
    """Makes documents of the rows of one file.

    Parameters
    ----------
    ignores
        Tells why a row is no document.
    documents
        When a row states a document, and what makes it.
    explain
        Says why a row states none.
    """

    def __init__(
        self,
        ignores: Sequence[tuple[Callable[[Values], bool], str]],
        documents: Sequence[tuple[Callable[[Values], bool], Callable[[Values], Fields]]],
        explain: Callable[[Values], RowRefused],
    ) -> None:
        self._ignores = ignores
        self._documents = documents
        self._explain = explain
        self._only: Callable[[Values], Fields] | None = None
        """What makes every row's one document, where a feed has no conditions."""
        if not ignores and len(documents) == 1 and documents[0][0] is always:
            self._only = documents[0][1]

    def convert(self, values: Values) -> list[Fields]:
        """Make a row's documents.

        Raises
        ------
        RowIgnored
            If the feed says that the row is none.
        RowRefused
            If it states none, or one of them cannot be made.
        """
        if self._only is not None:
            return [self._only(values)]
        for applies, why in self._ignores:
            if applies(values):
                raise RowIgnored(why)
        made: list[Fields] = []
        ignored: RowIgnored | None = None
        stated = False
        for applies, make in self._documents:
            if applies(values):
                stated = True
                try:
                    made.append(make(values))
                except RowIgnored as error:
                    ignored = error
        if made:
            return made
        if ignored is not None:
            raise ignored
        raise self._explain(values) if not stated else AssertionError("a document without fields")


def always(_: Values) -> bool:
    """The condition of a document that every row states."""
    return True


def applies_when(
    when: Mapping[str, list[str] | RowCondition], cells: Mapping[str, Cell]
) -> Callable[[Values], bool]:
    """Make what tells whether conditions on columns hold, all of them."""
    tests = [translated(cells[key], compile_condition(wanted)) for key, wanted in when.items()]
    if not tests:
        return always
    if len(tests) == 1:
        return tests[0]
    return lambda values: all(test(values) for test in tests)


def explainer(feed: FeedFile, cells: Mapping[str, Cell]) -> Callable[[Values], RowRefused]:
    """Make what says why a row states no document: the values that decide it."""
    deciding = list(dict.fromkeys(key for spec in feed.document for key in spec.when))

    def explain(values: Values) -> RowRefused:
        found = ", ".join(f"{key} {show(cells[key].read(values))}" for key in deciding)
        allowed = "values that a document's `when` or an `ignore` names"
        return RowRefused("no_document", deciding[0] if len(deciding) == 1 else None, found, allowed)

    return explain
