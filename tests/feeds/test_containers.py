"""Files of every kind and encoding, drifting columns, and files that are traps."""

import datetime
import gzip
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from streams.feeds.containers import sheets, unpacking
from streams.feeds.errors import FeedError
from tests.feeds.feeds_of_tests import PLAIN, VIN, convert
from tests.feeds.make_samples import xlsx

ROWS = f"VIN,DAY,WHAT,BRAND\n{VIN},01.02.2025,1,Škoda\n{VIN},02.02.2025,2,Škoda\n"
DAYS = ["2025-02-01", "2025-02-02"]


def days(path: Path, text: str = PLAIN) -> list[str]:
    return [d["occurred_at"] for d in convert(path, text)[0]]


def of_kind(kind: str, **more: str) -> str:
    lines = "".join(f'{key} = "{value}"\n' for key, value in more.items())
    return PLAIN.replace('kind = "csv"\n', f'kind = "{kind}"\n{lines}', 1)


@pytest.mark.parametrize(
    ("encoding", "text", "brand"),
    [
        ("utf-8", ROWS, "Škoda"),
        ("utf-8-sig", ROWS, "Škoda"),
        ("cp1250", ROWS, "Škoda"),
        ("utf-16", ROWS, "Škoda"),
        ("utf-16-le", ROWS, "Škoda"),
        ("cp1251", ROWS.replace("Škoda", "ЛАДА"), "ЛАДА"),
        ("gb18030", ROWS.replace("Škoda", "比亚迪"), "比亚迪"),
        ("latin-1", ROWS.replace("Škoda", "Citroën"), "Citroën"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, text: str, brand: str) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode(encoding))
    named = "utf-8" if encoding == "utf-8-sig" else encoding
    documents, _, _ = convert(path, of_kind("csv", encoding=named))
    assert [d["brand"] for d in documents] == [brand, brand]


def test_an_encoding_that_is_wrong_by_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(ROWS.replace("DAY", "ДЕНЬ").replace("Škoda", "ЛАДА").encode("cp1251"))
    with pytest.raises(
        FeedError, match=r"its beginning is not utf-8; say container.encoding, for example cp1251"
    ):
        convert(path)
    path.write_bytes(ROWS.replace("Škoda", "ЛАДА").encode("cp1251"))
    _, account, _ = convert(path)
    assert account.refused == {"bad_encoding": 2}
    several = of_kind("csv").replace("[columns]", 'encoding = ["utf-8", "cp1251"]\n[columns]')
    assert [d["brand"] for d in convert(path, several)[0]] == ["ЛАДА", "ЛАДА"]


def test_gzip_and_zip_of_any(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(ROWS.encode()))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("__MACOSX/._a.csv", "rubbish")
        archive.writestr("folder/a.csv", ROWS)
        archive.writestr("folder/read me.txt", "no rows")
    assert days(tmp_path / "a.gz") == DAYS
    assert days(tmp_path / "a.zip", of_kind("csv", member="*.csv")) == DAYS
    with pytest.raises(FeedError, match=r"holds no file '\*.tsv'"):
        days(tmp_path / "a.zip", of_kind("csv", member="*.tsv"))


def test_json_lines_with_objects_inside(tmp_path: Path) -> None:
    rows = [
        {"head": {"day": "2025-02-01"}, "vin": VIN, "what": 1, "km": 12.0},
        {"head": {"day": "2025-02-02"}, "vin": VIN, "what": 2.0, "km": None},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join([*map(json.dumps, rows), "[1]", "", "{"]) + "\n")
    text = of_kind("jsonl").replace('["DAY", "DATE"]', '["head.day"]')
    documents, account, _ = convert(tmp_path / "a.jsonl", text)
    assert [d["occurred_at"] for d in documents] == DAYS
    assert documents[0]["odometer_km"] == 12.0
    assert account.refused == {"not_json": 2}
    assert account.ignored == {"blank line": 1}


def test_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "VIN": [VIN, VIN, None],
            "DAY": [datetime.date(2025, 2, 1), datetime.date(2025, 2, 2), None],
            "WHAT": [1, 2, None],
            "KM": [12.0, 0.5, None],
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    documents, account, _ = convert(tmp_path / "a.parquet", of_kind("parquet"))
    assert [d["occurred_at"] for d in documents] == DAYS
    assert [d["odometer_km"] for d in documents] == [12.0, 0.5]
    assert account.ignored == {"blank line": 1}
    (tmp_path / "b.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(FeedError, match="cannot read"):
        days(tmp_path / "b.parquet", of_kind("parquet"))


def test_sheets_by_name_also_in_a_zip(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [
        ["VIN", "DAY", "WHAT"],
        [VIN, "2025-02-01", 1.0],
        ["", "", ""],
        [VIN, "2025-02-02", "2"],
    ]
    xlsx(tmp_path / "a.xlsx", "Sheet1", rows)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.xlsx", "a.xlsx")
    for path in (tmp_path / "a.xlsx", tmp_path / "a.zip"):
        assert days(path, of_kind("sheet")) == DAYS
    with pytest.raises(FeedError, match="has no sheet 'Other'; there are 'Sheet1'"):
        days(tmp_path / "a.xlsx", of_kind("sheet", sheet="Other"))
    (tmp_path / "b.xlsx").write_bytes(b"no sheet")
    with pytest.raises(FeedError, match="cannot be read"):
        days(tmp_path / "b.xlsx", of_kind("sheet"))


def test_fixed_width_by_characters_and_by_bytes(tmp_path: Path) -> None:
    text = of_kind("fixed").replace("[columns]", """fields = [
    { name = "VIN", width = 17 }, { name = "DAY", width = 10 },
    { name = "WHAT", start = 30, width = 1 }, { name = "BRAND", width = 6 },
]
[columns]""")  # fmt: skip
    line = f"{VIN}01.02.2025  1Škoda "
    (tmp_path / "a.txt").write_text(f"{line}\n{line[:-1]}\n\n", encoding="utf-8")
    documents, account, _ = convert(tmp_path / "a.txt", text)
    assert [d["brand"] for d in documents] == ["Škoda"]
    assert account.refused == {"wrong_width": 1}
    by_bytes = text.replace("fields =", 'unit = "byte"\nfields =')
    (tmp_path / "a.txt").write_bytes(f"{VIN}01.02.2025  1Škoda".encode() + b"\n")
    assert [d["brand"] for d in convert(tmp_path / "a.txt", by_bytes)[0]] == ["Škoda"]
    overlap = text.replace("start = 30", "start = 20")
    with pytest.raises(FeedError, match="'WHAT' begins at 20, before 28"):
        convert(tmp_path / "a.txt", overlap)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("VIN,DAY,KIND", "has no column 'WHAT' for columns.what; there are 'VIN', 'DAY', 'KIND'"),
        ("VIN,DAY,DAY", "has the columns 'DAY' and 'DAY'; allowed: one for columns.day"),
        ("VIN,DAY,DATE", "has the columns 'DAY' and 'DATE'; allowed: one for columns.day"),
    ],
)
def test_columns_that_drift_stop_the_file(tmp_path: Path, header: str, told: str) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\n{VIN},01.02.2025,1\n")
    with pytest.raises(FeedError) as error:
        convert(tmp_path / "a.csv")
    assert told in str(error.value)


def test_columns_may_move_be_renamed_and_come_new(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        f" what ,New,date,vin\n1,x,01.02.2025,{VIN}\n2,x,02.02.2025,{VIN}\n"
    )
    assert days(tmp_path / "a.csv") == DAYS


def test_lines_above_the_header_comments_and_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"Report of today\n\nVIN;DAY;WHAT\n# note\n{VIN};01.02.2025;1\n")
    above = of_kind("csv", delimiter=";", comment="#").replace("[columns]", "skip = 2\n[columns]")
    assert convert(tmp_path / "a.csv", above)[1].ignored == {"comment": 1}
    (tmp_path / "b.csv").write_text(f"{VIN},01.02.2025,1\n")
    none = of_kind("csv").replace(
        "[columns]", 'header = false\nnames = ["VIN", "DAY", "WHAT"]\n[columns]'
    )
    assert days(tmp_path / "b.csv", none) == DAYS[:1]


