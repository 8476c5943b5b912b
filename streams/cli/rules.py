"""`zeromile rules`: rules of one's own, outside the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from detectors.errors import ZeromileError
from streams.cli import exit_codes
from streams.cli.console import fail, out, plain

app = typer.Typer(no_args_is_help=True, help="Rules of your own, in a folder.")

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the rules.")]


@app.command("new")
def write_new(
    name: Annotated[str, typer.Argument(help="Id of the rule: small letters and underscores.")],
    directory: Directory = Path("rules"),
) -> None:
    """Write a rule that works, its section of the policy, and examples, to be changed."""
    from streams.lab.rule_template import new_rule

    try:
        folder = new_rule(name, directory)
    except (ZeromileError, OSError) as error:
        fail(str(error))
    for path in sorted(folder.iterdir()):
        out.print(plain(path))


@app.command("test")
def run_tests(directory: Directory = Path("rules")) -> None:
    """Put the rules of a folder to the contract that all detectors keep, and to what is expected.

    What a rule says of its examples is written beside it the first time, to be looked at; after that
    it must say the same, until somebody deletes expected.json. Exit codes: 0 fine, 1 a rule breaks the
    contract or says something else, 2 wrong use.
    """
    from streams.lab.rule_tests import EXPECTED, check_rules

    try:
        reports = list(check_rules(directory))
    except (ZeromileError, OSError) as error:
        fail(str(error))
    for report in reports:
        words = report.expected or "not asked"
        state = "[green]kept[/]" if not report.broken else "[bold red]broken[/]"
        out.print(f"[bold]{report.name}[/]  contract: {state}, {EXPECTED}: {words}", highlight=False)
        for fault in report.broken:
            out.print(plain(f"  {fault}"), soft_wrap=True)
        for line in report.difference:
            out.print(plain(f"  {line}"), soft_wrap=True)
        if report.expected == "written":
            path = directory / report.name / EXPECTED
            out.print(plain(f"  {path} was written: look at it before you rely on it"), soft_wrap=True)
        if report.expected == "differs":
            path = directory / report.name / EXPECTED
            out.print(
                plain(f"  if that is meant, delete {path} and look at the new one"), soft_wrap=True
            )
    if not all(report.passed for report in reports):
        raise typer.Exit(exit_codes.WANTING)
