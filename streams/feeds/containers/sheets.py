"""Spreadsheets, read in a process of their own with a bound on its memory.

A spreadsheet of a few kilobytes can name a cell a million rows down and sixteen thousand columns to the
right. Its reader unfolds it whole, so it works where it can be stopped.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.feeds.errors import FeedError

MEMORY: Final = 3 << 30
"""Bytes that reading one spreadsheet may take."""
SECONDS: Final = 600
"""Processor time that it may take."""
_PROGRAM: Final = """
import datetime, resource, sys
from python_calamine import CalamineWorkbook
import msgspec
memory, seconds = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
out = sys.stdout.buffer
def text(cell):
    kind = type(cell)
    if kind in (str, float, int, bool) or cell is None:
        return cell
    if kind is datetime.datetime and cell.time() == datetime.time():
        return cell.date().isoformat()
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
try:
    book = CalamineWorkbook.from_path(sys.argv[3])
    names = book.sheet_names
    if sys.argv[4] and sys.argv[4] not in names:
        raise SystemExit("has no sheet %r; there are %s" % (sys.argv[4], ", ".join(map(repr, names))))
    sheet = book.get_sheet_by_name(sys.argv[4] or names[0])
    encode = msgspec.json.encode
    for row in sheet.to_python(skip_empty_area=False):
        out.write(encode([text(cell) for cell in row]) + b"\\n")
    out.write(b"null\\n")
except MemoryError:
    raise SystemExit("needs too much memory")
except SystemExit:
    raise
except Exception as error:
    raise SystemExit("cannot be read: %s" % error)
"""
_decode: Final = msgspec.json.Decoder(list[Any] | None).decode


def sheet_rows(path: Path, sheet: str, name: str) -> Iterator[Sequence[Any]]:
    """Rows of a sheet; without a name of the first one.

    Raises
    ------
    FeedError
        If it cannot be read, has no such sheet, or would take too much memory or time.
    """
    command = [
        sys.executable,
        "-I",
        "-c",
        _PROGRAM,
        str(MEMORY),
        str(SECONDS),
        str(path.resolve()),
        sheet,
    ]
    with subprocess.Popen(  # noqa: S603 - our own program; the file is an argument
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            for line in process.stdout:
                row = _decode(line)
                if row is None:
                    return
                yield row
            raise FeedError(f"{name}: {_complaint(process)}")
        finally:
            process.kill()


def _complaint(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    said = process.stderr.read().decode("utf-8", "replace").strip()
    if process.wait() == 1 and "memory" not in said.lower():
        return said.rpartition("\n")[2] or "cannot be read"
    return (
        f"takes more than {MEMORY >> 30} GiB of memory or {SECONDS} seconds to unfold; "
        "save the sheet as CSV"
    )
