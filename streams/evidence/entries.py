"""What the log says of one record: where it was read and the digest of its bytes, in canonical form."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from streams.evidence.tree import leaf_hash

EntryKind = Literal["alert", "document", "case", "suppression"]
Headers = Sequence[tuple[str, bytes | None]]


class LogEntry(msgspec.Struct, frozen=True, gc=False):
    """One entry of the log. Its leaf is the hash of its canonical bytes.

    The fields stand in the order of their names, so that what msgspec writes is the canonical form of
    RFC 8785: they hold texts and small integers only, of which both have one way of writing.
    """

    headers: tuple[tuple[str, str | None], ...]
    """Headers of the record, values in base64."""
    key: str | None
    """Key of the record, in base64."""
    kind: EntryKind
    offset: int
    """Offset in the topic, or number of the line in a file."""
    partition: int
    """-1 for a line of a file."""
    timestamp: int | None
    """Milliseconds since 1970, as the broker or the producer stamped the record."""
    topic: str
    """Empty for a line of a file."""
    value_sha256: str
    """Of the bytes of the record as they are kept, in hexadecimal."""

    def canonical(self) -> bytes:
        """Bytes of the entry by RFC 8785."""
        return _encoder.encode(self)

    def leaf(self) -> bytes:
        """Leaf hash of the entry by RFC 6962."""
        return leaf_hash(self.canonical())


_encoder = msgspec.json.Encoder()
_headers_decoder = msgspec.json.Decoder(tuple[tuple[str, str | None], ...])


def in_base64(value: bytes | None) -> str | None:
    """Bytes as text; what is absent stays absent."""
    return None if value is None else b64encode(value).decode()


def headers_in_base64(
    headers: Iterable[tuple[str, bytes | None]],
) -> tuple[tuple[str, str | None], ...]:
    """Headers with their values as text."""
    return tuple((name, in_base64(value)) for name, value in headers)


def headers_as_json(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """Headers as the store keeps them; `headers_of` reads them again."""
    return _encoder.encode(headers_in_base64(headers)).decode()


def headers_of(text: str) -> tuple[tuple[str, bytes | None], ...]:
    """Headers of a record from what the store keeps of them."""
    kept = _headers_decoder.decode(text)
    return tuple((name, None if value is None else b64decode(value)) for name, value in kept)
