"""Commands that are imported when they are used: `zeromile --version` needs neither Kafka nor scipy."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

from detectors.errors import ZeromileError
from streams.cli import exit_codes

COMMANDS: Final = {
    "demo": "demo:demo",
    "replay": "replay:replay",
    "explain": "explain:explain",
    "simulate": "simulate:simulate",
    "evaluate": "evaluate:evaluate",
    "train": "train:train",
    "spikes": "spikes:spikes",
    "feed": "feed:app",
    "worker": "worker:worker",
    "sink": "sink:sink",
    "publish": "publish:publish",
    "vehicle": "vehicle:vehicle",
    "doctor": "doctor:doctor",
    "detectors": "detectors:app",
    "model": "model:app",
    "policy": "policy:app",
    "alerts": "alerts:app",
    "dead-letters": "dead_letters:app",
    "topics": "topics:app",
    "watermarks": "watermarks:app",
    "state": "state:app",
    "settings": "settings:app",
}
"""Where each command stands, in the order of the help: module of `streams.cli` and name in it."""


class LazyCommands(TyperGroup):
    """The commands by name, each imported on first use."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the shape of the library's method
        """All names."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the same
        """A command by its name, ``None`` if there is none."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, name = place.split(":")
        found = getattr(import_module(f"streams.cli.{module}"), name)
        command: Any = typer.main.get_group(found) if isinstance(found, typer.Typer) else _single(found)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        """Run a command; an error of ours is one line, and Ctrl-C a word."""
        from streams.cli.console import fail  # noqa: PLC0415 - not needed where all goes well

        try:
            return super().invoke(ctx)
        except ZeromileError as error:
            from streams.setup.outputs import WriteError  # noqa: PLC0415 - the same

            fail(
                str(error),
                exit_codes.WANTING if isinstance(error, WriteError) else exit_codes.WRONG_USE,
            )
        except KeyboardInterrupt:
            fail("interrupted; nothing was written", exit_codes.INTERRUPTED)


def _single(function: Callable[..., None]) -> Any:
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
    alone.command()(function)
    return typer.main.get_command(alone)
