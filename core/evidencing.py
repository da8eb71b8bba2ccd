"""What the results of a run's steps depend on, put together when they become ready."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from .artifacts import ArtifactRef
from .brought import Brought, bound
from .contents import CodeOfValues, Files, Restore, UnreadableFiles, unknowable
from .control import is_control
from .errors import GraftError
from .graph import Node, Operation, Policy
from .growth import Plot
from .keys import Basis, Evidence, argument_token, call_digest
from .placing import Places
from .prints import Print, Prints
from .records import dataclass, field, replace
from .reusing import Results, Reusing
from .values import Values

_PER_RUN = frozenset({"GRAFT_RUN", "GRAFT_BELOW"})
"""Variables that are another one in each run; what depends on them cannot be known before."""
_Shared: TypeAlias = tuple[int, tuple[str, ...], tuple[str, ...], bool]
"""Identity of a print, variables and secrets of a policy, whether it decides."""
_CHANNELS = frozenset({"GRAFT_OUTPUTS", "GRAFT_EXPORTS"})
"""Variables that name files through which a step returns: another one each time, and nothing depends on which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """All that is judged by, beside the graph and its values."""

    project: str
    pipeline: str
    prints: Prints
    reusing: Reusing
    results: Results
    files: Files
    root: str
    """Absolute project root."""
    cwd: str
    """Absolute working directory of steps."""
    environ: Mapping[str, str]
    """Environment variables of the process that hosts the run."""
    planned: Mapping[str, str] = field(default_factory=dict)
    """Code snapshot: path relative to the root -> sha256."""
    is_copy: bool = False
    """Steps run a copy of the recorded code, not the working copy."""
    code_of_values: CodeOfValues = unknowable
    """Says of which code values are that no step of the run made."""
    restore: Restore | None = None
    """Puts missing catalog files of reused steps back; None (a plan): they are only taken to be there."""


def is_bare(operation: Operation) -> bool:
    """Tell whether a call declares nothing that is kept; it is an effect unless its attempts log something."""
    return operation.is_effect and not is_control(operation)


def decides(operation: Operation) -> bool:
    """Tell whether `cache=` says that the step is reused, whatever the rules for others say."""
    return operation.policy.cache not in ("auto", "never")


