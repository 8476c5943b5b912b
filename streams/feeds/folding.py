"""Letters that look alike, and texts that are the same to a reader."""

import unicodedata
from typing import Final

_CYRILLIC = "АВЕЗІЈКМНОРСТУХЅ"
_LATIN = "ABE3IJKMHOPCTYXS"
_LOOK_ALIKES: Final = {
    **dict(zip(map(ord, _CYRILLIC), _LATIN, strict=True)),
    **dict(zip(map(ord, _CYRILLIC.lower()), _LATIN.lower(), strict=True)),
}
_GREEK: Final = dict(zip(map(ord, "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"), "ABEZHIKMNOPTYX", strict=True))
_TO_LATIN: Final = {**_LOOK_ALIKES, **_GREEK}


def to_latin(text: str) -> str:
    """Put Latin letters for Cyrillic and Greek ones that look the same.

    >>> to_latin("ХТА21099")
    'XTA21099'
    """
    return text if text.isascii() else text.translate(_TO_LATIN)


def fold(text: str) -> str:
    """What a text is to a reader: upper case, without accents, one blank for many, one alphabet.

    >>> fold("  Первинна  реєстрацiя ") == fold("ПЕРВИННА РЕЄСТРАЦІЯ")
    True
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(text.upper().translate(_TO_LATIN).split())
