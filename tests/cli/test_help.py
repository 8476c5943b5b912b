"""Help comes at once and says the same everywhere."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
import typer

from streams.backfill.outputs import BATCH
from streams.cli import replay as replay_module
from streams.cli.lazy import LazyCommands
from streams.cli.listing import COMMANDS, EXAMPLES
from streams.cli.spikes import Method
from streams.spikes.methods import METHODS

HEAVY = {
    *("aiokafka", "duckdb", "faust", "jinja2", "kafka", "mode", "numpy", "plotly", "pyarrow"),
    *("scipy", "sklearn", "skops", "sqlalchemy"),
}
WAYS = [
    [],
    *([name] for name in COMMANDS),
    ["model", "drift"],
    ["detectors", "show"],
    ["alerts", "list"],
]


@pytest.mark.parametrize("words", WAYS, ids=" ".join)
def test_help_imports_nothing_heavy(words):
    program = (
        f"import sys; sys.argv = ['zeromile', *{words!r}, '-h']; from streams.cli import main; main()"
    )
    seen = subprocess.run(  # noqa: S603
        [sys.executable, "-X", "importtime", "-c", program], check=True, capture_output=True, text=True
    )
    assert "Usage: zeromile" in seen.stdout
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in seen.stderr.splitlines()}
    assert not imported & HEAVY


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name):
    place = COMMANDS[name]
    found = getattr(import_module(f"streams.cli.{place.module}"), place.name)
    text = found.info.help if isinstance(found, typer.Typer) else found.__doc__
    assert place.help == " ".join(text.strip().split("\n\n")[0].split())


def test_examples_stand_under_the_help(run):
    assert EXAMPLES["replay"] in " ".join(run("replay", "--help").output.split())


def test_every_command_has_an_example_and_options_that_it_takes():
    group, written = LazyCommands(), set()
    for name in COMMANDS:
        command = group.get_command(None, name)
        below = getattr(command, "commands", None)
        leaves = {name: command} if below is None else {f"{name} {k}": c for k, c in below.items()}
        if getattr(command, "invoke_without_command", False):
            leaves[name] = command
        for path, leaf in leaves.items():
            words = EXAMPLES[path].removeprefix(f"zeromile {path}")
            assert words != EXAMPLES[path], path
            assert leaf.epilog == f"Example: {EXAMPLES[path]}"
            taken = {option for parameter in leaf.params for option in parameter.opts}
            assert {word for word in words.split() if word.startswith("--")} <= taken
            written.add(path)
    assert written == set(EXAMPLES)


def test_every_number_shows_what_is_taken_without_it():
    group = LazyCommands()
    for name in COMMANDS:
        command = group.get_command(None, name)
        for leaf in getattr(command, "commands", {"": command}).values():
            for option in leaf.params:
                written = getattr(option, "type_descriptor", None)
                if written is None or written.annotation not in (int, float) or option.required:
                    continue
                told = (getattr(option, "help", None) or "").lower()
                shown = option.default is not None and option.show_default
                said = any(word in told for word in ("default", "without it", "instead"))
                assert shown or said, (name, leaf.name, option.name)


def test_what_help_says_is_so():
    assert set(get_args(Method)) == set(METHODS)
    assert f"with --alerts {BATCH:,}" in Path(replay_module.__file__).read_text("utf-8")


def test_a_misspelt_command_is_answered(run):
    result = run("repaly", "x")
    assert result.exit_code == 2
    assert "Did you mean replay?" in result.output


def test_a_misspelt_option_is_answered(run):
    assert "--final" in run("replay", "x", "--finl", "y").output


def test_the_version_has_a_letter(run):
    assert run("-V").output == run("--version").output
