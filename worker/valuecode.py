"""Of which code stored values are: what their bytes name, traced as the code of steps is. Nothing of it is executed."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence

from ..core.artifacts import ArtifactRef
from ..core.canonical import canonical
from ..core.contents import BroughtCode
from ..core.errors import InvalidError
from ..core.fingerprints.index import Imported
from ..core.fingerprints.places import Places
from ..core.fingerprints.trace import CodePrint, Tracer
from ..core.runs import Target
from .blobs import object_path
from .installed import COMPILED, beyond, own_path, versions_of
from .picklenames import Named, names_in
from .prints import merged
from .records import PREFIX
from .sourcetext import SourceText

_LIBRARIES = {
    "npy": ("numpy",),
    "arrow:polars": ("polars",),
    "arrow:pyarrow": ("pyarrow",),
    "arrow:pandas": ("pandas", "pyarrow"),
}
"""What reads values that name no class."""


class _Unknown(Exception):
    """Nobody can tell of which code a value is; the text says why."""


def code_of_values(objects: str, refs: Sequence[ArtifactRef], target: Target) -> BroughtCode | str:
    """Return of which code stored values are, or in words why that cannot be known.

    Args:
        objects: absolute directory of object files.
        refs: of the values.
        target: whose root and search path find the classes that are no installed package's.
    """
    try:
        named = sorted({each for ref in refs for each in _named(objects, ref)})
        code = _traced(named, target)
    except _Unknown as problem:
        return str(problem)
    except InvalidError as problem:
        return problem.message
    if code.dynamics:
        use = code.dynamics[0]
        return f"the class of a value it gets from outside chooses code while it runs: {use.what} at {use.file}"
    versions = {name: version for name, version in versions_of(code.packages).items() if name != "python"}
    return BroughtCode(_digest(code.parts) if code.parts else None, _digest(versions) if versions else None)


def _named(objects: str, ref: ArtifactRef) -> Iterable[Named]:
    """Return the classes and functions that the bytes of a value name; of a module alone with an empty name."""
    kind = ref.serializer
    if kind in _LIBRARIES:
        return [Named(package, "") for package in _LIBRARIES[kind]]
    if kind.startswith(PREFIX):
        _, module, name = kind.split(":", 2)
        return [Named(module, name)]
    if kind not in ("pickle", "dill"):
        return []
    try:
        if ref.inline is not None:
            return names_in(io.BytesIO(ref.inline), is_apart=kind == "pickle")
        with open(object_path(objects, ref.sha256), "rb") as file:
            return names_in(file, is_apart=kind == "pickle")
    except Exception as problem:
        raise _Unknown(f"what it gets from outside cannot be looked at: {problem}") from problem


def _traced(named: Sequence[Named], target: Target) -> CodePrint:
    search, read = [*own_path(), *target.sys_path, target.root], SourceText()
    places = Places(search, read, compiled=COMPILED, beyond=beyond)
    tracer = Tracer(target.root, search, read, places)
    found: list[CodePrint] = []
    packages: set[str] = set()
    for module, name in named:
        if module == "__main__":
            raise _Unknown(f"what it gets from outside is of {name}, a class of the program that made it")
        chains = places.bases(os.path.join(target.root, ""), Imported(0, module, None))
        file = places.file_of(chains[0][-1]) if chains else None
        if file is None:
            packages.add(module.partition(".")[0])
        else:
            found.append(tracer.trace(file, name.partition(".")[0]) if name else tracer.trace_module(file))
    found.append(CodePrint(parts={}, packages=frozenset(packages), variables=frozenset(), dynamics=()))
    return merged(found)


def _digest(content: Mapping[str, str]) -> str:
    return hashlib.sha256(canonical(dict(content)).encode()).hexdigest()