class Evidences:
    """Puts evidence together for nodes of one run.

    Args:
        plot: the graph as it stands.
        values: what its steps have produced.
        circumstances: of the run.
    """

    def __init__(self, plot: Plot, values: Values, circumstances: Circumstances):
        self._nodes = plot.nodes
        self._operations = plot.origin.operations
        self._values = values
        self._around = circumstances
        self._places = Places(plot, values)
        self._brought = Brought(plot, values, circumstances.code_of_values)
        self._within = posixpath.relpath(circumstances.cwd, circumstances.root)
        self._bases: dict[_Shared, Basis | str] = {}
        """One for all operations that have it in common, so that it is put together, digested and stored once."""
        self._grounds: dict[tuple[int, int, int], Basis | str] = {}
        """The same by identities, of which ten thousand operations have few: to look there first saves 0.5 us each."""
        self._calls: dict[int, str] = {}
        """Digests of how operations are called."""
        self._said: dict[int, str] = {}
        """What their calls say, by identity."""

    def gather(self, paths: Sequence[str]) -> dict[str, Evidence | str]:
        """Return by path what its result will depend on, or why no key can be made."""
        nodes = [self._nodes[path] for path in paths]
        operations = dict.fromkeys([node.operation for node in nodes])
        read = self._declared({at: named for at in operations if (named := self._named(at))})
        shared = {at: self._shared(at, read.get(at)) for at in operations}
        return {node.path: self._evidence(node, shared[node.operation]) for node in nodes}

    def _evidence(self, node: Node, basis: Basis | str) -> Evidence | str:
        if isinstance(basis, str):
            return basis
        try:
            arguments, files = self._values.judged_by(node.path)
        except GraftError as problem:
            return problem.message  # it cannot be started, and its attempt will say so
        known = self._around.prints.get(node.operation)
        inherited = (None, None) if known is None else (known.inherits, known.libraries)
        if self._brought.is_any:
            brought = self._brought.to(node.operation)
            if isinstance(brought, str):
                return brought
            inherited = (bound(inherited[0], brought.classes), bound(inherited[1], brought.packages))
        return Evidence(
            place=self._places.of(node.path),
            basis=self._in_iteration(basis, node) if node.environ else basis,
            call=self._call(node.operation),
            arguments={
                # Nearly all are JSON of other steps; here, as in `Values.inputs`.
                name: f"json:{value[0]}"
                if type(value) is ArtifactRef and value[2] == "json"
                else argument_token(value, *inherited)
                for name, value in arguments
            },
            files={name: ref.sha256 for name, ref in files} if files else _NO_FILES,
        )

    def _call(self, at: int) -> str:
        """Return the digest of how an operation is called."""
        digest = self._calls.get(at)
        if digest is None:
            digest = self._calls[at] = _digest(f"{call_digest(self._operations[at], self._said)}\n{self._within}")
        return digest

    def _shared(self, at: int, reads: Mapping[str, str | None] | str | None) -> Basis | str:
        """Return what nodes of an operation share. Files are looked at each time: steps make files."""
        ground = self._ground(at)
        if reads is None or isinstance(ground, str):
            return ground
        return reads if isinstance(reads, str) else replace(ground, reads=reads)

    def _ground(self, at: int) -> Basis | str:
        """Return what operations share that have equal policies and one `Print` object: 10,000 calls of a function."""
        operation, known = self._operations[at], self._around.prints.get(at)
        same = id(known), id(operation.call), id(operation.policy)  # they live as long as the run does
        ground = self._grounds.get(same)
        if ground is None:
            ground = self._grounds[same] = self._common(operation, known)
        return ground

    def _common(self, operation: Operation, known: Print | None) -> Basis | str:
        if is_control(operation):
            known = _OURS
        elif known is None:
            return "there is no fingerprint of its code"
        policy = operation.policy
        shared = id(known), policy.env, policy.secrets, decides(operation)
        basis = self._bases.get(shared)
        if basis is None:
            basis = self._bases[shared] = self._basis(known, policy, is_decided=decides(operation))
        return basis

    def _basis(self, known: Print, policy: Policy, *, is_decided: bool) -> Basis | str:
        names = {*policy.env, *known.variables} - _CHANNELS.union(policy.secrets)
        if not is_decided:
            if known.unknown is not None:
                return known.unknown
            if per_run := sorted(names & _PER_RUN):
                return f"it reads {per_run[0]}, which is another one in each run"
        return Basis(
            code=known.digest,
            packages=known.packages,
            variables={name: value_digest(self._around.environ.get(name)) for name in sorted(names - _PER_RUN)},
        )

    def _in_iteration(self, basis: Basis, node: Node) -> Basis:
        """Return the basis of a node that has variables of its own: the numbers of the iterations it is in."""
        own = {name: value_digest(text) for name, text in node.environ if name in basis.variables}
        return replace(basis, variables={**basis.variables, **own}) if own else basis

    def _named(self, at: int) -> tuple[str, ...]:
        """Return the files an operation declares to read, and those that its command names."""
        known, declared = self._around.prints.get(at), self._operations[at].policy.reads
        return (*declared, *known.reads) if known is not None and known.reads else declared

    def _declared(self, operations: Mapping[int, Sequence[str]]) -> dict[int, Mapping[str, str | None] | str]:
        """Return by operation the digests of the files it names, or which of them cannot be read."""
        if not operations:
            return {}
        root = self._around.root
        named = {at: self._around.files.expand(globs, root) for at, globs in operations.items()}
        digests, reasons = digests_of(
            self._around.files, [within(root, name) for each in named.values() for name in each]
        )
        found: dict[int, Mapping[str, str | None] | str] = {}
        for at, names in named.items():
            unreadable = [name for name in names if within(root, name) in reasons]
            found[at] = {name: digests.get(within(root, name)) for name in names}
            if unreadable:
                found[at] = f"{unreadable[0]} cannot be read: {reasons[within(root, unreadable[0])]}"
        return found


def digests_of(files: Files, paths: Sequence[str]) -> tuple[Mapping[str, str | None], Mapping[str, str]]:
    """Return the digests of files by absolute path, and why others cannot be read."""
    if not paths:
        return {}, {}
    try:
        return files.digests(list(dict.fromkeys(paths))), {}
    except UnreadableFiles as problem:
        return problem.digests, problem.reasons


def within(root: str, name: str) -> str:
    """Return the absolute path of a file told relative to a directory, or absolute; without a slash at the end."""
    return posixpath.normpath(posixpath.join(root, name))


def value_digest(text: str | None) -> str | None:
    """Return what stands for the value of an environment variable; None: it is not set."""
    return None if text is None else _digest(text)


_NO_FILES: Mapping[str, str] = {}
_OURS = Print()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
