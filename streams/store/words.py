"""Words by which alerts are looked for: the same ones, whatever database keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LEAST_BEGINNING: Final = 3
"""Letters of a word that also finds what begins with it; a shorter one finds itself alone."""
LONGEST_WORD: Final = 60
SERIAL_NUMBER: Final = 6
"""The last characters of a VIN, by which people tell a car: a word of its own."""
# Chinese is written without blanks: every character is a word.
_WORD: Final = re.compile("[\u2e80-\u9fff]|[^\\W_\u2e80-\u9fff]+")


def words_in(*texts: str) -> Iterable[str]:
    """Each word once, in the order of the texts.

    >>> list(words_in("Zero-mileage used export", "42 km, used"))
    ['zero', 'mileage', 'used', 'export', '42', 'km']
    """
    folded = " ".join(texts).casefold()
    return dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(folded))


def words_of_alert(title: str, explanation: str, subject: str) -> str:
    """What an alert is found by, parted by blanks."""
    return " ".join(words_in(title, explanation, subject, subject[-SERIAL_NUMBER:]))


def for_postgresql(text: str) -> str:
    """A question of PostgreSQL's text search (`tsquery`) for all words of a text; empty without any."""
    return " & ".join(f"{word}:*" if _begins(word) else word for word in words_in(text))


def for_sqlite(text: str) -> str:
    """The same for SQLite's FTS5."""
    return " ".join(f'"{word}"*' if _begins(word) else f'"{word}"' for word in words_in(text))


def _begins(word: str) -> bool:
    return len(word) >= LEAST_BEGINNING
