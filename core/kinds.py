"""Kinds of functions: what can be done with one, and which step executes it. A new kind is a plugin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from . import discovery
from .errors import InvalidError, PluginError, nearest
from .graph import Json
from .steps import Step

if TYPE_CHECKING:
    from .pipeline import Pipeline  # a kind of pipelines returns one; most kinds need none of it

GROUP = "graftline.kinds"
"""Entry point group."""
BUNDLED_KINDS = {
    "notebook": "graftline.plugins.kinds:NotebookKind",
    "pipeline": "graftline.plugins.kinds:PipelineKind",
    "python": "graftline.plugins.kinds:PythonKind",
    "shell": "graftline.plugins.kinds:ShellKind",
}
"""What comes with graftline, as pyproject.toml registers it: a checkout merely on the path registers nothing."""
SHARED = ("source", "returns", "options")
"""Keys of the spec of every kind: where its code is, what it returns, options of its step."""


class Material(Protocol):
    """The code of one version of a function, as it was when it was registered."""

    @property
    def path(self) -> str:
        """Absolute path of the file its source names, written out from the store."""
        ...

    @property
    def name(self) -> str | None:
        """What the source names in the file; None: nothing."""
        ...

    def module(self) -> ModuleType:
        """Import the Python file or module the source names, apart from any other version of it.

        Raises:
            InvalidError: it does not import.
        """
        ...

    def find(self, text: str) -> Callable[..., object]:
        """Import a function of the same code by `module:name` or `file.py:name`.

        Raises:
            InvalidError: there is none.
        """
        ...


class Kind(ABC):
    """What a function is: python, shell, notebook, pipeline, or something of your own.

    Found by the entry point group `graftline.kinds`, or as `module:Class`. It is made without arguments and keeps no
    state. `step` is called where user code may be imported; `validate` is not.
    """

    name: ClassVar[str]
    """The word people use for it."""
    actions: ClassVar[tuple[str, ...]] = ("job",)
    """What can be done with its functions; `job` runs one."""
    endings: ClassVar[tuple[str, ...]] = ()
    """Endings of files that are of this kind when nobody says otherwise: `.ipynb`."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Keys of its spec beside `SHARED`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not isinstance(getattr(cls, "name", None), str) or not cls.name:
            raise TypeError(f"kind {cls.__qualname__} must have a name: name = 'word'")
        if "job" not in cls.actions:
            raise TypeError(f"kind {cls.__qualname__} must list 'job' among its actions")

    def validate(self, spec: Mapping[str, Json]) -> None:
        """Find what is wrong with a spec; called before it is registered. Imports nothing of the user's.

        Raises:
            InvalidError: it has an unknown key, or lacks what the kind needs.
        """
        known = [*SHARED, *self.keys]
        for key in spec:
            if key not in known:
                listed = f"it has {', '.join(self.keys)}" if self.keys else "it has none of its own"
                raise InvalidError(f"a function of kind {self.name} has no '{key}'{nearest(key, known)}", listed)

    @abstractmethod
    def step(self, spec: Mapping[str, Json], material: Material, **options: Any) -> Step | Pipeline:
        """Return what is executed when a function of this kind is run.

        Args:
            spec: What was registered.
            material: Its code.
            options: `name`, `returns` (None: nothing was said) and options of a step, as every task takes them.

        Raises:
            InvalidError: the code is not what the spec says.
        """


def load_kind(name: str) -> Kind:
    """Return a kind by its name, as a plugin, or as `module:Class`.

    Raises:
        InvalidError: there is none of that name; the known ones are listed.
        PluginError: it does not load, or is no kind.
    """
    try:
        found = discovery.load(GROUP, BUNDLED_KINDS.get(name, name))
    except InvalidError as problem:
        known = kind_names()
        if name in known:
            raise
        raise InvalidError(
            f"there is no kind '{name}'{nearest(name, known)}", f"known are {', '.join(known)}; or write module:Class"
        ) from problem
    if not (isinstance(found, type) and issubclass(found, Kind)):
        raise PluginError(f"the kind '{name}' is no subclass of graftline.Kind")
    try:
        return found()
    except Exception as error:  # a plugin may raise anything
        raise PluginError(f"the kind '{name}' cannot be made: {type(error).__name__}: {error}") from error


def kind_names() -> list[str]:
    """Return the names of all kinds that are installed, without importing any."""
    return sorted({*BUNDLED_KINDS, *(plugin.name for plugin in discovery.plugins(GROUP))})
