"""What the program imports it declares: a dependency of a dependency may leave."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = {"streams", "detectors", "zeromile", "_typeshed"}


def _imported():
    for folder in ("streams", "detectors"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    yield from ((alias.name.split(".")[0], path) for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield node.module.split(".")[0], path


def _name(requirement):
    return re.split(r"[\[<>=!~ ;]", requirement)[0].lower().replace("_", "-")


def test_every_import_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [one for group in project["optional-dependencies"].values() for one in group]
    declared = {_name(one) for one in (*project["dependencies"], *extras)}
    provided = packages_distributions()
    for module, path in _imported():
        if module in OURS or module in sys.stdlib_module_names:
            continue
        brought_by = {name.lower().replace("_", "-") for name in provided.get(module, [module])}
        assert brought_by & declared, f"{path}: {module} is imported and not declared"
