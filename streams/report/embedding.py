"""Large parts of the page, compressed and written as text; the browser unpacks them by itself."""

import base64
import gzip
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import msgspec

_LEVEL: Final = 9
_LIBRARIES: Final = ("chart.umd.min.js", "chartjs-chart-matrix.min.js")


def pack(data: bytes) -> str:
    """Compress bytes into base64 text; the same bytes always give the same text."""
    return base64.b64encode(gzip.compress(data, _LEVEL, mtime=0)).decode()


def pack_json(value: Any) -> str:
    """Write a value as JSON and compress it."""
    return pack(msgspec.json.encode(value))


@lru_cache(maxsize=1)
def pack_libraries() -> str:
    """Compress what draws the charts, Chart.js: 214 kB become 95."""
    folder = files("streams.report") / "vendored"
    return pack(b";\n".join((folder / name).read_bytes() for name in _LIBRARIES))
