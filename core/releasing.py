"""Lineages: found by address, published from the working copy, and run from what was published."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from .addresses import address_of, find_generation, find_lineage, known_lineages
from .contents import UnreadableFiles
from .errors import InvalidError, StoreError
from .graph import Json
from .lineages import Generation, Lineage, LineageDraft, Manifest
from .ports import Loaded, LoadRequest
from .records import replace
from .runs import Snapshot, Target
from .targets import TargetKind, parse_target
from .versions import bumped, dev_version, newest, parsed

if TYPE_CHECKING:
    from .aliasing import Aliasing
    from .building import Building
    from .exchanging import Exchanging
    from .parts import Parts  # the bundle of ports; workspace builds Lineages, so a real import would be a circle
    from .releases import Releasing

_NOTHING: Mapping[str, Json] = MappingProxyType({})


class Lineages:
    """Use-cases of lineages, on the ports of a workspace."""

    def __init__(self, parts: Parts):
        self._parts = parts

    @cached_property
    def releasing(self) -> Releasing:
        """Publishing the working copy as a release."""
        from .releases import Releasing  # for one command

        return Releasing(self._parts, self)

    @cached_property
    def aliasing(self) -> Aliasing:
        """Names that move from generation to generation."""
        from .aliasing import Aliasing  # for two commands

        return Aliasing(self._parts)

    @cached_property
    def building(self) -> Building:
        """Generations as directories that stand by themselves."""
        from .building import Building  # for one command

        return Building(self._parts, self)

    @cached_property
    def exchanging(self) -> Exchanging:
        """Copies to other registries and to files, and what is removed."""
        from .exchanging import Exchanging  # for four commands

        return Exchanging(self._parts)

    # -- found -----------------------------------------------------------------------------------------------------

    def lineage_of(self, *words: str) -> Lineage:
        """Return the lineage that an address, or up to three words, name: the newest release where none is named.

        Raises:
            InvalidError: it is no address.
            MissingError: there is none, with the nearest.
        """
        return find_lineage(self._parts.registry(), address_of(*words))

    def generation_of(self, *words: str) -> tuple[Lineage, Generation]:
        """Return the generation that an address, or up to three words, name, with its lineage.

        Where no lineage is named: the champion when it is set, else the newest release that has a generation.

        Raises:
            InvalidError: it is no address.
            MissingError: there is none, with the nearest or what to do.
        """
        return find_generation(self._parts.registry(), address_of(*words))

    def project_of(self, text: str) -> str:
        """Return the project that an address names.

        Raises:
            MissingError: there is no such project, with the nearest.
        """
        project = address_of(text).project
        known_lineages(self._parts.registry(), project)
        return project

    def snapshot(self, lineage: Lineage) -> Snapshot:
        """Return the code of a lineage, read from the registry and verified.

        Raises:
            StoreError: a file is missing or damaged.
        """
        registry = self._parts.registry()
        wanted = dict.fromkeys(lineage.files.values())
        return Snapshot(files=dict(lineage.files), contents={sha256: registry.read(sha256) for sha256 in wanted})

    def target(self, lineage: Lineage, root: str) -> Target:
        """Return the target that runs of a lineage have; such runs use their snapshot (`RunSpec.uses_snapshot`).

        Args:
            lineage: what is run.
            root: absolute directory its steps work in: the project at hand, or a copy of the code.

        Raises:
            StoreError: it names code that it does not hold.
        """
        manifest = lineage.manifest
        named = parse_target(manifest.target)
        is_held = named.kind is TargetKind.MODULE or named.path in lineage.files
        if not is_held or any(posixpath.isabs(each) or ".." in each.split("/") for each in manifest.sys_path):
            raise StoreError(f"lineage {lineage.address} names code that it does not hold", "it was not made by graft")
        search = tuple(posixpath.normpath(posixpath.join(root, each)) for each in manifest.sys_path)
        return Target(text=manifest.target, root=root, cwd=root, sys_path=search)

    def load(
        self,
        lineage: Lineage,
        *,
        params: Mapping[str, str] = MappingProxyType({}),
        values: Mapping[str, Json] = _NOTHING,
        places: Mapping[str, str] = MappingProxyType({}),
        mode: str = "job",
        of_generation: bool = False,
        runner: str | None = None,
    ) -> Loaded:
        """Compile a lineage from a copy of its code, never from the working copy.

        Args:
            lineage: what is compiled.
            params: `-p` as typed.
            values: parameters given as values.
            places: key of a value -> where it stands.
            mode: what for: `job`, `train`, `apply`, `tune`, `eval`.
            of_generation: in eval, a generation is scored and not the definition.
            runner: that will attempt it; None: the default one.

        Returns:
            What was compiled; its snapshot is the whole lineage's.

        Raises:
            InvalidError: a parameter is wrong, or the code does not import here.
            StoreError: its code is missing or damaged.
        """
        parts, snapshot = self._parts, self.snapshot(lineage)
        copy = parts.machine.materialise(snapshot, lineage.code)
        target = self.target(lineage, copy)
        loaded = parts.loader.load(
            LoadRequest(
                target=target,
                params=dict(params),
                values=dict(values),
                places=dict(places),
                mode=mode,
                of_generation=of_generation,
            )
        )
        return parts.overridden(replace(loaded, snapshot=snapshot), runner or parts.default_runner)

    def load_as(self, lineage: Lineage, wanted: LoadRequest) -> Loaded:
        """Compile a lineage from a copy of its code as a request says, whatever its target; raises as `load`."""
        snapshot = self.snapshot(lineage)
        copy = self._parts.machine.materialise(snapshot, lineage.code)
        return replace(self._parts.loader.load(replace(wanted, target=self.target(lineage, copy))), snapshot=snapshot)

    # -- published -------------------------------------------------------------------------------------------------

    def working(self, loaded: Loaded, target: Target, *, is_dry: bool = False) -> Lineage:
        """Return the development lineage of the working copy, published when this code was not yet.

        Its version comes before the next release (`0.2.1.dev3+ab12cd`); what takes the newest lineage leaves it out.

        Args:
            loaded: what was compiled from the working copy.
            target: what it was compiled from.
            is_dry: write nothing: one that would be published is only told.

        Raises:
            InvalidError: no file holds its code.
            StoreError: the registry cannot be written.
        """
        registry, project = self._parts.registry(), self._parts.project
        if target.is_loadable or registry.name != "virtual":
            manifest = self.manifest(loaded, target)
        else:  # typed into a REPL or notebook: nobody could run it again, and this registry ends with the process
            manifest = Manifest(target=target.text, pipeline=loaded.graph.name)
        known = registry.lineages(project)
        last = newest(each.version for each in known)
        base = parsed(bumped(last))
        devs = [each for each in known if each.is_dev and parsed(parsed(each.version).base_version) == base]
        for each in devs:
            if dict(each.files) == dict(loaded.snapshot.files) and each.manifest.target == manifest.target:
                return each
        number = 1 + max((parsed(each.version).dev or 0 for each in devs), default=0)
        draft = LineageDraft(
            project=project,
            version=dev_version(last, number, loaded.snapshot.key or "typed"),
            manifest=manifest,
            files=loaded.snapshot.files,
            created=self._parts.clock(),
        )
        if is_dry:
            fields = {name: getattr(draft, name) for name in ("project", "version", "manifest", "files", "created")}
            return Lineage(code=loaded.snapshot.key or "", **fields)
        return registry.publish(draft, loaded.snapshot.contents.__getitem__)

    def manifest(self, loaded: Loaded, target: Target) -> Manifest:
        """Return how the working copy is run, as its lineage says it.

        Raises:
            InvalidError: no file of the project holds its code.
        """
        if not target.is_loadable or target.definition is not None or not loaded.snapshot.files:
            raise InvalidError(
                f"'{target.text}' has no code in files of the project {target.root}",
                "a lineage is made of files: write the pipeline into one",
            )
        code = self._parts.machine.code_state(target.root, loaded.snapshot.key)
        packages, python = loaded.environment.get("packages"), loaded.environment.get("python")
        return Manifest(
            target=target.text,
            pipeline=loaded.graph.name,
            sys_path=_inside(target.sys_path, target.root),
            python=str(python or ""),
            requirements=dict(packages) if isinstance(packages, dict) else {},
            git=code.git,
            branch=code.branch,
            dirty=code.dirty,
            description=loaded.description,
        )

    # -- told ------------------------------------------------------------------------------------------------------

    def code_line(self, lineage: Lineage, *, root: str, is_working: bool, command: str) -> str:
        """Return the line that says which code runs.

        Args:
            lineage: that runs.
            root: absolute root of the project at hand.
            is_working: the working copy runs, which was published as the lineage.
            command: that would run the working copy instead: `train`, `apply`.
        """
        named = f"{lineage.project} {lineage.version}"
        if is_working:
            return f"code: working copy, published as {named}"
        if lineage.project != self._parts.project:
            return f"code: {named} (registry)"
        count = len(self.changed(lineage, root))
        if not count:
            return f"code: {named} (registry), the same as the working copy"
        differs = f"{count} {'file' if count == 1 else 'files'}"
        return f"code: {named} (registry); working copy differs in {differs}: 'graft {command} .' uses it"

    def changed(self, lineage: Lineage, root: str) -> list[str]:
        """Return the files of a lineage that are not the same in the working copy, relative to its root."""
        paths = {posixpath.join(root, name): name for name in lineage.files}
        try:
            digests = self._parts.files.digests(list(paths))
        except UnreadableFiles as error:
            digests = error.digests
        return [name for path, name in paths.items() if digests.get(path) != lineage.files[name]]


def _inside(search: Sequence[str], root: str) -> tuple[str, ...]:
    """Return the entries of sys.path that are the root or below it, relative to it; the root itself is empty."""
    below = root.rstrip("/") + "/"
    inside = (f"{each}/" for each in search if f"{each}/".startswith(below))
    return tuple(each.removeprefix(below).rstrip("/") for each in inside)
