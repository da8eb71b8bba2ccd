"""Releasing: from the working copy to a published lineage, with everything checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .addresses import Address, address_of, find_generation
from .carry import state_differences
from .errors import CheckError, InvalidError
from .lineages import Generation, GenerationDraft, Lineage, LineageDraft
from .locks import Difference
from .named import NamedTuple
from .ports import Loaded, LoadRequest
from .records import dataclass, replace
from .runs import Snapshot, Target
from .versions import FIRST, Bump, bumped, canonical_version, is_dev, newest, parsed

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports, as in workspace
    from .releasing import Lineages


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRequest:
    """What is to be released."""

    target: Target
    version: str | None = None
    """`--version`; None: not said."""
    bump: Bump | None = None
    """Part of the newest version that is raised; None: not said."""
    configured: str | None = None
    """`[project] version`."""
    message: str | None = None
    """What is new, for people; None: the pipeline's own description."""
    carry: str | None = None
    """A generation that is taken over when every step that leads to its states is unchanged: `@champion`."""
    allows_dirty: bool = False
    """Files that differ from the commit are released too."""


class FileChange(NamedTuple):
    """One file against the release before."""

    name: str
    word: str
    """`added`, `changed`, `removed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release that was checked and not written yet."""

    draft: LineageDraft
    contents: Mapping[str, bytes]
    """sha256 -> bytes."""
    before: Lineage | None
    """The newest release; None: it is the first."""
    same: Lineage | None
    """The newest release when it is this already: there is nothing to do."""
    changes: tuple[FileChange, ...]
    carried: Generation | None
    """The generation that is taken over."""

    @property
    def code(self) -> str:
        """Return the digest of its code."""
        return Snapshot(files=self.draft.files, contents={}).key or ""

    @property
    def bytes(self) -> int:
        """Return how large its files are together."""
        return sum(len(self.contents[sha256]) for sha256 in dict.fromkeys(self.draft.files.values()))


class CarryRefused(CheckError):
    """A generation is of other training steps; `differences` has each."""

    def __init__(self, message: str, hint: str, differences: Sequence[Difference]):
        super().__init__(message, hint)
        self.differences = tuple(differences)


class Releasing:
    """Releases lineages, on the ports of a workspace."""

    def __init__(self, parts: Parts, lineages: Lineages):
        self._parts = parts
        self._lineages = lineages

    def plan(self, request: ReleaseRequest, loaded: Loaded) -> Release:
        """Return what would be released; nothing is written to the registry.

        Args:
            request: what is wanted.
            loaded: what was compiled from the working copy.

        Raises:
            InvalidError: the version is none or does not come after the newest; a file differs from the commit; or the
                code does not work without files that are not part of it.
            MissingError: there is no such generation to carry.
            CarryRefused: a step that leads to a state is not what it was.
        """
        parts, files = self._parts, dict(loaded.snapshot.files)
        manifest = self._lineages.manifest(loaded, request.target)
        manifest = replace(manifest, requirements=dict(parts.machine.requirements(manifest.requirements)))
        last = self._newest()
        draft = LineageDraft(
            project=parts.project,
            version=FIRST,
            manifest=replace(manifest, description=request.message or manifest.description),
            files=files,
            created=parts.clock(),
        )
        is_same = last is not None and _is_same(last, draft)
        version = _version(request, None if last is None else last.version, is_same=is_same)
        draft = replace(draft, version=last.version if version is None and last is not None else version or FIRST)
        if version is not None:
            draft = self._committed(draft, request)
            self._check_alone(draft, loaded)
        return Release(
            draft=draft,
            contents=loaded.snapshot.contents,
            before=last,
            same=last if version is None else None,
            changes=_changes({} if last is None else last.files, files),
            carried=None if request.carry is None else self._carried(request, last if version is None else None),
        )

    def publish(self, release: Release) -> tuple[Lineage, Generation | None]:
        """Publish what was planned, and return it with the generation it took over.

        Raises:
            ConflictError: somebody else released meanwhile.
            StoreError: the registry cannot be written.
        """
        registry = self._parts.registry()
        lineage = release.same or registry.publish(release.draft, release.contents.__getitem__)
        if release.carried is None:
            return lineage, None
        draft = carried_draft(release.carried, lineage, self._parts.clock())
        return lineage, registry.commit(draft, registry.read)

    def _newest(self) -> Lineage | None:
        known = self._parts.registry().lineages(self._parts.project)
        version = newest(each.version for each in known)
        return next((each for each in known if each.version == version), None)

    def _committed(self, draft: LineageDraft, request: ReleaseRequest) -> LineageDraft:
        """Return the draft with whether its own files are committed; others of the work tree do not matter."""
        if draft.manifest.git is None:
            return draft
        changed = self._parts.machine.uncommitted(request.target.root, list(draft.files))
        if changed and not request.allows_dirty:
            raise InvalidError(
                f"{_listed(changed)} {'differs' if len(changed) == 1 else 'differ'} from the commit that the release"
                " would name",
                "commit, or add --dirty: the release then says that it is of no commit alone",
            )
        return replace(draft, manifest=replace(draft.manifest, dirty=bool(changed)))

    def _check_alone(self, draft: LineageDraft, loaded: Loaded) -> None:
        """Compile the recorded files by themselves: what needs others must not be published."""
        parts, key = self._parts, loaded.snapshot.key
        assert key is not None, "the manifest is of files"
        copy = parts.machine.materialise(loaded.snapshot, key)
        lineage = as_lineage(draft, key)
        request = LoadRequest(target=self._lineages.target(lineage, copy), params={}, values=dict(loaded.params))
        try:
            parts.loader.load(request)
        except InvalidError as problem:
            raise InvalidError(
                f"the files of the release do not work by themselves: {problem.message}",
                "name what else belongs to them in graftline.toml: [project] include = ['queries/*.sql']",
                file=problem.file,
                line=problem.line,
            ) from problem

    def _carried(self, request: ReleaseRequest, same: Lineage | None) -> Generation | None:
        """Return the generation to take over; None when `same`, which is released already, has it."""
        parts = self._parts
        registry = parts.registry()
        lineage, generation = find_generation(registry, _own(request.carry or "", parts.project))
        if lineage.project != parts.project:
            raise InvalidError(
                f"{generation.address} is of another project than {parts.project}", "a generation stays in its project"
            )
        if same is not None:
            there = registry.generations(same.project, same.version)
            if lineage.version == same.version or any(each.draft.source == generation.address for each in there):
                return None
        given = dict(generation.draft.params)
        old = self._lineages.load(lineage, values=given, mode="train")
        wanted = LoadRequest(target=request.target, params={}, values=given, mode="train")
        new = parts.overridden(parts.loader.load(wanted), parts.default_runner)
        found = state_differences(old, lineage.manifest, new)
        if found:
            steps = list(dict.fromkeys(path for each in found for path in each.steps))
            what = f"step {steps[0]}" if len(steps) == 1 else f"{len(steps)} steps"
            raise CarryRefused(
                f"{generation.address} cannot be carried over: {what} that trained it changed",
                f"release without --carry, then train: graft train {parts.project}",
                found,
            )
        return generation


