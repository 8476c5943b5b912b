"""The policy: every threshold and dated rule, from one TOML text and a user's overrides.

The text that ships with the package is complete; a user's text overrides single values. A wrong key
or value is refused with the key, the value and what is allowed.
"""

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from hashlib import blake2b
from typing import Annotated, Any, NamedTuple, Self, TypeGuard, TypeVar

import msgspec
from msgspec import Meta

from detectors.base import Declared, Parameters
from detectors.country import CHINA, Country
from detectors.errors import PolicyError
from detectors.type_text import allowed_values, field_types
from detectors.watermarks import WatermarkPolicy

StructT = TypeVar("StructT", bound=msgspec.Struct)

_PATH = re.compile(r" - at `\$\.?(.*)`")
_STEP = re.compile(r"\w+")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_MISSING = re.compile(r"missing required field `([^`]+)`")


class HistoryPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of what is kept of one vehicle."""

    maximum_documents: Annotated[int, Meta(ge=2, le=10_000)]
    """Documents per vehicle; the earliest and the latest stay."""
    maximum_resolved_alerts: Annotated[int, Meta(ge=1, le=10_000)]
    """Resolved alerts whose revision is remembered per vehicle."""
    words_for_no_car: tuple[str, ...]
    """What clerks write where a vehicle has no number; upper case."""


class Policy:
    """Thresholds of everything.

    Attributes
    ----------
    history, watermarks
        Limits of a vehicle's file; how late documents may come.
    country
        Whose documents they are: China's where the policy does not say.
    parameters
        Parameters by detector id.
    detectors
        What they are parameters of, those of rules from outside the package too.
    digest
        Short digest of all values; another policy, another digest.
    tables
        The merged TOML tables.
    """

    def __init__(self, tables: dict[str, Any], detectors: Mapping[str, type[Declared]]) -> None:
        known = ["history", "watermarks", "country", *detectors]
        for section in tables:
            if section not in known:
                raise PolicyError(
                    f"{_unknown(section, known, 'section')}; a rule of your own needs its folder "
                    "(--rules DIR) or the package that brings it"
                )
        self.tables = tables
        self.detectors = detectors
        self.history = _convert(tables, "history", HistoryPolicy)
        self.watermarks = _convert(tables, "watermarks", WatermarkPolicy)
        self.country = _country(tables)
        self.parameters: dict[str, Parameters] = {
            identity: _convert(tables, identity, detector.parameters_type)
            for identity, detector in detectors.items()
        }
        self.digest = blake2b(
            msgspec.json.encode(tables, order="deterministic"), digest_size=8
        ).hexdigest()

    @classmethod
    def parse(
        cls,
        shipped: str | Mapping[str, Any],
        override: str | Mapping[str, Any] | None,
        detectors: Mapping[str, type[Declared]],
        country: str | None = None,
    ) -> "Policy":
        """Read the shipped text and, over it, a country's and a user's text or tables.

        Raises
        ------
        PolicyError
            For text that is not TOML, an unknown key, or a value that is not allowed.
        """
        return cls(_laid(shipped, country, override), detectors)


class DocumentTerms(NamedTuple):
    """What reading documents asks of the policy."""

    history: HistoryPolicy
    country: Country

    @classmethod
    def parse(cls, shipped: str, country: str | None) -> Self:
        """Read them alone, of the shipped text and, over it, a country's."""
        tables = _laid(shipped, country)
        return cls(_convert(tables, "history", HistoryPolicy), _country(tables))


def _laid(shipped: str | Mapping[str, Any], *over: str | Mapping[str, Any] | None) -> dict[str, Any]:
    """Texts or tables laid over one another."""
    tables = _read(shipped)
    for text in over:
        if text is not None:
            tables = _lay(tables, _read(text))
    return tables


def _country(tables: dict[str, Any]) -> Country:
    """The policy's country; keys of China alone lie over China's own."""
    given = tables.get("country")
    if given is None:
        return CHINA
    if isinstance(given, dict) and given.get("code", CHINA.code) == CHINA.code:
        tables = {"country": merge(msgspec.to_builtins(CHINA), given)}
    return _convert(tables, "country", Country)


def _read(text: str | Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(text, str):
        return dict(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"the policy is not TOML: {error}") from None


def _lay(base: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    """Lay a text over another; another country takes the place of the one before, whole."""
    before, after = base.get("country"), override.get("country")
    if (
        isinstance(before, dict)
        and isinstance(after, dict)
        and after.get("code", before.get("code")) != before.get("code")
    ):
        base = {name: table for name, table in base.items() if name != "country"}
    return merge(base, override)


def merge(base: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    """Lay single values over a table. Entries of a list of tables are matched by their ``id``."""
    merged = dict(base)
    for key, value in override.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = merge(old, value)
        elif _is_keyed(old) and _is_keyed(value):
            entries = {entry["id"]: entry for entry in old}
            for entry in value:
                entries[entry["id"]] = merge(entries.get(entry["id"], {}), entry)
            merged[key] = list(entries.values())
        else:
            merged[key] = value
    return merged


def _is_keyed(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(v, dict) and "id" in v for v in value)


def _convert(tables: dict[str, Any], section: str, into: type[StructT]) -> StructT:
    if section not in tables:
        raise PolicyError(f"the policy lacks the section [{section}]")
    try:
        return msgspec.convert(tables[section], into)
    except msgspec.ValidationError as error:
        raise PolicyError(_explain(str(error), tables[section], section, into)) from None


def _explain(complaint: str, table: Any, section: str, into: type[msgspec.Struct]) -> str:
    found = _PATH.search(complaint)
    path = found[1] if found else ""
    unknown = _UNKNOWN.search(complaint)
    place = ".".join(part for part in (section, path) if part)
    if unknown:
        types = field_types(into)
        return f"[{place}] " + _unknown(unknown[1], list(types), "key")
    missing = _MISSING.search(complaint)
    if missing:
        return f"[{place}] lacks the key {missing[1]!r}"
    if not path and isinstance(table, dict):
        return f"[{section}]: {complaint}"
    types = field_types(into)
    allowed = allowed_values(types[path]) if path in types else complaint.split(" - at", maxsplit=1)[0]
    return f"{place} is {_value_at(table, path)!r}; allowed: {allowed}"


def _value_at(table: Any, path: str) -> Any:
    """Follow a path such as ``restrictions[2].id``; stops at what it cannot follow."""
    for step in _STEP.findall(path):
        if isinstance(table, list) and step.isdigit():
            table = table[int(step)]
        elif isinstance(table, dict):
            table = table.get(step, table)
    return table


def _unknown(name: str, known: list[str], noun: str) -> str:
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(sorted(known))}"
    return f"unknown {noun} {name!r}{hint}"
