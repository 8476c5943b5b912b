"""Large parts of the page, compressed and written as text; the browser unpacks them by itself."""

import base64
import gzip
from functools import lru_cache
from typing import Any, Final

import msgspec
import plotly.offline

_LEVEL: Final = 9


def pack(data: bytes) -> str:
    """Compress bytes into base64 text; the same bytes always give the same text."""
    return base64.b64encode(gzip.compress(data, _LEVEL, mtime=0)).decode()


def pack_json(value: Any) -> str:
    """Write a value as JSON and compress it."""
    return pack(msgspec.json.encode(value))


@lru_cache(maxsize=1)
def pack_plotly() -> str:
    """Compress the plotting library that the Python package brings: 4.8 MB become 2 MB."""
    return pack(plotly.offline.get_plotlyjs().encode())