def test_a_zip_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1 << 20)
    bomb = b"VIN,DAY,WHAT\n" + (b"a,b," + b"c" * 10_000 + b"\n") * 2_000
    (tmp_path / "a.gz").write_bytes(gzip.compress(bomb))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", bomb)
    for name in ("a.gz", "a.zip"):
        with pytest.raises(FeedError, match="unpack to more than"):
            convert(tmp_path / name)


def test_a_zip_in_a_zip_and_a_locked_one_are_told(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.csv", ROWS)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("b.zip", inner.getvalue())
    with pytest.raises(FeedError, match="a zip in a zip"):
        convert(tmp_path / "a.zip")
    data = bytearray(inner.getvalue())
    data[6] |= 1
    place = data.index(b"PK\x01\x02")
    data[place + 8] |= 1
    (tmp_path / "c.zip").write_bytes(data)
    with pytest.raises(FeedError, match="needs a password"):
        convert(tmp_path / "c.zip")


def test_a_spreadsheet_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell at the far corner makes a table of seventeen thousand million cells."""
    xlsx(tmp_path / "a.xlsx", "Sheet1", [["VIN", "DAY", "WHAT"]])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(
        b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    monkeypatch.setattr(sheets, "MEMORY", 1 << 30)
    with pytest.raises(FeedError, match=r"takes more than 1 GiB of memory .*save the sheet as CSV"):
        convert(tmp_path / "a.xlsx", of_kind("sheet"))


def test_an_archive_writes_and_reads_nothing_beside_itself(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.csv").write_text(ROWS)
    with zipfile.ZipFile(inside / "a.zip", "w") as archive:
        archive.writestr("../secret.csv", "VIN,DAY,WHAT\n")
        archive.writestr("/etc/passwd.csv", "VIN,DAY,WHAT\n")
    before = sorted(tmp_path.rglob("*"))
    assert days(inside / "a.zip") == []
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "secret.csv").read_text() == ROWS


def test_names_with_patterns_are_names(tmp_path: Path) -> None:
    """No reader takes a name for a pattern and reads its neighbours."""
    table = pa.table({"VIN": [VIN], "DAY": ["2025-02-01"], "WHAT": ["1"]})
    parquet.write_table(table, tmp_path / "*.parquet")
    parquet.write_table(table, tmp_path / "b.parquet")
    assert days(tmp_path / "*.parquet", of_kind("parquet")) == DAYS[:1]


def test_a_file_without_line_ends_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"VIN,DAY,WHAT\n" + b"x" * (3 << 20))
    with pytest.raises(FeedError, match=r"line 2 has more than 1,048,576 bytes; is it a text\?"):
        convert(tmp_path / "a.csv")
