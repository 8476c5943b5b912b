"""Rules that do not belong to the package: of a folder, and of packages that are installed.

A rule of a folder is a folder of its own, named as the rule: ``rule.py`` holds one detector,
``policy.toml`` its section of the policy. A package names its detectors as entry points of the group
``zeromile.detectors``; the section stands in ``policy.toml`` beside the module.
"""

import inspect
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple, Self
from zlib import crc32

from detectors.base import Detector
from detectors.errors import ZeromileError
from detectors.registry import DECLARED

GROUP: Final = "zeromile.detectors"
RULE: Final = "rule.py"
SECTION: Final = "policy.toml"
_PREFIX: Final = "zeromile_rule_"

Rule = type[Detector[Any]]


class RulesError(ZeromileError):
    """A rule that cannot be loaded; names its file."""


class RulePlace(NamedTuple):
    """Where a rule is, so that another process can load it."""

    module: str
    name: str
    file: Path | None
    """Of a rule that no package brings."""

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """Say where a rule is."""
        file = Path(inspect.getfile(rule)) if rule.__module__.startswith(_PREFIX) else None
        return cls(rule.__module__, rule.__name__, file)

    def find(self) -> Rule:
        """Load it."""
        if self.file is not None:
            return rule_of(self.file.parent)
        found: Rule = getattr(sys.modules.get(self.module) or _imported(self.module), self.name)
        return found


class OutsideRules(NamedTuple):
    """Rules with their sections of the policy."""

    detectors: Mapping[str, Rule]
    tables: Mapping[str, Any]


def load_rules(directory: Path | None = None) -> OutsideRules:
    """Load the rules of installed packages and of a folder.

    Raises
    ------
    RulesError
        If one cannot be loaded, has no section of the policy, or takes a name that is taken.
    """
    found: dict[str, Rule] = {}
    tables: dict[str, Any] = {}
    for rule, section in (*_of_packages(), *(_of_folder(directory) if directory else ())):
        name = rule.spec.id
        if name in DECLARED or name in found:
            raise RulesError(f"{_file(rule)}: there is a detector {name!r} already")
        if rule.spec.status != "experimental":
            raise RulesError(
                f"{_file(rule)}: status is {rule.spec.status!r}; allowed: 'experimental', until the "
                "policy promotes it (`zeromile shadow promote`)"
            )
        found[name] = rule
        tables[name] = section
    return OutsideRules(found, tables)


def folders(directory: Path) -> list[Path]:
    """Folders of the rules of a folder, by name.

    Raises
    ------
    RulesError
        If there are none.
    """
    found = sorted(path.parent for path in directory.glob(f"*/{RULE}"))
    if not found:
        raise RulesError(
            f"{directory} holds no rules: a rule is a folder with {RULE} (zeromile rules new)"
        )
    return found


def rule_of(folder: Path) -> Rule:
    """The detector of a rule's folder.

    Raises
    ------
    RulesError
        If it cannot be loaded, or there is none or more than one.
    """
    path = folder / RULE
    module = _loaded(path)
    rules = [
        one
        for one in vars(module).values()
        if inspect.isclass(one) and issubclass(one, Detector) and one.__module__ == module.__name__
    ]
    if len(rules) != 1:
        raise RulesError(f"{path} holds {len(rules)} detectors; allowed: one")
    [rule] = rules
    if not hasattr(rule, "spec") or rule.spec.id != folder.name:
        named = rule.spec.id if hasattr(rule, "spec") else "not there"
        raise RulesError(f"{path}: spec.id is {named!r}; allowed: {folder.name!r}, as its folder")
    return rule


def section_of(folder: Path, name: str) -> dict[str, Any]:
    """A rule's section of the policy.

    Raises
    ------
    RulesError
        If it is not there or no TOML.
    """
    path = folder / SECTION
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesError(f"cannot read the policy section {path}: {error}") from None
    if list(tables) != [name]:
        raise RulesError(f"{path} has the sections {sorted(tables)}; allowed: [{name}] alone")
    section: dict[str, Any] = tables[name]
    return section


def _of_folder(directory: Path) -> Iterator[tuple[Rule, dict[str, Any]]]:
    for folder in folders(directory):
        yield rule_of(folder), section_of(folder, folder.name)


@cache
def _of_packages() -> tuple[tuple[Rule, dict[str, Any]], ...]:
    return tuple(map(_of_package, entry_points(group=GROUP)))


def _of_package(entry: EntryPoint) -> tuple[Rule, dict[str, Any]]:
    try:
        rule = entry.load()
    except Exception as error:
        raise RulesError(
            f"the rule {entry.name} ({entry.value}) cannot be loaded: {error!r}"
        ) from error
    if not (inspect.isclass(rule) and issubclass(rule, Detector) and hasattr(rule, "spec")):
        raise RulesError(f"the rule {entry.name} ({entry.value}) is no detector with a spec")
    return rule, section_of(_file(rule).parent, rule.spec.id)


def _loaded(path: Path) -> ModuleType:
    """Run a rule's file as a module, once for each of its contents."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RulesError(f"cannot read the rule {path}: {error}") from None
    place = crc32(str(path.resolve()).encode() + b"\0" + content)
    name = f"{_PREFIX}{path.parent.name}_{place:08x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    assert spec is not None  # noqa: S101 - a path that ends in .py has one
    assert spec.loader is not None  # noqa: S101 - the same
    module = module_from_spec(spec)
    sys.modules[name] = module  # types of parameters are looked up there
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, Exception):
            raise RulesError(f"the rule {path} cannot be loaded: {error!r}") from error
        raise
    return module


def _imported(name: str) -> ModuleType:
    __import__(name)
    return sys.modules[name]


def _file(rule: Rule) -> Path:
    return Path(inspect.getfile(rule))
