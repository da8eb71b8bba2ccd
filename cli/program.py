"""The command line as typer has it: it helps, completes and complains, and reads what our own reader leaves alone."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..core.errors import InvalidError, nearest
from .complaint import usage_error
from .main import COMMANDS, find
from .options import Options
from .printer import put
from .typed import HELP_SETTINGS, to_command, to_group, with_common_options


class Root(TyperGroup):
    """The group of all commands; a command is built when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the visible names, for completion."""
        return [name for name, entry in COMMANDS.items() if entry.group]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and build one command; None when there is none of that name."""
        found = find(cmd_name)
        if found is None:
            return None
        entry = COMMANDS[cmd_name]
        if callable(found):
            return to_command(cmd_name, found, is_hidden=not entry.group)
        return to_group(cmd_name, entry.summary, found)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or say which one was probably meant."""
        if args[0] not in COMMANDS:
            known = self.list_commands(ctx)
            raise InvalidError(f"there is no command '{args[0]}'{nearest(args[0], known)}", "graft --help lists them")
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands by group, then the options."""
        for group in dict.fromkeys(entry.group for entry in COMMANDS.values() if entry.group):
            with formatter.section(group):
                formatter.write_dl([(name, each.summary) for name, each in COMMANDS.items() if each.group == group])
        records = [parameter.get_help_record(ctx) for parameter in self.get_params(ctx)]
        with formatter.section("Options, before or after the command"):
            formatter.write_dl([record for record in records if record])


def run(arguments: Sequence[str]) -> int:
    """Read one command line, do what it asks for and return the exit code.

    Raises:
        InvalidError: it is wrong.
        KeyboardInterrupt: input ended where a question was asked.
    """
    usage_problem: type[Exception] = typer.BadParameter.__bases__[0]  # typer exports only the leaf of its tree
    try:
        result = root().main(args=list(arguments), prog_name="graft", standalone_mode=False)
    except usage_problem as problem:
        raise usage_error(problem) from problem
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):  # typer would leave with 1, as if the run had failed
            raise leaving.__context__ from None
        raise
    return result if isinstance(result, int) else 0


def root() -> Any:
    """Return the group of all commands, as it is run and completed."""
    app = typer.Typer(
        cls=Root,
        invoke_without_command=True,
        add_completion=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=HELP_SETTINGS,
    )
    app.callback(help=inspect.getdoc(_start))(with_common_options(_start, _VERSION))
    return typer.main.get_command(app)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version  # 25 ms, for this option alone

        put(f"graft {version('graftline')}")
        raise typer.Exit


_VERSION = inspect.Parameter(
    "is_version",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[
        bool, typer.Option("-V", "--version", is_eager=True, callback=_print_version, help="Print the version.")
    ],
)


def _start(options: Options, *, context: typer.Context, is_version: bool) -> int | None:
    """Run pipelines of data and models, and see what happened.

    Without a command: the terminal UI.
    """
    if context.invoked_subcommand is not None:
        return None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        put(context.get_help())
        return 0
    from .opening import open_ui  # imported when it is opened

    return open_ui(options)
