"""Lines of text in the encoding of a feed; bytes that do not fit it stay what they are."""

import codecs
import io
from collections.abc import Iterator
from typing import IO, Final, NamedTuple

from streams.feeds.errors import FeedError

_BLOCK: Final = 1 << 20
_SAMPLE: Final = 1 << 20
LONGEST_LINE: Final = 1 << 20
"""Bytes."""
_WIDE: Final = ("utf-16", "utf-32")
"""Encodings in which a line end is no byte of its own."""
ESCAPED: Final = "surrogateescape"


def choose_encoding(beginning: bytes, encoding: str | list[str], name: str) -> str:
    """The first of several encodings that reads the beginning of a file.

    Raises
    ------
    FeedError
        If Python knows no such encoding, or none fits.
    """
    candidates = [encoding] if isinstance(encoding, str) else encoding
    for candidate in candidates:
        try:
            decoder = codecs.getincrementaldecoder(candidate)()
        except LookupError:
            raise FeedError(
                f"container.encoding is {candidate!r}; allowed: a codec of Python, such as utf-8, "
                "cp1251, gb18030, latin-1, utf-16"
            ) from None
        try:
            decoder.decode(beginning)
        except UnicodeDecodeError as error:
            if len(candidates) == 1 and beginning.count(b"\n", 0, error.start):
                return candidate  # single lines may be broken: they are refused one by one
            continue
        return candidate
    raise FeedError(
        f"{name}: its beginning is not {' or '.join(candidates)}; "
        "say container.encoding, for example cp1251, gb18030 or latin-1"
    )


class Lines(NamedTuple):
    """Successive lines of a text, with their ends."""

    texts: list[str]
    broken: bool
    """Whether some hold bytes that do not fit the encoding: those come as lone surrogates."""


def lines(stream: IO[bytes], encoding: str | list[str], name: str) -> Iterator[Lines]:
    """Lines of a text, as many as a block of the file holds.

    Raises
    ------
    FeedError
        If the file is in none of the encodings, or a line has no end.
    """
    beginning = stream.read(_SAMPLE)
    chosen = choose_encoding(beginning, encoding, name)
    if chosen.lower().replace("_", "-").startswith(_WIDE):
        yield from _wide(beginning, stream, chosen, name)
    else:
        yield from _by_bytes(beginning, stream, chosen, name)


def _by_bytes(block: bytes, stream: IO[bytes], encoding: str, name: str) -> Iterator[Lines]:
    rest = b""
    block = block.removeprefix(codecs.BOM_UTF8)
    number = 1
    while block:
        whole, end, tail = (rest + block).rpartition(b"\n")
        if end:
            found = _split(whole + end, encoding)
            number += len(found.texts)
            yield found
        rest = tail
        if len(rest) > LONGEST_LINE:
            raise FeedError(
                f"{name}: line {number} has more than {LONGEST_LINE:,} bytes; is it a text?"
            )
        block = stream.read(_BLOCK)
    if rest:
        yield _split(rest, encoding)


def _split(data: bytes, encoding: str) -> Lines:
    broken = False
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text, broken = data.decode(encoding, ESCAPED), True
    return Lines(io.StringIO(text, newline="\n").readlines(), broken)


def _wide(block: bytes, stream: IO[bytes], encoding: str, name: str) -> Iterator[Lines]:
    decoder = codecs.getincrementaldecoder(encoding)()
    rest = ""
    try:
        while block:
            found = io.StringIO(rest + decoder.decode(block), newline="\n").readlines()
            rest = found.pop() if found and not found[-1].endswith("\n") else ""
            yield Lines(found, broken=False)
            if len(rest) > LONGEST_LINE:
                raise FeedError(
                    f"{name}: a line has more than {LONGEST_LINE:,} characters; is it a text?"
                )
            block = stream.read(_BLOCK)
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise FeedError(f"{name}: is not {encoding}: {error.reason}") from None
    if rest:
        yield Lines([rest], broken=False)


def is_broken(text: str) -> bool:
    """Whether a text holds bytes that did not fit its encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
