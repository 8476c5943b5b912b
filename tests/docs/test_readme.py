"""What the README promises is what the program does."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from streams.cli import app
from streams.cli.detectors import markdown_table

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"^\s*zeromile [^\n#|>]+", README, re.MULTILINE)))


def test_the_detector_table_is_the_catalogue() -> None:
    between = re.search(r"<!-- detectors -->\n(.*?)\n<!-- end -->", README, re.DOTALL)
    assert between is not None
    assert between[1] == markdown_table(), "run `make readme`"


def test_there_are_commands_to_check() -> None:
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_readme_exists_with_its_options(line: str) -> None:
    words = shlex.split(line)[1:]
    command: typer.main.click.Command = typer.main.get_command(app)
    while words and hasattr(command, "commands") and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    known |= {option for parameter in command.params for option in parameter.secondary_opts}
    used = {word.split("=")[0] for word in words if word.startswith("--")}
    assert used <= known | {"--help"}


def test_help_works_for_every_command() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
