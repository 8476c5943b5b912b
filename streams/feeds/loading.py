"""Reading feed files: those that ship with the package by name, others by path."""

import re
import tomllib
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, inspect

from detectors.rejection import show
from detectors.type_text import describe
from streams.feeds.compiling import compile_feed
from streams.feeds.definition import DOCUMENT_SPECS, CodeTable, Column, FeedFile, RowCondition
from streams.feeds.errors import FeedError

_PLACE: Final = re.compile(r" - at `(?:key in )?\$\.?(.*)`")
_STEP: Final = re.compile(r"\w+|\.\.\.")
_SOME: Final = "..."
"""What the library writes for a key of a table."""
_UNKNOWN: Final = re.compile(r"unknown field `([^`]+)`")
_MISSING: Final = re.compile(r"missing required field `([^`]+)`")
_VALUES_OF: Final[dict[str, Any]] = {
    "columns": str | list[str] | Column,
    "when": list[str] | RowCondition,
    "codes": CodeTable,
    "rates": dict[str, Annotated[float, Meta(gt=0)]],
    "values": str,
    "starts": str,
    "contains": str,
}
"""Types of the values of tables with free keys."""
_LARGEST: Final = 4 << 20
"""Bytes of a feed file."""


def shipped_feeds() -> list[str]:
    """Names of the feeds that ship, sorted."""
    folder = files("streams.feeds").joinpath("shipped")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir())


def feed_text(name: str) -> str:
    """The text of a feed: one that ships, by its name, or a file, by its path.

    Raises
    ------
    FeedError
        If there is none, or it cannot be read.
    """
    if name in shipped_feeds():
        shipped = files("streams.feeds").joinpath("shipped", f"{name}.toml")
        return shipped.read_text(encoding="utf-8")
    path = Path(name)
    if not path.is_file():
        close = get_close_matches(name, shipped_feeds(), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; shipped: {', '.join(shipped_feeds())}"
        raise FeedError(f"there is no feed {name!r}: neither a shipped one nor a file{hint}")
    try:
        if path.stat().st_size > _LARGEST:
            raise FeedError(f"{name}: a feed file of more than {_LARGEST >> 20} MiB; is it the data?")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FeedError(f"cannot read the feed {name}: {error}") from None


def load_feed(name: str) -> FeedFile:
    """Load and check a feed, by the name of a shipped one or the path of a file.

    Raises
    ------
    FeedError
        If there is none; for text that is not TOML, a wrong key, or a value that is not allowed.
    """
    return parse_feed(feed_text(name), name)


def parse_feed(text: str, name: str) -> FeedFile:
    """Read and check the text of a feed file; its name is for the messages.

    Raises
    ------
    FeedError
        For text that is not TOML, a wrong key, or a value that is not allowed.
    """
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FeedError(f"{name}: the feed is not TOML: {error}") from None
    try:
        feed = msgspec.convert(tables, FeedFile)
    except msgspec.ValidationError as error:
        raise FeedError(f"{name}: {_explain(str(error), tables)}") from None
    try:
        compile_feed(feed)
    except FeedError as error:
        raise FeedError(f"{name}: {error}") from None
    return feed


def _explain(complaint: str, tables: dict[str, Any]) -> str:
    found = _PLACE.search(complaint)
    value, place, info = _follow(tables, _STEP.findall(found[1]) if found else [])
    where = f"[{place}]" if place else "the feed"
    unknown, missing = _UNKNOWN.search(complaint), _MISSING.search(complaint)
    if unknown:
        return f"{where}: unknown key {unknown[1]!r}{_hint(unknown[1], _keys(info))}"
    if missing:
        return f"{where} lacks the key {missing[1]!r}"
    fault = complaint.split(" - at", maxsplit=1)[0]
    allowed = " or ".join(dict.fromkeys(map(_in_words, _alternatives(info)))) or fault
    return f"{place} is {show(value)}; allowed: {allowed}"


def _follow(tables: dict[str, Any], steps: list[str]) -> tuple[Any, str, inspect.Type | None]:
    """The value at a path, the path with names for the library's dots, and the declared type there."""
    value: Any = tables
    info: inspect.Type | None = inspect.type_info(FeedFile)
    names: list[str] = []
    for step in steps:
        info = _below(info, step, value)
        if step == _SOME and isinstance(value, dict):
            names.append(_wrong_key(value, names))
            value = value.get(names[-1])
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
            names[-1] += f"[{int(step) + 1}]"
        elif isinstance(value, dict):
            value = value.get(step)
            names.append(step)
    return value, ".".join(names), info


def _wrong_key(table: dict[str, Any], names: list[str]) -> str:
    """Key of a table whose value is not of its values' type: the library names only the table."""
    wanted = _VALUES_OF.get(names[-1], Annotated[float, Meta(gt=0)])
    for key, value in table.items():
        try:
            msgspec.convert(value, wanted)
        except msgspec.ValidationError:
            return key
    return _SOME


def _below(info: inspect.Type | None, step: str, value: Any) -> inspect.Type | None:
    """The declared type one step further down."""
    for one in _alternatives(info):
        if isinstance(one, inspect.DictType) and isinstance(value, dict):
            return one.value_type
        if isinstance(one, inspect.ListType) and isinstance(value, list):
            return one.item_type
        if isinstance(one, inspect.StructType) and _is_tagged_so(one, value):
            types = {field.encode_name: field.type for field in one.fields}
            return types.get(step, info if step == one.tag_field else None)
    return None


def _is_tagged_so(info: inspect.StructType, value: Any) -> bool:
    return (
        info.tag_field is None
        or not isinstance(value, dict)
        or value.get("type") == info.tag
        or value.get("type") not in DOCUMENT_SPECS
    )


def _alternatives(info: inspect.Type | None) -> list[inspect.Type]:
    if isinstance(info, inspect.Metadata):
        info = info.type
    if isinstance(info, inspect.UnionType):
        return [part for option in info.types for part in _alternatives(option)]
    return [] if info is None or isinstance(info, inspect.NoneType) else [info]


def _keys(info: inspect.Type | None) -> list[str]:
    structs = (one for one in _alternatives(info) if isinstance(one, inspect.StructType))
    return list(dict.fromkeys(field.encode_name for struct in structs for field in struct.fields))


def _in_words(info: inspect.Type) -> str:
    if not isinstance(info, inspect.StructType):
        return describe(info)
    if info.tag_field is not None:
        return f"a table whose type is one of {', '.join(DOCUMENT_SPECS)}"
    return f"a table with {', '.join(field.encode_name for field in info.fields)}"


def _hint(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(sorted(known))}"
