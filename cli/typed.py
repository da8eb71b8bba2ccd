"""How a function becomes one of typer's commands, for the lines that typer reads.

Only `program.py` and what is asked at the tab key import this: a command that is carried out has no typer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from ..core.errors import InvalidError, nearest
from .completion import Unfinished
from .declaring import REQUIRED, Argument, Complete, Parameter, parameters_of
from .edge import ReaderLeft
from .options import COMMON, NAMES, Options
from .printer import put
from .reading import Function, Verbs, spelled_out

HELP_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Command(TyperCommand):
    """A command whose help lists its own options and points to the common ones."""

    declared: tuple[Parameter, ...] = ()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take an option whose value may be left out as the one that stands for it."""
        return super().parse_args(ctx, spelled_out(args, self.declared))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options of the command."""
        own = [parameter for parameter in self.get_params(ctx) if parameter.name not in NAMES]
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            records = [parameter.get_help_record(ctx) for parameter in own if parameter.param_type_name == kind]
            if any(records):
                with formatter.section(title):
                    formatter.write_dl([record for record in records if record])
        _format_end(self.name, formatter)


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
        _format_end(self.name, formatter)


def _format_end(name: str | None, formatter: Any) -> None:
    from .examples import example_lines  # for help alone

    if examples := example_lines(name or ""):
        with formatter.section("Examples"):
            formatter.write_dl(examples, col_max=50)
    formatter.write_paragraph()
    formatter.write_text("Common options (-C -P -R -E --store --project --json --plain -v): see graft --help")


def to_command(name: str, function: Function, *, is_hidden: bool = False) -> Any:
    """Return a function `f(options, ...) -> exit code` as a command that also takes the common options."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=Command, help=inspect.getdoc(function), hidden=is_hidden, context_settings=HELP_SETTINGS)(
        with_common_options(function)
    )
    return _spelling(typer.main.get_command(app), function)


def to_group(name: str, summary: str, functions: Verbs) -> Any:
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
    group: Any = typer.main.get_command(app)
    group.name = name
    for verb, function in functions.items():
        _spelling(group.commands[verb], function)
    return group


def with_common_options(function: Callable[..., int | None], *more: inspect.Parameter) -> Callable[..., int | None]:
    """Return `f(options, ...)` as a function that typer can read.

    Args:
        function: its parameter `context` gets typer's context, its parameter `given` what somebody typed.
        more: further parameters, in typer's words.
    """
    wanted = function.__annotations__

    def call(context: typer.Context, **values: Any) -> int | None:
        common = Options(**{name: values.pop(name) for name in NAMES})
        context.obj = common.over(context.obj) if isinstance(context.obj, Options) else common
        if "context" in wanted:
            values["context"] = context
        if "given" in wanted:
            values["given"] = _given(context)
        try:
            return function(context.obj, **values)
        except BrokenPipeError as error:
            raise ReaderLeft from error

    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    own = [_typed(each) for each in parameters_of(function)]
    # typer reads the signature: that is the whole trick of declaring the common options once.
    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*more, *own, context, *(_typed(each) for each in COMMON)]
    )
    call.__annotations__ = {}
    return call


def _typed(parameter: Parameter) -> inspect.Parameter:
    """Return a parameter as typer declares it."""
    told = parameter.told
    alike: dict[str, Any] = {"metavar": told.metavar, "help": told.help, "show_default": told.show_default}
    if told.complete is not None:
        alike["autocompletion"] = _completion(told.complete)
    if isinstance(told, Argument):
        declared = typer.Argument(**alike)
    else:
        declared = typer.Option(*told.names.split(), min=told.min, max=told.max, **alike)
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if parameter.default is REQUIRED else parameter.default,
        annotation=Annotated[parameter.annotation, declared],
    )


def _completion(complete: Complete) -> Callable[..., Any]:
    def offered(ctx: Any, incomplete: str) -> Any:
        return complete(Unfinished(options=_options_of(ctx), values=ctx.params), incomplete)

    return offered


def _options_of(context: typer.Context) -> Options:
    """Return the common options that were typed so far."""
    earlier = context.parent.params if context.parent is not None else {}
    given = {name: context.params.get(name) or earlier.get(name) for name in NAMES}
    return Options(**{name: value for name, value in given.items() if value is not None})


def _given(context: typer.Context) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in context.command.params:
        source = context.get_parameter_source(each.name or "")
        if source is not None and source.name == "COMMANDLINE":
            found[each.name or ""] = each.opts[-1]
    return found


def _spelling(command: Any, function: Function) -> Any:
    command.declared = parameters_of(function)
    return command
