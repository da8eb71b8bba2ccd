"""Load a target: import the user's code here, compile its pipeline, record the code it reaches.

Runs in a loader process, which ends afterwards: it changes directory, sys.path and sys.modules for good.
"""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..core.compiler import Compiled
from ..core.errors import GraftError, InvalidError
from ..core.given import NO_FILE, Given, ParameterFile, from_environ, variables
from ..core.graph import Json
from ..core.marks import Marks
from ..core.pipeline import Pipeline
from ..core.place import Place
from ..core.ports import Loaded, LoadRequest
from ..core.provenance import NOTE
from ..core.records import replace
from ..core.runs import Snapshot, Target
from ..core.sources import Reached, reach
from ..core.targets import Named, TargetKind, parse_target
from ..core.tasks import NotebookTask, ScriptTask, ShellTask
from .finding import pipeline_in
from .importing import import_file, import_name, refuse_import_in_step
from .ownership import is_installed
from .printing import prints_of
from .reaching import NOTHING, reached_by_data, yaml_data
from .recording import environment_of, files_in_graph, files_printed, imported_files, installed_packages, snapshot_of
from .sourcefile import read_source
from .workshop import LocalWorkshop, compile_in, namespace_of, root_of, shown_path

if TYPE_CHECKING:
    from .shelf import Shelf, ShelfAt


def load_pipeline(request: LoadRequest) -> Loaded:
    """Compile a target in this process.

    Raises:
        InvalidError: the code does not import, or the pipeline or a parameter is wrong; one message, and the user's
            own file and line.
    """
    target = request.target
    os.chdir(target.cwd)
    sys.path[:0] = [entry for entry in target.sys_path if entry not in sys.path[: len(target.sys_path)]]
    before = set(sys.modules)
    try:
        pipeline, name, own, reached = _found(target)
        shelf = _shelf(request)
        if target.definition is not None and shelf is not None:
            pipeline = shelf.opened(pipeline)
        given = Given(
            typed={**_tried(pipeline), **request.params} if request.tries else request.params,
            # What main() gives in its own execute() call is the pipeline's word, weaker than the person's.
            file={**own, **request.values},
            environ={} if request.is_again else from_environ(os.environ),
            variables=variables(os.environ),
            origins=request.origins,
            places={**dict.fromkeys(own, "execute() of the file"), **request.places},
            is_asking=request.wants_form,
        )
        workshop = LocalWorkshop(target.root, None if shelf is None else lambda root: shelf)
        compiled = compile_in(
            target.root,
            pipeline,
            given,
            name=name,
            mode=request.mode,
            of_generation=request.of_generation,
            workshop=workshop,
        )
    except GraftError as error:
        error.file = error.file and shown_path(error.file)
        raise
    if request.wants_form:
        return _form(compiled, pipeline)
    reached = replace(reached, files=(*reached.files, *(os.path.join(target.root, each) for each in request.include)))
    loaded = _loaded(target.root, target.cwd, pipeline, compiled, reached, set(sys.modules) - before, workshop)
    if request.wants_tune and pipeline.tune is not None:
        from ..core.trials import tune_to_json  # searches, which most loads need not

        loaded = replace(loaded, tune=tune_to_json(pipeline.tune))
    if not request.wants_yaml:
        return loaded
    return replace(loaded, yaml=_yaml(target.root, pipeline, name, compiled.params))


class LiveLoader:
    """Implements `Loader` for one pipeline of this process, which no file may hold: it is compiled here, each time.

    Args:
        pipeline: What is compiled, whatever a request's target says.
        params: Its parameters by name, weaker than those of a request.
        shelf_at: As `load_live` takes it.
    """

    def __init__(self, pipeline: Pipeline, params: Mapping[str, object], shelf_at: ShelfAt | None = None):
        self._pipeline = pipeline
        self._params = params
        self._shelf_at = shelf_at

    def load(self, request: LoadRequest) -> Loaded:
        """Compile the pipeline; see `load_live`."""
        typed = {**_tried(self._pipeline), **request.params} if request.tries else request.params
        params = {**self._params, **request.values}
        _, loaded = load_live(self._pipeline, params, shelf_at=self._shelf_at, mode=request.mode, typed=typed)
        if not request.wants_tune or self._pipeline.tune is None:
            return loaded
        from ..core.trials import tune_to_json  # as above

        return replace(loaded, tune=tune_to_json(self._pipeline.tune))


def _shelf(request: LoadRequest) -> Shelf | None:
    """Return the registered functions of a project; None where no step can name one."""
    if not request.functions and request.target.definition is None:
        return None
    from .shelf import Shelf  # kinds and recorded code: 1 ms

    return Shelf(request.functions, request.objects)


