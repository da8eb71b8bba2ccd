"""What a loader is asked for and what it gives back: a pipeline of user code, compiled apart from this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .graph import Graph, Json
from .prints import Prints
from .records import dataclass, field
from .runs import Snapshot, Target

if TYPE_CHECKING:
    from .formfields import FormField  # provenance and takes, for one screen
    from .registered import FunctionVersion  # with canonical, which a worker that imports this needs not


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRequest:
    """What to load and with which parameters."""

    target: Target
    params: Mapping[str, str]
    """`-p` as typed: name or STEP:name -> text."""
    values: Mapping[str, Json]
    """Parameters given as values (parameter file, recorded run)."""
    mode: str = "job"
    """One of `options.MODES`."""
    of_generation: bool = False
    """In eval: score a generation, whose states are loaded, in place of the pipeline's definition."""
    is_again: bool = False
    """The values are those of a recorded run, and the environment gives no others (retry, rerun)."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Key of a value -> where a recorded run had it from; else it is "file"."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Key of a value -> where it stands (`params.yaml:3`)."""
    functions: tuple[FunctionVersion, ...] = ()
    """Every version of the project's registered functions."""
    objects: str = ""
    """Absolute directory of object files, where their code is; empty when there are no functions."""
    include: tuple[str, ...] = ()
    """Files that belong to the code although nothing imports them, relative to the root."""
    wants_tune: bool = False
    """Also return what `tune=` searches."""
    tries: bool = False
    """Give parameters that `tune=` searches, and nobody gives, the first values that it would try."""
    wants_yaml: bool = False
    """Also write the pipeline as YAML, with the parameters that are given."""
    wants_form: bool = False
    """Say what parameters there are, instead of a graph to run: those that have to be given may be missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A pipeline compiled from user code that was imported in another process."""

    graph: Graph
    snapshot: Snapshot
    params: Mapping[str, Json]
    environment: Mapping[str, Json]
    preload: tuple[str, ...]
    """Third-party top-level packages it imports."""
    blobs: Mapping[str, bytes]
    """sha256 -> bytes of functions and constants pickled by value."""
    places: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    """Operation -> file and line of its step, of those that name a profile or an override."""
    description: str | None = None
    warnings: tuple[str, ...] = ()
    prints: Prints = field(default_factory=dict)
    """Fingerprints of the graph's operations."""
    yaml: str | None = None
    """The pipeline as YAML; None unless it was wanted."""
    form: tuple[FormField, ...] | None = None
    """Its parameters; None unless they were wanted."""
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Path -> why the step is not in the graph of this mode, in definition order."""
    score: tuple[str, str] | None = None
    """Metric that generations are ranked by, and `maximize` or `minimize`; None: the pipeline says none."""
    tune: Mapping[str, Json] | None = None
    """What its `tune=` searches, as `trials.tune_to_json` writes it; None: it has none, or was not asked for it."""
