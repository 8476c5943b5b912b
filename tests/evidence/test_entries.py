"""Bytes of entries are those of RFC 8785, by an implementation that is not ours."""

from __future__ import annotations

import msgspec
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from streams.evidence.entries import LogEntry, headers_in_base64, in_base64

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
entries = st.builds(
    LogEntry,
    headers=st.lists(st.tuples(TEXT, st.binary() | st.none()), max_size=3).map(headers_in_base64),
    key=st.binary(max_size=9).map(in_base64) | st.none(),
    kind=st.sampled_from(["alert", "document"]),
    offset=st.integers(-1, 2**53 - 1),
    partition=st.integers(-1, 2**31 - 1),
    timestamp=st.integers(-1, 2**53 - 1) | st.none(),
    topic=TEXT,
    value_sha256=TEXT,
)  # fmt: skip


@given(entries)
def test_an_entry_is_canonical(entry):
    assert entry.canonical() == rfc8785.dumps(msgspec.to_builtins(entry))


def test_fields_stand_in_the_order_of_their_names():
    assert list(LogEntry.__struct_fields__) == sorted(LogEntry.__struct_fields__)
