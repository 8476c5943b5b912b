"""The malformed documents: what is wrong with each, its bytes, the reason and the field to expect."""

import base64
import json
from pathlib import Path
from typing import NamedTuple

CORPUS = Path(__file__).with_name("malformed.jsonl")
DROPPED = Path(__file__).with_name("dropped.jsonl")


class Malformed(NamedTuple):
    wrong: str
    payload: bytes
    reason: str
    field: str | None


def malformed_documents() -> list[Malformed]:
    """Read the corpus. Long payloads are written as pairs of a text and how often it is repeated."""
    return _entries(CORPUS)


def documents_with_bad_values() -> list[Malformed]:
    """Read the documents that count without the one value that is wrong with them."""
    return _entries(DROPPED)


def _entries(path: Path) -> list[Malformed]:
    return [_entry(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _entry(entry: dict) -> Malformed:
    if "base64" in entry:
        payload = base64.b64decode(entry["base64"])
    elif "repeat" in entry:
        payload = "".join(text * count for text, count in entry["repeat"]).encode()
    else:
        payload = entry["payload"].encode()
    return Malformed(entry["wrong"], payload, entry.get("reason", ""), entry["field"])
