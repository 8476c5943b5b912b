"""Text of documents, made fit for a terminal, a page or a log: what would steer it is shown instead."""

from __future__ import annotations

import re
from typing import Final

_STEERING: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Control characters but tab and line feed, what turns the direction of writing, what cannot be seen,
and halves of characters."""


def visible(text: str) -> str:
    r"""Write every character that steers instead of being seen as its escape.

    >>> visible("a\x1b]52;c;aGk=\x07")
    'a\\x1b]52;c;aGk=\\x07'
    """
    return _STEERING.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - one byte
