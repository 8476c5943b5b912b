"""Every error that is ours descends from one root, so that a command can say it in one line."""

import ast
import builtins
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = "ZeromileError"


def is_error(kind):
    return isinstance(kind, type) and issubclass(kind, Exception)


def error_classes():
    """Names of exception classes with the names of their bases."""
    found = {}
    for package in ("detectors", "streams"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef):
                    bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                    found[node.name] = bases
    known = {OURS} | {name for name, kind in vars(builtins).items() if is_error(kind)}
    while more := {name for name, bases in found.items() if bases & known and name not in known}:
        known |= more
    return {name: bases for name, bases in found.items() if name in known}


def test_every_error_descends_from_ours():
    classes = error_classes()
    ours = {OURS}
    while more := {name for name, bases in classes.items() if bases & ours and name not in ours}:
        ours |= more
    assert classes.keys() - ours == set()
    assert len(classes) > 20
