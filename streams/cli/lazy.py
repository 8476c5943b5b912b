"""Commands that are imported when they are used: `zeromile --version` needs neither Kafka nor scipy."""

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

from detectors.errors import ZeromileError
from streams.cli import exit_codes
from streams.cli.listing import COMMANDS, EXAMPLES, WITH_TABLES

TableFormat = Literal["table", "json", "csv"]


class LazyCommands(TyperGroup):
    """The commands by name, each imported on first use."""

    _listing = False
    """Whether only what the list of commands says of them is asked for."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands, importing none of them."""
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Complete the name of a command, importing none of them."""
        self._listing = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._listing = False

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the shape of the library's method
        """All names."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the same
        """A command by its name, ``None`` if there is none."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        if self._listing:
            return TyperCommand(cmd_name, help=place.help, rich_help_panel=place.panel)
        found = getattr(import_module(f"streams.cli.{place.module}"), place.name)
        command: Any = typer.main.get_group(found) if isinstance(found, typer.Typer) else _single(found)
        command.name = cmd_name
        _add_examples(cmd_name, command)
        _add_formats(cmd_name, command)
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; a misspelt one is answered with those it looks like."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            alike = ", ".join(get_close_matches(args[0], COMMANDS))
            suggestion = f" Did you mean {alike}?" if alike else ""
            ctx.fail(f"There is no command {args[0]!r}.{suggestion}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; an error of ours is one line, and Ctrl-C a word."""
        from streams.cli.console import fail

        try:
            return super().invoke(ctx)
        except ZeromileError as error:
            from streams.setup.outputs import WriteError

            fail(
                str(error),
                exit_codes.WANTING if isinstance(error, WriteError) else exit_codes.WRONG_USE,
            )
        except KeyboardInterrupt:
            fail("interrupted; nothing was written", exit_codes.INTERRUPTED)


def _add_examples(name: str, command: Any) -> None:
    """Put its example under a command, or under each of a group, and below the group those of all."""
    below = getattr(command, "commands", {})
    for inner, one in below.items():
        if f"{name} {inner}" in EXAMPLES:
            one.epilog = f"Example: {EXAMPLES[f'{name} {inner}']}"
    own = [EXAMPLES[name]] if name in EXAMPLES else []
    lines = own or [EXAMPLES[f"{name} {inner}"] for inner in below if f"{name} {inner}" in EXAMPLES]
    if lines:
        command.epilog = f"Example: {lines[-1]}"


def _add_formats(name: str, command: Any) -> None:
    """Give a command, or those of a group, the option by which tables are shown."""
    if name in WITH_TABLES and not hasattr(command, "commands"):
        command.params.append(_format_option())
    for below, inner in getattr(command, "commands", {}).items():
        if f"{name} {below}" in WITH_TABLES or name in WITH_TABLES:
            inner.params.append(_format_option())


def _set_format(ctx: typer.Context, value: TableFormat) -> TableFormat:
    from streams.cli.console import out

    out.format = value
    ctx.call_on_close(out.conclude)
    return value


def _formatted(
    *,
    format: Annotated[
        TableFormat,
        typer.Option(help="How tables are shown.", callback=_set_format, expose_value=False),
    ] = "table",
) -> None:
    """Bring the option."""


def _format_option() -> Any:
    return _single(_formatted).params[0]


def _single(function: Callable[..., None]) -> Any:
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
    alone.command()(function)
    return typer.main.get_command(alone)
