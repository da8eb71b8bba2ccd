"""Mutations of packages: installed ones by version, all others by what they say."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES

from mutations import Edit, Mutation, mutation, project

_SITE = "environment/site-packages"
_FILES = project("""
import named
import other_name
import only_effect
import sibling
import loose
from sibling.part import run as _run


def by_name(): return named.run()
def by_record(): return other_name.run()
def by_module():
    import single
    return single.run()
def beside_project(): return sibling.value()
def inside_sibling(): return _run()
def without_distribution(): return loose.run()
def compiled():
    import fast
    return fast.run()
def compiled_inside():
    from package import inner
    return inner.run()
def shared():
    import shared_space.one
    return shared_space.one.run()
def beside(): return 0
=== package/__init__.py
""") | {
    f"{_SITE}/named/__init__.py": "def run(): return 1\n",
    f"{_SITE}/named-1.0.dist-info/RECORD": "named/__init__.py,,\n",
    f"{_SITE}/other_name/__init__.py": "def run(): return 2\n",
    f"{_SITE}/Py_Other-2.0.dist-info/RECORD": "other_name/__init__.py,,\n",
    f"{_SITE}/single.py": "def run(): return 3\n",
    f"{_SITE}/only_one-3.0.dist-info/RECORD": "single.py,,\n",
    f"{_SITE}/only_effect/__init__.py": "",
    f"{_SITE}/only_effect-4.0.dist-info/RECORD": "only_effect/__init__.py,,\n",
    f"{_SITE}/unrelated/__init__.py": "",
    f"{_SITE}/unrelated-5.0.dist-info/RECORD": "unrelated/__init__.py,,\n",
    f"{_SITE}/loose/__init__.py": "def run(): return 6\n",
    f"{_SITE}/shared_space/one/__init__.py": "def run(): return 7\n",
    f"{_SITE}/shared_one-7.0.dist-info/RECORD": "shared_space/one/__init__.py,,\n",
    f"{_SITE}/shared_two-8.0.dist-info/RECORD": "shared_space/two/__init__.py,,\n",
    "../sibling_root/sibling/__init__.py": "X = 9\n\n\ndef value(): return X\n\n\ndef other(): return 1\n",
    "../sibling_root/sibling/part.py": "def run(): return 10\n",
    f"fast{EXTENSION_SUFFIXES[0]}": "compiled 1",
    f"package/inner{EXTENSION_SUFFIXES[0]}": "compiled 2",
}


def _upgraded(old: str, new: str) -> tuple[Edit, Edit]:
    record = _FILES[f"{_SITE}/{old}.dist-info/RECORD"]
    return (f"{_SITE}/{old}.dist-info/RECORD", None, None), (f"{_SITE}/{new}.dist-info/RECORD", None, record)


_EDITS: dict[str, tuple[tuple[Edit, ...], str]] = {
    "version of a package": (_upgraded("named-1.0", "named-1.1"), "by_name"),
    "version of a package of another name": (_upgraded("Py_Other-2.0", "Py_Other-2.1"), "by_record"),
    "version of a module": (_upgraded("only_one-3.0", "only_one-3.1"), "by_module"),
    "version of a package nobody uses": (_upgraded("unrelated-5.0", "unrelated-5.1"), ""),
    "version of a part of a shared name": (_upgraded("shared_one-7.0", "shared_one-7.1"), "shared"),
    "installed file of no distribution": (((f"{_SITE}/loose/__init__.py", "6", "60"),), "without_distribution"),
    "package beside the project": ((("../sibling_root/sibling/__init__.py", "X = 9", "X = 90"),), "beside_project"),
    "module of that package": ((("../sibling_root/sibling/part.py", "10", "100"),), "inside_sibling"),
    "other code of that package": ((("../sibling_root/sibling/__init__.py", "return 1", "return 2"),), ""),
    "compiled module": (((f"fast{EXTENSION_SUFFIXES[0]}", "compiled 1", "compiled 3"),), "compiled"),
    "compiled module in a package": (
        ((f"package/inner{EXTENSION_SUFFIXES[0]}", "compiled 2", "compiled 4"),),
        "compiled_inside",
    ),
}
_ROW = "packages, compiled modules"
_PATH = (_SITE, "../sibling_root")
_ALL = "by_name by_record by_module beside_project inside_sibling without_distribution compiled compiled_inside shared"

CASES: list[Mutation] = [
    mutation(f"package: {name}", _ROW, _FILES, *edits, reruns=reruns, path=_PATH)
    for name, (edits, reruns) in _EDITS.items()
]
CASES.append(
    mutation(
        "package: version of one imported for its effect",
        _ROW,
        _FILES,
        *_upgraded("only_effect-4.0", "only_effect-4.1"),
        reruns=f"{_ALL} beside",
        path=_PATH,
    )
)
