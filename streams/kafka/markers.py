"""The record that ends every transaction in the changelog: who wrote it, and which it was.

It makes an uncertain commit certain (is the last marker ours, with that number?) and tells other
processes where the owner of a partition serves its vehicles.
"""

from __future__ import annotations

import msgspec

MARKER_KEY = b"\x00owner"
"""No VIN begins with a zero byte."""


class Marker(msgspec.Struct, frozen=True, array_like=True):
    """Signature under a transaction.

    Parameters
    ----------
    owner
        Random identity of the worker process.
    number
        Transactions of that process on this partition, counted from 0.
    url
        Where the worker answers questions about its vehicles.
    """

    owner: str
    number: int
    url: str

    def encode(self) -> bytes:
        """Write it."""
        return msgspec.msgpack.encode(self)


def decode_marker(data: bytes) -> Marker:
    """Read it back."""
    return msgspec.msgpack.decode(data, type=Marker)