def _tried(pipeline: Pipeline) -> dict[str, str]:
    """Return the parameters of the first trial of a pipeline's search; none when it has no search."""
    if pipeline.tune is None:
        return {}
    from ..core.trials import first_trial, told  # as above

    return told(first_trial(pipeline.tune))


def _form(compiled: Compiled, pipeline: Pipeline) -> Loaded:
    """Return what a form needs: parameters and steps. It is not to be run, so nothing is recorded."""
    return Loaded(
        graph=compiled.graph,
        snapshot=Snapshot(files={}, contents={}),
        params=compiled.params,
        environment={},
        preload=(),
        blobs={},
        description=pipeline.description,
        form=compiled.form or (),
    )


def _yaml(root: str, pipeline: Pipeline, name: str, params: Mapping[str, Json]) -> str:
    """Return a pipeline as YAML; parameters that were given take the place of its own."""
    from ..core.definitions import Writing, definition_of
    from .naming import name_function
    from .yamlfile import write_yaml

    data = definition_of(pipeline, Writing(partial(name_function, root=root)), name)
    given: dict[str, Json] = {key: value for key, value in params.items() if ":" not in key}
    if given:
        steps = data.pop("steps")
        data |= {"params": {**pipeline.params, **given}, "steps": steps}
    return write_yaml(data)


def load_live(
    pipeline: Pipeline,
    params: Mapping[str, object],
    file_given: ParameterFile = NO_FILE,
    shelf_at: ShelfAt | None = None,
    mode: str = "job",
    of_generation: bool = False,
    typed: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Target, Loaded]:
    """Compile a pipeline object of this process, as its `execute()` does, and describe how to find it again.

    Args:
        pipeline: What to compile.
        params: Parameters by name.
        shelf_at: Returns the registered functions of a project, when a step names one.
        mode: What for: one of `MODES`.
        of_generation: In "eval", a generation is scored and not the definition.
        typed: Parameters as a person would type them; they win.

    Raises:
        InvalidError: the pipeline or a parameter is wrong, or a step is importing the module that executes it.
    """
    refuse_import_in_step()
    root = root_of(pipeline)
    file = os.path.abspath(pipeline.place.file)
    is_file = os.path.isfile(file)
    search = _own_path()
    try:
        is_python = is_file and file.endswith(".py")  # not one that was read from YAML
        code = [each for each in search if not is_installed(each)]  # else packages are read as code: 12 s of dask
        reached = reach(file, (os.path.dirname(file), *code, root), read_source) if is_python else NOTHING
        name = pipeline.name_in(namespace_of(pipeline))
        given = Given(
            typed=typed,
            call=params,
            environ=from_environ(os.environ),
            variables=variables(os.environ),
            file=file_given.values,
            places=file_given.places,
        )
        workshop = LocalWorkshop(root, shelf_at)
        compiled = compile_in(
            root, pipeline, given, name=name, mode=mode, of_generation=of_generation, workshop=workshop
        )
    except GraftError as error:
        error.file = error.file and shown_path(error.file)
        raise
    target = find_live(pipeline)
    return target, _loaded(root, target.cwd, pipeline, compiled, reached, set(sys.modules), workshop)


def find_live(pipeline: Pipeline) -> Target:
    """Return how a pipeline object of this process is found again."""
    root, file = root_of(pipeline), os.path.abspath(pipeline.place.file)
    is_file = os.path.isfile(file)
    text = os.path.relpath(file, root) + _variable_of(pipeline) if is_file else pipeline.place.file
    return Target(text=text, root=root, cwd=os.getcwd(), sys_path=_own_path(), is_loadable=is_file)


def _found(target: Target) -> tuple[Pipeline, str, Mapping[str, object], Reached]:
    """Return the pipeline, its name, the parameters its code gives it, and what its file reaches."""
    if target.definition is not None:
        data = dict(target.definition)
        pipeline = _defined(data, Marks(file=""), target.root)
        return pipeline, pipeline.name_in({}), {}, reached_by_data(data, target)
    named = parse_target(target.text)
    if named.kind is TargetKind.MODULE:
        module = import_name(named.path)
        file = module.__file__ or ""
        reached = reach(file, target.sys_path, read_source) if file.endswith(".py") else NOTHING
        pipeline, own = pipeline_in(module, named.name, file)
        return pipeline, pipeline.name_in(vars(module)), own, reached
    file = os.path.join(target.root, named.path)
    if not os.path.isfile(file):
        raise InvalidError(f"there is no file {file}")
    if named.kind is TargetKind.SHELL:
        return _shell_job(named.path, file)
    if named.kind is TargetKind.YAML:
        data, marks = yaml_data(file)
        pipeline = _defined(data, marks, target.root, named.name)
        return pipeline, pipeline.name_in({}), {}, reached_by_data(data, target, [file])
    if named.kind is TargetKind.NOTEBOOK:
        task = NotebookTask(named.path)
        task.place = Place(file, 1)
        return Pipeline([task]), task.name, {}, NOTHING
    if named.kind is not TargetKind.FILE:
        raise InvalidError(f"'{target.text}' is no file that can be loaded")
    return _in_file(named, file, target)


