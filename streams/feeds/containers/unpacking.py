"""Files out of gzip and zip, as streams with a bound on what comes out.

Nothing is ever written under a name that stands in an archive.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from streams.feeds.errors import FeedError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_EMPTY_ZIP: Final = b"PK\x05\x06"
FREE_BYTES: Final = 256 << 20
"""Bytes that any archive may unpack to."""
LARGEST_RATIO: Final = 200
"""Beyond these, bytes out for one byte in; registers pack at 5 to 40."""
_OTHERS: Final = ("__MACOSX/*", "*/.*", ".*")
_BLOCK: Final = 1 << 20
_BROKEN: Final = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError)
"""What the libraries raise for a broken archive; RuntimeError for what they do not know."""
_OFFICE: Final = frozenset({"[Content_Types].xml", "mimetype"})
"""Members that make a zip a spreadsheet."""


class Unpacked(NamedTuple):
    """A file that holds rows."""

    name: str
    stream: IO[bytes]


class _Bounded(io.RawIOBase):
    """A stream that refuses to give much more than a register would hold in so few packed bytes."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, packed: int, name: str) -> None:
        self._stream = stream
        self._most = max(FREE_BYTES, packed * LARGEST_RATIO)
        self._packed = packed
        self._name = name
        self._given = 0

    def readable(self) -> bool:
        """Whether it gives bytes."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill a buffer with what comes next."""
        view = memoryview(buffer).cast("B")
        try:
            block = self._stream.read(len(view))
        except _BROKEN as error:
            raise FeedError(f"cannot unpack {self._name}: {error}") from None
        self._given += len(block)
        if self._given > self._most:
            raise FeedError(
                f"{self._name}: {self._packed:,} bytes unpack to more than {self._most:,}; allowed: "
                f"{FREE_BYTES >> 20} MiB, or {LARGEST_RATIO} times what is packed; unpack it yourself "
                "if it is not a trap"
            )
        view[: len(block)] = block
        return len(block)


def unpacked(path: Path, member: str, *, office: bool) -> Generator[Unpacked, None, None]:
    """Open a file, or what a gzip or zip holds.

    Parameters
    ----------
    path
        The file.
    member
        Which members of a zip are meant, as a shell pattern on their names without folders.
    office
        Whether a zip that is a spreadsheet is one file.

    Raises
    ------
    FeedError
        If it cannot be read, unpacks to far more than a register would, or a zip holds no such member.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(4)
            file.seek(0)
            if beginning in (_ZIP, _EMPTY_ZIP) and not (office and _is_office(file, path)):
                yield from _members(file, path, member)
            elif beginning.startswith(_GZIP):
                with gzip.GzipFile(fileobj=file) as inner:
                    bounded = _Bounded(inner, path.stat().st_size, str(path))
                    yield Unpacked(str(path), io.BufferedReader(bounded, _BLOCK))
            else:
                file.seek(0)
                yield Unpacked(str(path), file)
    except OSError as error:
        raise FeedError(f"cannot read {path}: {error}") from None


def _is_office(file: IO[bytes], path: Path) -> bool:
    return not _OFFICE.isdisjoint(_open(file, path).namelist())


def _open(file: IO[bytes], path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise FeedError(f"cannot read {path}: {error}") from None


def _members(file: IO[bytes], path: Path, pattern: str) -> Iterator[Unpacked]:
    archive = _open(file, path)
    wanted = [
        info
        for info in archive.infolist()
        if not info.is_dir()
        and not any(fnmatch(info.filename, other) for other in _OTHERS)
        and fnmatch(info.filename.rpartition("/")[2], pattern)
    ]
    if not wanted:
        raise FeedError(f"{path}: holds no file {pattern!r}; allowed: one or more")
    for info in wanted:
        name = f"{path}!{info.filename}"
        if info.flag_bits & 1:
            raise FeedError(f"{name}: needs a password; allowed: files without")
        with archive.open(info) as inner:
            bounded = io.BufferedReader(_Bounded(inner, info.compress_size, name), _BLOCK)
            if bounded.peek(4)[:4] == _ZIP and not name.endswith((".xlsx", ".ods", ".xlsm", ".xlsb")):
                raise FeedError(f"{name}: is a zip in a zip; allowed: one zip around files")
            yield Unpacked(name, bounded)


@contextmanager
def on_disk(file: Unpacked, path: Path) -> Iterator[Path]:
    """A file for readers that want one on disk; a passing copy, where it came out of an archive."""
    if file.name == str(path) and not isinstance(file.stream.raw, _Bounded):  # type: ignore[attr-defined] # both are BufferedReader
        yield path
        return
    with NamedTemporaryFile(prefix="zeromile-feed-") as copy:
        while block := file.stream.read(_BLOCK):
            copy.write(block)
        copy.flush()
        yield Path(copy.name)
