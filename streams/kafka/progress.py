"""How far recorded streams have been published, kept in a file, so that publishing can go on there."""

from __future__ import annotations

from pathlib import Path

import msgspec

from detectors.errors import ZeromileError


class ProgressError(ZeromileError):
    """The file is not one of these."""


class _Published(msgspec.Struct, frozen=True):
    size: int
    """Bytes of the recorded stream: another size is another stream."""
    line: int
    """Number of the last line of which the broker has everything."""


_decoder = msgspec.json.Decoder(dict[str, _Published])


class Progress:
    """How far each recorded stream has been published.

    Parameters
    ----------
    path
        Where it is kept; need not be there yet.

    Raises
    ------
    ProgressError
        The file holds something else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._published = _decoder.decode(path.read_bytes()) if path.exists() else {}
        except (msgspec.DecodeError, OSError) as error:
            raise ProgressError(f"{path} does not say how far publishing has come: {error}") from error

    def line(self, stream: Path) -> int:
        """Last line of a stream that has been published; 0 where none has, or it is another stream."""
        published = self._published.get(str(stream))
        return published.line if published and published.size == stream.stat().st_size else 0

    def reached(self, stream: Path, line: int) -> None:
        """Keep that everything up to a line has been published."""
        self._published[str(stream)] = _Published(stream.stat().st_size, line)
        beside = self._path.with_name(f".{self._path.name}.partial")
        beside.write_bytes(msgspec.json.encode(self._published))
        beside.replace(self._path)
