"""Models that were put by name: an estimator as a lineage of the registry, whose generations are its fits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .artifacts import INLINE_LIMIT, ArtifactRef
from .errors import InvalidError, MissingError, nearest
from .ids import is_strict_name, strict_name
from .lineages import Generation, Lineage, LineageDraft, Manifest
from .named import NamedTuple
from .trusting import check_trust
from .versions import FIRST, Bump, bumped, newest

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; who builds this is built by workspace

CARD = "model.json"
"""File of a lineage that is an estimator: class, actions, serializer."""
BYTES = "estimator.bin"
_CODE = '''"""Model `{name}`, an estimator that was put by name."""

from pathlib import Path

from graftline import Model, Pipeline
from graftline.worker.serializers import load

estimator = load("{serializer}", bytearray(Path(__file__).with_name("estimator.bin").read_bytes()))
pipeline = Pipeline([Model(estimator, name="model")], name="{name}")
'''


class Estimator(NamedTuple):
    """An estimator as bytes."""

    serializer: str
    data: bytes
    type: str
    """Qualified name of its class."""
    actions: tuple[str, ...]
    """Those of `deeds.ESTIMATOR_ACTIONS` it has."""


class PutModel(NamedTuple):
    """A model of the registry that is an estimator."""

    lineage: Lineage
    estimator: ArtifactRef
    actions: tuple[str, ...]
    package: str
    """Top-level package of its class."""


def put_model(parts: Parts, name: str, estimator: Estimator) -> Lineage:
    """Publish an estimator under a name; one that is the same stays the lineage it is.

    Raises:
        InvalidError: the name is none, or is a project that was released from code.
        StoreError: the registry cannot be written.
    """
    if not is_strict_name(name):
        raise InvalidError(f"'{name}' cannot name a model", f"write {strict_name(name)}")
    registry, card = parts.registry(), _card(estimator)
    files = {
        CARD: card,
        BYTES: estimator.data,
        "pipeline.py": _CODE.format(name=name, serializer=estimator.serializer).encode(),
    }
    digests = {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}
    known = registry.lineages(name)
    if any(CARD not in each.files for each in known):
        raise InvalidError(f"'{name}' is a project that was released from code", "put the estimator under another name")
    last = newest(each.version for each in known)
    for each in known:
        if each.version == last and dict(each.files) == digests:
            return each
    parts.trust.keep([digests[BYTES]], "made", parts.clock())
    draft = LineageDraft(
        project=name,
        version=FIRST if last is None else bumped(last, Bump.MINOR),
        manifest=Manifest(target="pipeline.py", pipeline=name, description=estimator.type),
        files=digests,
        created=parts.clock(),
    )
    contents = {digests[file]: data for file, data in files.items()}
    return registry.publish(draft, contents.__getitem__)


def find_model(parts: Parts, name: str, *, trusts: bool = False) -> PutModel | None:
    """Return the newest estimator of a name; None: the name is of a project that was released from code.

    Raises:
        MissingError: the registry has nothing of that name, with the nearest.
        CheckError: its bytes were not made here and nobody trusts them.
    """
    registry = parts.registry()
    project = name.partition("@")[0].partition("/")[0]
    known = registry.lineages(project)
    if not known:
        names = [each.name for each in registry.projects()]
        hint = f"runtime.model('{project}').put(estimator) makes one"
        raise MissingError(f"the registry has no model '{project}'{nearest(project, names)}", hint)
    version = newest(each.version for each in known)
    lineage = next((each for each in known if each.version == version), known[-1])
    if CARD not in lineage.files:
        return None
    card = json.loads(registry.read(lineage.files[CARD]))
    digest = lineage.files[BYTES]
    if not trusts and digest not in parts.trust.known([digest]):
        raise InvalidError(
            f"the estimator of {lineage.address} was not put here, and loading it runs what it holds",
            f"put it again: runtime.model('{project}').put(...)",
        )
    estimator = kept(parts, registry.read(digest), card["serializer"])
    return PutModel(lineage, estimator, tuple(card["actions"]), card["class"].partition(".")[0])


def last_fit(parts: Parts, name: str) -> tuple[Generation, ArtifactRef]:
    """Return the generation a name means, and its one state, whose bytes are in the store then.

    A name alone is the newest generation of all its lineages; `titanic@champion`, `titanic/0.1.0/2` say which.

    Raises:
        MissingError: it was never fitted.
        CheckError: its state was not made here and nobody trusts it.
    """
    registry = parts.registry()
    if "@" in name or "/" in name:
        from .addresses import address_of, find_generation

        _, generation = find_generation(registry, address_of(name))
    else:
        fits = [one for each in registry.lineages(name) for one in registry.generations(name, each.version)]
        if not fits:
            raise MissingError(f"model '{name}' was never fitted", f"runtime.model('{name}').fit(X, y) fits it")
        generation = max(fits, key=lambda each: (each.draft.created, each.number))
    check_trust(parts.trust, generation, is_told=False, at=parts.clock())
    ref = generation.draft.states[0].ref
    data = registry.read(ref.sha256)
    return generation, kept(parts, data, ref.serializer)


def kept(parts: Parts, data: bytes, serializer: str) -> ArtifactRef:
    """Return stored bytes as a value that steps may take; small ones travel with the order."""
    sha256 = hashlib.sha256(data).hexdigest()
    if len(data) <= INLINE_LIMIT:
        return ArtifactRef(sha256, len(data), serializer, data)
    parts.outputs.keep(data)
    return ArtifactRef(sha256, len(data), serializer)


def check_action(model: PutModel, action: str) -> None:
    """Refuse what an estimator cannot do.

    Raises:
        InvalidError: it has no such method, with the nearest.
    """
    wanted = "fit" if action == "train" else action
    if wanted not in model.actions:
        known: Sequence[str] = model.actions
        raise InvalidError(
            f"model '{model.lineage.project}' ({model.lineage.manifest.description}) has no"
            f" {wanted}(){nearest(wanted, known)}",
            f"it has {', '.join(known)}",
        )


def _card(estimator: Estimator) -> bytes:
    card = {"class": estimator.type, "actions": list(estimator.actions), "serializer": estimator.serializer}
    return json.dumps(card, sort_keys=True).encode()
