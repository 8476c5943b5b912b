"""Rows = converted + ignored + refused, whatever stands in them; what is made is never refused later."""

import csv
import io
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.decoding import decode
from streams.feeds.compiling import compile_feed
from streams.feeds.converting import Conversion
from streams.feeds.errors import FeedError
from streams.feeds.loading import load_feed, parse_feed
from tests.feeds.feeds_of_tests import PLAIN, VIN, convert

odd = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
cells = st.one_of(
    odd,
    st.sampled_from(
        [
            VIN,
            "1",
            "2",
            "3",
            "01.02.2025",
            "2025-02-30",
            "-",
            "NULL",
            "",
            "12.5",
            "-4",
            "1e9",
            "ХТА21099",
        ]
    ),
)
rows = st.lists(st.lists(cells, min_size=1, max_size=7), max_size=12)


@settings(deadline=None)
@given(rows)
def test_every_row_is_accounted_for_and_every_document_keeps_the_contract(
    table: list[list[str]],
) -> None:
    data = io.StringIO(newline="")
    csv.writer(data).writerows([["VIN", "DAY", "WHAT", "BRAND", "KM"], *table])
    conversion = Conversion(compile_feed(parse_feed(PLAIN, "test.toml")))
    with TemporaryDirectory() as directory:
        path = Path(directory, "data.csv")
        path.write_bytes(data.getvalue().encode())
        lines = list(conversion.lines([path]))
    account = conversion.account
    assert account.balanced
    assert account.converted == len(lines) == account.documents.total()
    for line in lines:
        decode(line)


@settings(deadline=None)
@given(st.binary(max_size=3000))
def test_no_bytes_break_a_shipped_feed(data: bytes) -> None:
    for name in ("es-dgt", "ua-mvs", "ar-dnrpa", "cn-registry"):
        with TemporaryDirectory() as directory:
            path = Path(directory, "data")
            path.write_bytes(data)
            conversion = Conversion(compile_feed(load_feed(name)))
            with suppress(FeedError):  # any other error is a traceback
                list(conversion.lines([path]))
            assert conversion.account.balanced


def test_refused_rows_keep_file_line_and_bytes(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(
        b"VIN,DAY,WHAT\n"
        + f"{VIN},01.02.2025,1\n\n{VIN},31.02.2025,2\n".encode()
        + f"{VIN},01.02.2025,9\n".encode()
        + b'"broken \xff",01.02.2025,1\n'
        + f"{VIN},01.02.2025,3\n{VIN},01.02.2025\n{VIN},01.02.2025,1,x\n".encode()
    )
    documents, account, refused = convert(path)
    assert len(documents) == 1
    assert account.ignored == {"blank line": 1, "whats 3": 1}
    told = {(r.row.number, r.error.reason) for r in refused}
    assert told == {
        (4, "bad_date"), (5, "unmapped_code"), (6, "bad_encoding"), (8, "too_few_columns"), (9, "too_many_columns"),
    }  # fmt: skip
    broken = next(r for r in refused if r.row.number == 6).described()
    assert broken["row_base64"] == "ImJyb2tlbiD/IiwwMS4wMi4yMDI1LDEK"
    assert next(r for r in refused if r.row.number == 4).described()["row"] == f"{VIN},31.02.2025,2"


def test_a_quote_that_nothing_closes_costs_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    good = f"{VIN},01.02.2025,1\n"
    path.write_text(
        f'VIN,DAY,WHAT\n{good}{VIN},01.02.2025,"1\n' + good * 3000 + f'"{VIN}",01.02.2025,"1"\n'
    )
    documents, account, refused = convert(path)
    assert len(documents) == 3002
    assert account.refused == {"unbalanced_quote": 1}
    assert refused[0].row.number == 3


def test_a_quoted_line_end_is_part_of_its_value(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f'VIN,DAY,WHAT,BRAND\n{VIN},01.02.2025,1,"BYD\nSEAL"\n{VIN},02.02.2025,2,BYD\n')
    documents, account, _ = convert(path)
    assert [d["occurred_at"] for d in documents] == ["2025-02-01", "2025-02-02"]
    assert account.losses.dropped == {("brand", "'BYD\\nSEAL'"): 1}


def test_a_row_may_state_two_documents_or_none(tmp_path: Path) -> None:
    text = (
        PLAIN
        + """
[[ignore]]
why = "renewal"
when = { what = ["R"] }
[[document]]
type = "deregistration"
when = { brand = { present = true, none_of = ["BYD"] } }
vin = { columns = ["vin"] }
occurred_at = { column = "day", formats = ["dd.mm.yyyy"] }
reason = { value = "export" }
"""
    )
    text = text.replace("[[ignore]]", "[[ignore]]")
    path = tmp_path / "data.csv"
    path.write_text(
        f"VIN,DAY,WHAT,BRAND\n{VIN},01.02.2025,1,ZEEKR\n{VIN},01.02.2025,1,BYD\n{VIN},01.02.2025,R,ZEEKR\n"
    )
    documents, account, _ = convert(path, text)
    assert [d["event_type"] for d in documents] == ["registration", "deregistration", "registration"]
    assert documents[0]["event_id"] != documents[1]["event_id"]
    assert account.ignored == {"renewal": 1}


@pytest.mark.parametrize(
    ("value", "word"), [("ХТА210990Х1234567", "Latin"), ("", "number"), ("A B\tC", "printable")]
)
def test_identities_that_are_none_are_refused(tmp_path: Path, value: str, word: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f"VIN,DAY,WHAT\n{value},01.02.2025,1\n", encoding="utf-8")
    documents, _, refused = convert(path)
    assert documents == [] or value == "A B\tC"
    assert not refused or word in str(refused[0].error)


def test_look_alike_letters_are_folded_only_on_request(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f"VIN,DAY,WHAT\n{VIN.replace('E', 'Е')},01.02.2025,1\n", encoding="utf-8")
    assert convert(path)[1].refused == {"bad_identity": 1}
    documents, account, _ = convert(
        path, PLAIN.replace('{ columns = ["vin"] }', '{ columns = ["vin"], fold = true }')
    )
    assert documents[0]["vin"] == VIN
    assert account.losses.folded == 1


def test_an_event_keeps_its_id_from_file_to_file(tmp_path: Path) -> None:
    for name, before in (("a.csv", ""), ("b.csv", f"{VIN},05.02.2025,2,x\n")):
        (tmp_path / name).write_text(f"VIN,DAY,WHAT,NOTE\n{before}{VIN},01.02.2025,1,y\n")
    first, second = (convert(tmp_path / name)[0][-1] for name in ("a.csv", "b.csv"))
    assert first == second
