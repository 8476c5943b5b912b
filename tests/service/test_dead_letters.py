"""A dead letter fits into a record, however large what was refused is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kafka.dead_letters import MAXIMUM_BYTES, DeadLetter, Refusal, Source, dead_letter

SIZES = st.sampled_from([0, 1, 40, 999, 1_000, 1_001, 150_000, 899_000, 900_000, 1_048_576])
HEADERS = st.lists(st.tuples(st.sampled_from(["h", "名", "dlq.stage"]), SIZES), max_size=4)


@settings(max_examples=60, deadline=None)
@given(key=SIZES, value=SIZES, headers=HEADERS, message=SIZES)
def test_the_whole_letter_is_bounded_and_says_what_was_cut(
    key: int, value: int, headers: list[tuple[str, int]], message: int
):
    written = dead_letter(
        Source("t", 0, 7, -1), Refusal("not_json", "x" * message, "decode", "now"),
        (b"k" * key, b"v" * value, [(name, b"h" * size) for name, size in headers]), "1",
    )  # fmt: skip
    letter = DeadLetter(0, 0, *written)
    size = len(written[0] or b"") + len(written[1] or b"")
    size += sum(len(name.encode()) + len(data or b"") for name, data in written[2])
    assert size <= MAXIMUM_BYTES
    assert letter.about("error.class") == "not_json"
    kept = sum(name != "dlq.stage" for name, _ in headers)
    whole = len(written[0] or b"") == key and len(written[1] or b"") == value
    whole = whole and sum(not name.startswith("dlq.") for name, _ in written[2]) == kept
    assert letter.cut == (not whole)
