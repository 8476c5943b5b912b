"""Documents of one type taken apart, field by field, while they are in the processor's cache.

Each field keeps of its values what is asked of it later: texts one after the other, numbers, or which
of a few words each is. The values themselves can go at once.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.normalising import LEAST_AMOUNT, are_texts, is_tidy
from streams.backfill.arrays import Mask, Spelled, Words, spelled_lines

Values = tuple[Any, ...]
"""A field of some documents."""

_LINE_END: Final = "\n"
HIDDEN: Final = "\x7f"
"""Stands in a text for what no text may hold."""
_FIRST_VISIBLE: Final = ord("!")
_LAST_VISIBLE: Final = ord("~")


class FieldColumn(Protocol):
    """A field of all documents of a pile."""

    def add(self, values: Values) -> None:
        """Keep what will be asked."""


class TextColumn:
    """Texts that are looked at as bytes; missing ones are empty.

    Parameters
    ----------
    empty
        How one that is there and empty is written: as if it were missing, unless that matters.
    """

    def __init__(self, empty: str = "") -> None:
        self._empty = empty
        self._lines: list[bytes] = []

    def add(self, values: Values) -> None:
        """Write texts one after the other."""
        try:
            lines = _LINE_END.join(values)
        except TypeError:
            lines = _LINE_END.join(["" if value is None else value or self._empty for value in values])
        else:
            if self._empty and "" in values:
                lines = _LINE_END.join([value or self._empty for value in values])
        if lines.count(_LINE_END) >= len(values):
            lines = _LINE_END.join(
                [
                    (HIDDEN if value == "" else value or "").replace(_LINE_END, HIDDEN)
                    for value in values
                ]
            )
        self._lines.append(lines.encode())

    def spelled(self) -> Spelled:
        """All of them."""
        return spelled_lines(b"\n".join(self._lines))


class CheckedColumn:
    """Texts of which only is asked whether they are fine.

    Parameters
    ----------
    are_fine
        Whether all of some texts are; where they are not, each is asked about.
    """

    def __init__(self, are_fine: Callable[[Sequence[str]], bool]) -> None:
        self.bad: list[int] = []
        """Places of the others."""
        self._are_fine = are_fine
        self._number = 0

    def add(self, values: Values) -> None:
        """Look at texts."""
        given = values if None not in values else [value for value in values if value is not None]
        if given and not self._are_fine(given):
            self.bad += [
                place
                for place, value in enumerate(values, self._number)
                if value is not None and not self._are_fine([value])
            ]
        self._number += len(values)


class WordColumn:
    """Which of a few words each document has."""

    def __init__(self) -> None:
        self._known: dict[str | None, int] = {}
        self._codes: list[int] = []

    def add(self, values: Values) -> None:
        """Number words."""
        known = self._known
        try:
            self._codes += [known[value] for value in values]
        except KeyError:
            for value in dict.fromkeys(values):
                known.setdefault(value, len(known))
            self._codes += [known[value] for value in values]

    def words(self) -> Words:
        """All of them."""
        return Words(list(self._known), np.array(self._codes, np.int32))


class NumberColumn:
    """Whole numbers."""

    def __init__(self) -> None:
        self._numbers: list[int] = []

    def add(self, values: Values) -> None:
        """Take numbers."""
        self._numbers += values

    def numbers(self) -> NDArray[np.int32]:
        """All of them."""
        return np.array(self._numbers, np.int32)


class MeaningColumn(NumberColumn):
    """What words of a fixed list mean, as numbers.

    Parameters
    ----------
    meanings
        Of every word that there may be.
    """

    def __init__(self, meanings: Mapping[Any, int]) -> None:
        super().__init__()
        self._meanings = meanings

    def add(self, values: Values) -> None:
        """Translate words."""
        self._numbers += map(self._meanings.__getitem__, values)


class AmountColumn:
    """Amounts, as :func:`detectors.normalising.amount_of`; not a number where there is none."""

    def __init__(self) -> None:
        self._amounts: list[NDArray[np.float64]] = []

    def add(self, values: Values) -> None:
        """Take amounts."""
        self._amounts.append(np.array(values, np.float64))

    def amounts(self) -> NDArray[np.float64]:
        """All of them."""
        amounts = np.concatenate(self._amounts)
        amounts[amounts < LEAST_AMOUNT] = 0.0
        return amounts


class Pile:
    """Documents of one type.

    Parameters
    ----------
    fields
        Names of the type's fields, in their order.
    columns
        What is kept of some of them.
    """

    def __init__(self, fields: Sequence[str], columns: Mapping[str, FieldColumn]) -> None:
        self.places: list[int] = []
        """Of their lines."""
        self.columns: Any = columns
        self._kept = [(fields.index(name), column) for name, column in columns.items()]

    def add(self, documents: Sequence[msgspec.Struct], places: Sequence[int]) -> None:
        """Put documents on it."""
        self.places += places
        values = list(zip(*map(msgspec.structs.astuple, documents), strict=True))
        for number, column in self._kept:
            column.add(values[number])


def tidy_column() -> CheckedColumn:
    """Identities that nobody spells."""
    return CheckedColumn(are_tidy)


def text_column() -> CheckedColumn:
    """Texts that the decoder takes as they are."""
    return CheckedColumn(are_texts)


def are_visible(characters: NDArray[np.uint8]) -> Mask:
    """Which bytes are visible ASCII characters: the others wrap round to more."""
    return (characters - np.uint8(_FIRST_VISIBLE)) <= _LAST_VISIBLE - _FIRST_VISIBLE


def are_tidy(values: Sequence[str]) -> bool:
    """Whether the decoder certainly takes all of some identities as they are."""
    return is_tidy(f"|{'|'.join(values)}|")