def _defined(data: object, marks: Marks, root: str, name: str | None = None) -> Pipeline:
    from ..core.definitions import Reading, pipeline_from  # for pipelines that are data
    from .naming import find_function

    return pipeline_from(data, Reading(marks, partial(find_function, root=root)), name)


def _in_file(named: Named, file: str, target: Target) -> tuple[Pipeline, str, Mapping[str, object], Reached]:
    reached = reach(file, target.sys_path, read_source)
    if not reached.uses_pipelines and (task := _script(named, file)) is not None:
        # Nothing in reach names a Pipeline, so it is a script; importing it to look would run it here.
        return Pipeline([task]), task.name, {}, reached
    module = import_file(file)
    pipeline, own = pipeline_in(module, named.name, file)
    return pipeline, pipeline.name_in(vars(module)), own, reached


def _script(named: Named, file: str) -> ScriptTask | None:
    """Return the task a script is: a program, a call of its `run()` or of what was named; None if that is not there."""
    from ..core.programs import entry_named, own_entry  # for scripts

    text = read_source(file) or ""
    try:
        entry = own_entry(text, file) if named.name is None else entry_named(text, file, named.name)
    except InvalidError:
        return None
    task = ScriptTask(named.path, entry=None if entry is None else entry.name)
    task.place = Place(file, 1 if entry is None else entry.line)
    return task


def _shell_job(path: str, file: str) -> tuple[Pipeline, str, Mapping[str, object], Reached]:
    with open(file, "rb") as script:
        first = script.readline(256).decode(errors="replace").strip()
    program = first[2:].strip() if first.startswith("#!") else "/bin/sh"
    name = os.path.splitext(os.path.basename(path))[0]
    import shlex

    return Pipeline([ShellTask(f"{program} {shlex.quote(path)}", name=name)]), name, {}, NOTHING


def _loaded(
    root: str,
    cwd: str,
    pipeline: Pipeline,
    compiled: Compiled,
    reached: Reached,
    modules: set[str],
    workshop: LocalWorkshop,
) -> Loaded:
    functions = {} if workshop.shelf is None else workshop.shelf.used_data()
    prints = prints_of(compiled.graph, pipeline, root=root, cwd=cwd, carried=workshop.carried)
    files = {
        *reached.files,
        *imported_files(modules),
        *files_in_graph(root, compiled.graph),
        *files_printed(root, prints),
    }
    packages = installed_packages(modules) | set(reached.packages)
    return Loaded(
        graph=compiled.graph,
        snapshot=snapshot_of(root, files),
        params=compiled.params,
        environment=environment_of(packages)
        | {NOTE: dict(compiled.note)}
        | ({"functions": dict(functions)} if functions else {}),
        preload=tuple(sorted(reached.packages)),
        blobs=compiled.blobs,
        places={index: (place.file, place.line) for index, place in compiled.places.items()},
        description=pipeline.description,
        warnings=compiled.warnings,
        prints=prints,
        dropped=compiled.dropped,
        score=_score(pipeline),
    )


def _score(pipeline: Pipeline) -> tuple[str, str] | None:
    """Return the metric a generation is ranked by, and whether more or less of it is better; None: it says none."""
    tune, evaluation = getattr(pipeline, "tune", None), getattr(pipeline, "evaluation", None)  # by calls: neither
    if tune is not None:
        return tune.metric, "maximize" if tune.is_maximum else "minimize"
    return None if evaluation is None else (next(iter(evaluation.score)), "maximize")


def _own_path() -> tuple[str, ...]:
    """Return the entries of sys.path that a worker does not have by itself: not the interpreter's, not site's."""
    installed = tuple(os.path.join(prefix, "lib", "") for prefix in (sys.prefix, sys.base_prefix))
    by_site = {*site.getsitepackages(), site.getusersitepackages()}
    entries = (os.path.abspath(entry) for entry in sys.path if entry not in by_site and os.path.exists(entry or "."))
    return tuple(
        dict.fromkeys(each for each in entries if not each.startswith(installed) and not each.endswith(".zip"))
    )


def _variable_of(pipeline: Pipeline) -> str:
    """Return ":variable" when the pipeline is a global of its module, else nothing."""
    for variable, value in namespace_of(pipeline).items():
        if value is pipeline and not variable.startswith("_"):
            return f":{variable}"
    return ""
