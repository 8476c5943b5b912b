"""What the README promises is what the program does."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from streams.cli import app
from streams.cli.detectors import markdown_table
from streams.cli.listing import COMMANDS as COMMANDS_BY_NAME
from streams.feeds.contract import markdown

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
COMMANDS = sorted(
    {
        line
        for text in (README, *PAGES.values())
        for line in re.findall(r"^    zeromile [^\n#|>]+", text, re.MULTILINE)
    }
)


def test_the_detector_table_is_the_catalogue() -> None:
    between = re.search(r"<!-- detectors -->\n(.*?)\n<!-- end -->", README, re.DOTALL)
    assert between is not None
    assert between[1] == markdown_table(), "run `make readme`"


def test_the_fields_are_the_contract() -> None:
    between = re.search(
        r"<!-- schema -->\n(.*?)\n<!-- end schema -->", PAGES["documents.md"], re.DOTALL
    )
    assert between is not None
    assert between[1] == markdown(), "run `make readme`"


def test_the_readme_is_short() -> None:
    assert README.count("\n") <= 160


def test_the_readme_leads_to_every_page() -> None:
    assert {f"docs/{name}" for name in PAGES} <= set(re.findall(r"\]\(([^)]*)\)", README))


@pytest.mark.parametrize("name", ["README.md", *(f"docs/{name}" for name in PAGES)])
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_there_are_commands_to_check() -> None:
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_readme_exists_with_its_options(line: str) -> None:
    words = shlex.split(line)[1:]
    command = typer.main.get_command(app)
    context = typer.Context(command)
    while words and hasattr(command, "get_command") and command.get_command(context, words[0]):
        command = command.get_command(context, words.pop(0))
    known = {option for parameter in command.params for option in parameter.opts}
    known |= {option for parameter in command.params for option in parameter.secondary_opts}
    used = {word.split("=")[0] for word in words if word.startswith("--")}
    assert used <= known | {"--help"}


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS_BY_NAME)])
def test_help_works_for_every_command(words: list[str]) -> None:
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    assert "Usage: zeromile" in result.output or "Usage: root" in result.output


def test_the_version_needs_no_heavy_library() -> None:
    seen = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from streams.cli import app"],
        check=True, capture_output=True, text=True,
    ).stderr  # fmt: skip
    imported = {line.rpartition("|")[2].strip() for line in seen.splitlines()}
    assert not imported & {"numpy", "scipy", "faust", "kafka", "plotly", "sqlalchemy"}
