"""A new rule: one that works, with its section of the policy and examples, to be changed."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Final

from detectors.registry import DECLARED
from streams.setup.rules import RulesError

_FILES: Final = ("rule.py", "policy.toml", "firing.jsonl", "quiet.jsonl")
_NAME: Final = re.compile(r"[a-z]+(_[a-z]+)*")
_TEMPLATE: Final = "{}.txt"


def new_rule(name: str, directory: Path) -> Path:
    """Write a new rule's folder.

    Raises
    ------
    RulesError
        If the name will not do, or the folder is there.
    """
    if not _NAME.fullmatch(name):
        raise RulesError(f"{name!r} names no rule; allowed: small letters and single underscores")
    if name in DECLARED:
        raise RulesError(f"there is a detector {name!r} already: zeromile detectors show {name}")
    folder = directory / name
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise RulesError(f"{folder} is there already") from None
    words = {
        "{{name}}": name,
        "{{class}}": "".join(part.capitalize() for part in name.split("_")),
        "{{title}}": name.replace("_", " ").capitalize(),
    }
    for file in _FILES:
        text = files("streams.lab").joinpath("template", _TEMPLATE.format(file)).read_text("utf-8")
        for mark, word in words.items():
            text = text.replace(mark, word)
        (folder / file).write_text(text, encoding="utf-8")
    return folder
