"""Files as they come from the field: other line ends, broken compression, endless lines."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streams.cli import app
from streams.feeds.reading import ReadError, read_lines

DOCUMENT = (
    b'{"event_type":"registration","event_id":"%d","source":"reg","vin":"LSVAU2180N2183294",'
    b'"occurred_at":"2026-03-01","kind":"initial"}'
)


def _replay(tmp_path: Path, content: bytes, *options: str) -> tuple[Result, list[dict]]:
    stream, letters = tmp_path / "stream", tmp_path / "letters.jsonl"
    stream.write_bytes(content)
    ran = CliRunner().invoke(app, ["replay", str(stream), "--dead-letters", str(letters), *options])
    lines = letters.read_text(encoding="utf-8").splitlines() if letters.exists() else []
    return ran, [json.loads(line) for line in lines]


def _lines(path: Path, content: bytes) -> list[tuple[int, bytes]]:
    path.write_bytes(content)
    return [(line.number, line.value) for line in read_lines(path)]


@pytest.mark.parametrize("content", [b"", b"\n\n \r\n\t\n"], ids=["nothing", "blanks"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_empty_file_is_no_error(tmp_path, content, pack):
    ran, letters = _replay(tmp_path, pack(content))
    assert ran.exit_code == 0, ran.output
    assert letters == []


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"", b"end"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_line_ends(tmp_path, end, last, pack):
    documents = [DOCUMENT % n for n in range(3)]
    content = end.join(documents) + (end if last else b"")
    assert _lines(tmp_path / "f", pack(content)) == list(enumerate(documents, 1))


def test_lines_of_one_byte_keep_their_numbers(tmp_path):
    # CPython has one object for each byte: equal short lines are the same object.
    _, letters = _replay(tmp_path, b"x\n\nx\ny\nx\n")
    assert [(letter["line"], letter["payload"]) for letter in letters] == [
        (1, "x"),
        (3, "x"),
        (4, "y"),
        (5, "x"),
    ]


@pytest.mark.parametrize("before", [b"", b"\n", b" " * ((1 << 18) - 2) + b"\n"])
def test_a_byte_order_mark_costs_nothing(tmp_path, before):
    # the last one lies across two blocks that are read
    mark = b"\xef\xbb\xbf"
    ran, letters = _replay(tmp_path, before + mark + DOCUMENT % 1 + b"\n" + mark + DOCUMENT % 2)
    assert ran.exit_code == 0
    assert letters == []


def test_an_endless_line_is_cut_and_the_next_one_is_read(tmp_path):
    content = b"x" * (3 << 20) + b"\n" + DOCUMENT % 1 + b"\n" + b"y" * (1 << 20)
    path = tmp_path / "f"
    lines = _lines(path, content)
    assert [(number, len(value)) for number, value in lines] == [
        (1, 1 << 20),
        (2, len(DOCUMENT % 1)),
        (3, 1 << 20),
    ]
    _, letters = _replay(tmp_path, content)
    assert [letter["reason"] for letter in letters] == ["oversize", "oversize"]


def _cut(packed: bytes) -> bytes:
    return packed[: len(packed) // 2]


def _flip(packed: bytes) -> bytes:
    middle = len(packed) // 2
    return (
        packed[:middle]
        + bytes(255 - byte for byte in packed[middle : middle + 40])
        + packed[middle + 40 :]
    )


def _wrong_sum(packed: bytes) -> bytes:
    return packed[:-8] + b"\0" * 8


def _tail(packed: bytes) -> bytes:
    return packed + b"not gzip"


@pytest.mark.parametrize("damage", [_cut, _flip, _wrong_sum, _tail])
def test_broken_compression_is_one_clear_error(tmp_path, damage):
    packed = damage(gzip.compress(b"\n".join(DOCUMENT % n for n in range(5_000))))
    path = tmp_path / "stream"
    path.write_bytes(packed)
    with pytest.raises(ReadError, match=r"cannot read .*stream"):
        list(read_lines(path))
    ran, _ = _replay(tmp_path, packed)
    assert ran.exit_code == 2
    assert "cannot read" in ran.output


def test_bytes_that_only_begin_like_gzip(tmp_path):
    ran, _ = _replay(tmp_path, b"\x1f\x8b")
    assert ran.exit_code == 2
    assert "cannot read" in ran.output


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(tmp_path, pack):
    final = tmp_path / "final.jsonl"
    command = "from streams.cli import main; main()"
    arguments = [sys.executable, "-c", command, "replay", "-", "--final", str(final)]
    entries = [DOCUMENT % 1, DOCUMENT % 1, b"{}"]
    root = Path(__file__).parents[2]
    ran = subprocess.run(  # noqa: S603 - our own command
        arguments, input=pack(b"\n".join(entries)), capture_output=True, check=True, cwd=root
    )
    for name, count in (("read", 3), ("accepted", 1), ("duplicate", 1), ("dead-lettered", 1)):
        assert any(line.split() == [name, str(count)] for line in ran.stdout.decode().splitlines())