def carried_draft(generation: Generation, lineage: Lineage, now: float) -> GenerationDraft:
    """Return a generation as one of another lineage with the same training steps."""
    return replace(
        generation.draft,
        version=lineage.version,
        run=None,
        parent=None,
        origin="carry",
        source=generation.address,
        created=now,
    )


def _own(text: str, project: str) -> Address:
    """Return an address of this project, which need not be named: `@champion`, `0.2.0/3`."""
    if text.startswith("@"):
        return address_of(f"{project}{text}")
    return address_of(project, *text.split("/")) if text[:1].isdigit() and "/" in text else address_of(text)


def _version(request: ReleaseRequest, last: str | None, *, is_same: bool) -> str | None:
    """Return the version to release; None: the newest release is this already."""
    if request.version is not None and request.bump is not None:
        raise InvalidError("--version and --bump exclude each other")
    named = request.version or (None if request.bump is not None else request.configured)
    if named is None and request.bump is None:
        if last is None:
            return FIRST
        if is_same:
            return None
        hint = "name it: --bump patch, minor or major, --version, or [project] version in graftline.toml"
        raise InvalidError(f"which version comes after {last}?", hint)
    if named is None:
        return None if is_same else bumped(last, request.bump or Bump.PATCH)
    version = canonical_version(named)
    if is_dev(version):
        raise InvalidError(f"{version} is a development version", "'graft train .' makes those; release another one")
    if last is not None and parsed(version) <= parsed(last):
        if is_same and (request.version is None or version == last):
            return None
        what = "is released, with other code" if version == last else f"does not come after {last}"
        hint = "raise [project] version in graftline.toml" if request.version is None else "versions only go up"
        raise InvalidError(f"version {version} {what}", f"{hint}, or 'graft release --bump patch'")
    return version


def _is_same(lineage: Lineage, draft: LineageDraft) -> bool:
    old, new = lineage.manifest, draft.manifest
    return (dict(lineage.files), old.target, dict(old.requirements), old.python) == (
        dict(draft.files),
        new.target,
        dict(new.requirements),
        new.python,
    )


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[FileChange, ...]:
    found = []
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            word = "added" if name not in old else "removed" if name not in new else "changed"
            found.append(FileChange(name, word))
    return tuple(found)


def as_lineage(draft: LineageDraft, code: str) -> Lineage:
    """Return a draft as the lineage it becomes."""
    return Lineage(
        project=draft.project,
        version=draft.version,
        manifest=draft.manifest,
        files=draft.files,
        code=code,
        created=draft.created,
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} files ({', '.join(names[:3])}{', ...' * (len(names) > 3)})"
