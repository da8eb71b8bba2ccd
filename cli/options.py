"""Options that every command takes, before or after its name, declared once; and how a function becomes a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from ..core.errors import InvalidError, nearest
from .choices import Options as Options
from .edge import ReaderLeft
from .printer import put

HELP_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def declared(
    config: Annotated[
        str | None, typer.Option("-C", "--config", metavar="FILE", help="Read this configuration file too; it wins.")
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option("-P", "--registry", metavar="REGISTRY", help="Registry: a name, ./DIRECTORY or virtual."),
    ] = None,
    runner: Annotated[
        str | None, typer.Option("-R", "--runner", metavar="RUNNER", help="Runner that executes the steps.")
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option("-E", "--engine", metavar="ENGINE", help="Feeds and sink by one name: csv, or [engine.NAME]."),
    ] = None,
    store: Annotated[str | None, typer.Option("--store", metavar="DIR", help="Directory of the run log.")] = None,
    project: Annotated[
        str | None, typer.Option("--project", metavar="DIR", help="Project directory, instead of looking upward.")
    ] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    is_plain: Annotated[bool, typer.Option("--plain", help="Plain lines: no live view, no colour.")] = False,
    is_verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show tracebacks and more detail.")] = False,
) -> None:
    """Declare the options of `Options`; never called."""


DECLARED = tuple(inspect.signature(declared, eval_str=True).parameters.values())
NAMES = frozenset(parameter.name for parameter in DECLARED)


_SHORT = {"--guard": "--guard=warn"}
"""Options as they may be written -> what they mean."""


class Command(TyperCommand):
    """A command whose help lists its own options and points to the common ones."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take an option whose value may be left out as the one that stands for it.

        typer would take the next word for its value: `graft run --guard pipeline.py`.
        """
        end = args.index("--") if "--" in args else len(args)
        given = [_SHORT.get(word, word) if at < end else word for at, word in enumerate(args)]
        return super().parse_args(ctx, given)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options of the command."""
        own = [parameter for parameter in self.get_params(ctx) if parameter.name not in NAMES]
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            records = [parameter.get_help_record(ctx) for parameter in own if parameter.param_type_name == kind]
            if any(records):
                with formatter.section(title):
                    formatter.write_dl([record for record in records if record])
        from .examples import example_lines  # for help alone

        if examples := example_lines(self.name or ""):
            with formatter.section("Examples"):
                formatter.write_dl(examples, col_max=50)
        formatter.write_paragraph()
        formatter.write_text("Common options (-C -P -R -E --store --project --json --plain -v): see graft --help")


def to_command(name: str, function: Callable[..., int | None], *, is_hidden: bool = False) -> Any:
    """Return a function `f(options, ...) -> exit code` as a command that also takes the common options."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=Command, help=inspect.getdoc(function), hidden=is_hidden, context_settings=HELP_SETTINGS)(
        with_common_options(function)
    )
    return typer.main.get_command(app)


def to_group(name: str, summary: str, functions: Mapping[str, Callable[..., int | None]]) -> Any:
    """Return functions by verb as a command with commands of its own: `graft job sh ...`."""
    app = typer.Typer(
        cls=Group,
        invoke_without_command=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    def start(options: Options, *, context: typer.Context) -> int | None:
        if context.invoked_subcommand is None:
            put(context.get_help())
        return None

    app.callback(help=summary, context_settings=HELP_SETTINGS)(with_common_options(start))
    for verb, function in functions.items():
        app.command(verb, cls=Command, help=inspect.getdoc(function), context_settings=HELP_SETTINGS)(
            with_common_options(function)
        )
    group = typer.main.get_command(app)
    group.name = name
    return group


class Group(TyperGroup):
    """A command with commands of its own; a word that is none of them is answered with the nearest."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or say which one was probably meant."""
        known = self.list_commands(ctx)
        if args[0] not in known:
            text = f"'{ctx.info_name}' has no command '{args[0]}'{nearest(args[0], known)}"
            raise InvalidError(text, f"it has {', '.join(known)}")
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands and examples; the common options are told of in one line."""
        rows = [(verb, self.commands[verb].get_short_help_str(80)) for verb in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
        from .examples import example_lines  # as above

        if examples := example_lines(self.name or ""):
            with formatter.section("Examples"):
                formatter.write_dl(examples, col_max=50)
        formatter.write_paragraph()
        formatter.write_text("Common options (-C -P -R -E --store --project --json --plain -v): see graft --help")


def with_common_options(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Return `f(options, ...)` as a function that typer can read; a `context` parameter gets typer's context."""
    own = [each for each in inspect.signature(function, eval_str=True).parameters.values() if each.name != "options"]
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    wants_context = any(each.name == "context" for each in own)

    def call(context: typer.Context, **values: Any) -> int | None:
        common = Options(**{name: values.pop(name) for name in NAMES})
        context.obj = common.over(context.obj) if isinstance(context.obj, Options) else common
        if wants_context:
            values["context"] = context
        try:
            return function(context.obj, **values)
        except BrokenPipeError as error:
            raise ReaderLeft from error

    taken = [*own, *([] if wants_context else [context]), *DECLARED]
    # typer reads the signature: that is the whole trick of declaring the common options once.
    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in taken]
    )
    call.__annotations__ = {}
    return call
