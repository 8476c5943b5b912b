"""Lines in arrival order without holding them all: buckets on disk, sorted one at a time."""

import contextlib
import dataclasses
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from streams.simulator.calendars import IntArray

DEFAULT_LIMIT = 96 * 1024 * 1024
_HEAD = struct.Struct("<QQ")


@dataclasses.dataclass
class _Bucket:
    keys: list[IntArray]
    tags: list[IntArray]
    lines: list[bytes]
    size: int = 0


class Spool:
    """Sorts lines by key with bounded memory.

    Parameters
    ----------
    first, last
        Least and greatest key.
    width
        Width of a bucket in keys; one bucket at a time is sorted in memory.
    limit
        Bytes of lines held before they go to disk.
    directory
        Where the temporary files live (None: the system's place).
    """

    def __init__(
        self,
        first: int,
        last: int,
        width: int,
        *,
        limit: int = DEFAULT_LIMIT,
        directory: Path | None = None,
    ) -> None:
        self._first = first
        self._width = width
        self._limit = limit
        self._count = (last - first) // width + 1
        self._buckets = [_Bucket([], [], []) for _ in range(self._count)]
        self._held = 0
        self.most_held = 0
        self._directory = tempfile.TemporaryDirectory(prefix="zeromile-", dir=directory)

    def add(self, keys: IntArray, tags: IntArray, lines: list[bytes]) -> None:
        """Add lines; equal keys keep the order in which they were added."""
        order = np.argsort(keys, kind="stable")
        bucket_of = (keys[order] - self._first) // self._width
        cuts = np.searchsorted(bucket_of, np.arange(self._count + 1))
        listed = order.tolist()
        for number in np.unique(bucket_of).tolist():
            begin, end = int(cuts[number]), int(cuts[number + 1])
            bucket = self._buckets[number]
            bucket.keys.append(keys[order[begin:end]])
            bucket.tags.append(tags[order[begin:end]])
            taken = [lines[row] for row in listed[begin:end]]
            bucket.lines.extend(taken)
            size = sum(map(len, taken))
            bucket.size += size
            self._held += size
        self.most_held = max(self.most_held, self._held)
        if self._held > self._limit:
            self._spill()

    def __iter__(self) -> Iterator[tuple[list[bytes], IntArray]]:
        """Lines and tags of one bucket after the other, sorted by key."""
        for number, bucket in enumerate(self._buckets):
            lines, keys, tags = self._load(number, bucket)
            order = np.argsort(keys, kind="stable")
            yield [lines[row] for row in order.tolist()], tags[order]
            self._buckets[number] = _Bucket([], [], [])

    def close(self) -> None:
        """Remove the temporary files."""
        self._directory.cleanup()

    def _path(self, number: int) -> Path:
        return Path(self._directory.name) / f"{number}.bucket"

    def _spill(self) -> None:
        for number, bucket in enumerate(self._buckets):
            if not bucket.lines:
                continue
            with self._path(number).open("ab") as file:
                _write(file, bucket)
            self._buckets[number] = _Bucket([], [], [])
        self._held = 0

    def _load(self, number: int, bucket: _Bucket) -> tuple[list[bytes], IntArray, IntArray]:
        lines: list[bytes] = []
        keys: list[IntArray] = []
        tags: list[IntArray] = []
        with contextlib.suppress(FileNotFoundError), self._path(number).open("rb") as file:
            while head := file.read(_HEAD.size):
                count, size = _HEAD.unpack(head)
                keys.append(np.frombuffer(file.read(8 * count), dtype=np.int64))
                tags.append(np.frombuffer(file.read(8 * count), dtype=np.int64))
                lines.extend(file.read(size).split(b"\n"))
        lines.extend(bucket.lines)
        empty = np.empty(0, dtype=np.int64)
        return (
            lines,
            np.concatenate([*keys, *bucket.keys, empty]),
            np.concatenate([*tags, *bucket.tags, empty]),
        )


def _write(file: BinaryIO, bucket: _Bucket) -> None:
    keys = np.concatenate(bucket.keys)
    body = b"\n".join(bucket.lines)
    file.write(_HEAD.pack(len(keys), len(body)))
    file.write(keys.astype("<i8").tobytes())
    file.write(np.concatenate(bucket.tags).astype("<i8").tobytes())
    file.write(body)
