"""Options that every command takes, before or after its name, declared once."""

from __future__ import annotations

from typing import Annotated

from .choices import Options as Options
from .declaring import Option, parameters_of


def declared(
    *,
    config: Annotated[
        str | None, Option("-C --config", metavar="FILE", help="Read this configuration file too; it wins.")
    ] = None,
    registry: Annotated[
        str | None,
        Option("-P --registry", metavar="REGISTRY", help="Registry: a name, ./DIRECTORY or virtual."),
    ] = None,
    runner: Annotated[
        str | None, Option("-R --runner", metavar="RUNNER", help="Runner that executes the steps.")
    ] = None,
    engine: Annotated[
        str | None,
        Option("-E --engine", metavar="ENGINE", help="Feeds and sink by one name: csv, or [engine.NAME]."),
    ] = None,
    store: Annotated[str | None, Option("--store", metavar="DIR", help="Directory of the run log.")] = None,
    project: Annotated[
        str | None, Option("--project", metavar="DIR", help="Project directory, instead of looking upward.")
    ] = None,
    is_json: Annotated[bool, Option("--json", help="Print one JSON document and nothing else.")] = False,
    is_plain: Annotated[bool, Option("--plain", help="Plain lines: no live view, no colour.")] = False,
    is_verbose: Annotated[bool, Option("-v --verbose", help="Show tracebacks and more detail.")] = False,
) -> None:
    """Declare the options of `Options`; never called."""


COMMON = parameters_of(declared)
NAMES = frozenset(parameter.name for parameter in COMMON)
