"""What registries hold goes from one to the other and to files whole, once, and verified; or not at all."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import registries
from registries import CONTENT, digest, draft_lineage
from shelved import Shelved

from graftline.core.addresses import address_of
from graftline.core.copying import Shipment, send, ship
from graftline.core.errors import ConflictError, InvalidError, MissingError, StoreError
from graftline.core.lineages import Place
from graftline.core.registry import Registry
from graftline.plugins.registry.bundle import ZippedRegistries
from graftline.plugins.registry.filesystem import FilesystemRegistry

KINDS = sorted(registries.REGISTRIES)


@pytest.fixture(params=itertools.pairwise([*KINDS, KINDS[0]]), ids="-to-".join)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Shelved, Registry]]:
    """Yield a registry with two releases and three generations, and an empty one of another kind."""
    here, there = (registries.REGISTRIES[kind](tmp_path / kind) for kind in request.param)
    yield _filled(here, there), there
    here.close()
    there.close()


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Shelved]:
    """Yield the same without another registry; it can write files."""
    here = FilesystemRegistry(str(tmp_path / "here"))
    yield _filled(here, None)
    here.close()


def _filled(here: Registry, there: Registry | None) -> Shelved:
    made = Shelved(here, there, bundles=ZippedRegistries)
    made.release()
    made.train("0.1.0", metrics={"auc": 0.9})
    made.train("0.1.0", state=b"two")
    made.edit("second")
    made.working()
    made.release(version="0.2.0")
    made.train("0.2.0")
    made.places(["0.1.0/2"])
    return made


def held(registry: Registry) -> list[str]:
    """Return every address in a registry."""
    found = []
    for project in registry.projects():
        for lineage in registry.lineages(project.name):
            found.append(lineage.address)
            found += [each.address for each in registry.generations(project.name, lineage.version)]
    return found


def copied(made: Shelved, address: str, **said: bool) -> Shipment:
    """Copy, and return what was planned."""
    shipment = made.lineages.exchanging.shipment((address,), "there", **said)
    made.lineages.exchanging.copy(shipment, "there")
    return shipment


def test_a_project_is_copied_with_all_that_was_released_and_trained(pair: tuple[Shelved, Registry]) -> None:
    made, there = pair

    shipment = copied(made, "churn")

    assert held(there) == ["churn/0.1.0", "churn/0.1.0/1", "churn/0.1.0/2", "churn/0.2.0", "churn/0.2.0/1"]
    assert shipment.bytes == len(b"first") + len(b"second") + len(b"one") + len(b"two")
    first = there.generations("churn", "0.1.0")[0].draft
    assert (first.origin, first.source, first.run, first.metrics) == ("copy", "churn/0.1.0/1", None, {"auc": 0.9})
    assert there.read(first.states[0].ref.sha256) == b"one"
    assert there.aliases("churn") == {}


def test_what_is_there_is_not_sent_again(pair: tuple[Shelved, Registry]) -> None:
    made, there = pair
    copied(made, "churn/0.1.0/2")
    before = held(there)

    again = copied(made, "churn/0.1.0/2")

    assert (again.is_news, again.bytes, again.missing) == (False, 0, ())
    assert held(there) == before == ["churn/0.1.0", "churn/0.1.0/1"]
    rest = copied(made, "churn")
    assert [each.address for each in rest.items if each.there is None] == [
        "churn/0.1.0/1",
        "churn/0.2.0",
        "churn/0.2.0/1",
    ]
    assert len(there.generations("churn", "0.1.0")) == 2


def test_what_comes_back_is_what_went(pair: tuple[Shelved, Registry]) -> None:
    made, there = pair
    copied(made, "churn")
    before = held(made.registry)

    back = ship(there, made.registry, address_of("churn"), with_dev=True, with_aliases=False)
    send(there, made.registry, back, at=1.0, by="")

    assert back.is_news is False
    assert held(made.registry) == before


def test_development_versions_are_copied_when_asked_for(pair: tuple[Shelved, Registry]) -> None:
    made, there = pair

    copied(made, "churn", with_dev=True)

    assert [each.is_dev for each in there.lineages("churn")] == [False, True, False]


def test_an_older_lineage_may_follow_a_newer_one(pair: tuple[Shelved, Registry]) -> None:
    made, there = pair

    copied(made, "churn/0.2.0")
    copied(made, "churn/0.1.0")

    assert [each.version for each in there.lineages("churn")] == ["0.1.0", "0.2.0"]


def test_aliases_are_set_where_there_are_none_and_never_moved(pair: tuple[Shelved, Registry]) -> None:
    made, there = pair

    copied(made, "churn@champion", with_aliases=True)
    assert there.aliases("churn") == {"champion": Place("0.1.0", 1)}, "the one that was 2 is the first there"
    made.lineages.aliasing.move(("churn/0.2.0/1",), "champion")
    shipment = copied(made, "churn", with_aliases=True)

    assert shipment.standing == (("champion", Place("0.1.0", 1)),)
    assert there.aliases("churn") == {"champion": Place("0.1.0", 1)}


def test_other_code_under_the_same_version_is_refused(pair: tuple[Shelved, Registry]) -> None:
    made, there = pair
    there.publish(draft_lineage("0.2.0"), CONTENT.__getitem__)

    with pytest.raises(ConflictError, match="with other code in the other registry"):
        made.lineages.exchanging.shipment(("churn",), "there")
    assert held(there) == ["churn/0.2.0"]


def test_damaged_bytes_stop_the_copy_before_their_generation(pair: tuple[Shelved, Registry]) -> None:
    made, there = pair
    damage(made.registry, digest(b"two"))

    with pytest.raises(StoreError):
        copied(made, "churn")
    assert held(there) == ["churn/0.1.0", "churn/0.1.0/1"]


def damage(registry: Registry, sha256: str) -> None:
    """Change the bytes of a file in a registry."""
    path = registry.path(sha256)
    assert path is not None
    Path(path).write_bytes(b"evil")


def test_what_is_not_there_is_told_with_the_nearest(full: Shelved) -> None:
    with pytest.raises(MissingError, match="did you mean 'churn'"):
        full.lineages.exchanging.export(("chrun",), "x.graft")


def test_a_registry_is_not_copied_to_itself(tmp_path: Path) -> None:
    here = FilesystemRegistry(str(tmp_path / "here"))

    with pytest.raises(InvalidError, match="would be copied from"):
        _filled(here, here).lineages.exchanging.shipment(("churn",), "here")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_holds_all_of_it(full: Shelved, tmp_path: Path, kind: str) -> None:
    file = str(tmp_path / "churn.graft")
    full.lineages.exchanging.export(("churn",), file)
    there = registries.REGISTRIES[kind](tmp_path / "there")
    exchanging = Shelved(there, bundles=ZippedRegistries).lineages.exchanging

    for is_news in (True, False):
        with exchanging.bundle(file, with_aliases=True) as (bundle, shipments):
            assert [each.is_news for each in shipments] == [is_news]
            exchanging.take_in(bundle, shipments)

    assert held(there) == ["churn/0.1.0", "churn/0.1.0/1", "churn/0.1.0/2", "churn/0.2.0", "churn/0.2.0/1"]
    assert there.aliases("churn") == {"champion": Place("0.1.0", 2)}
    assert there.generations("churn", "0.1.0")[1].draft.source == "churn/0.1.0/2"
    there.close()


def test_the_same_content_is_the_same_file(full: Shelved, tmp_path: Path) -> None:
    for name in ("one", "two"):
        full.lineages.exchanging.export(("churn/0.2.0",), str(tmp_path / name))

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def _changed(change: Callable[[str, bytes], bytes | None], file: Path) -> None:
    """Write a zip file anew, each entry as a function says; None leaves it out."""
    with zipfile.ZipFile(file) as zipped:
        entries = {name: zipped.read(name) for name in zipped.namelist()}
    with zipfile.ZipFile(file, "w") as zipped:
        for name, data in entries.items():
            if (new := change(name, data)) is not None:
                zipped.writestr(name, new)


STATE = f"objects/{digest(b'two')[:2]}/{digest(b'two')[2:]}"


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        (lambda name, data: b"evil" if name == STATE else data, StoreError, "is not what was stored"),
        (lambda name, data: None if name == STATE else data, StoreError, "lacks"),
        (lambda name, data: data.replace(b'"churn"', b'"../up"'), StoreError, "holds no project"),
        (lambda name, data: data.replace(b'"pipeline.py"', b'"../pipe.py"'), StoreError, "outside of a project"),
        (lambda name, data: None if name == "registry.json" else data, InvalidError, r"no \.graft file"),
    ],
    ids=["changed", "missing", "project", "path", "no registry"],
)
def test_a_file_that_was_tampered_with_is_refused_before_anything_is_written(
    full: Shelved,
    tmp_path: Path,
    change: Callable[[str, bytes], bytes | None],
    error: type[Exception],
    told: str,
) -> None:
    file = tmp_path / "churn.graft"
    full.lineages.exchanging.export(("churn",), str(file))
    _changed(change, file)
    there = FilesystemRegistry(str(tmp_path / "there"))

    with (
        pytest.raises(error, match=told),
        Shelved(there, bundles=ZippedRegistries).lineages.exchanging.bundle(str(file)),
    ):
        pass
    assert held(there) == []


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "objects/../../evil", "projects/x/project.json", "lock"])
def test_a_file_with_a_name_that_leads_elsewhere_is_not_unpacked(tmp_path: Path, name: str) -> None:
    file = tmp_path / "evil.graft"
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("registry.json", "{}")
        zipped.writestr(name, "evil")

    with pytest.raises(InvalidError, match=r"is no \.graft file"), ZippedRegistries().unpacked(str(file)):
        pass
    assert not (tmp_path.parent / "evil").exists()


def test_a_file_that_was_cut_is_refused(full: Shelved, tmp_path: Path) -> None:
    file = tmp_path / "churn.graft"
    full.lineages.exchanging.export(("churn",), str(file))
    whole = file.read_bytes()

    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        with pytest.raises(InvalidError), full.lineages.exchanging.bundle(str(file)):
            pass


def test_a_file_that_is_not_there_or_cannot_be_written_is_told(full: Shelved, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="there is no file"), full.lineages.exchanging.bundle(str(tmp_path / "x")):
        pass
    with pytest.raises(InvalidError, match="cannot be written"):
        full.lineages.exchanging.export(("churn",), str(tmp_path / "none" / "x.graft"))


def test_a_lineage_goes_with_its_generations(full: Shelved) -> None:
    removal = full.lineages.exchanging.removal(("churn/0.2.0",))
    full.lineages.exchanging.remove(removal)

    assert [each.address for each in removal.generations] == ["churn/0.2.0/1"]
    assert held(full.registry)[:3] == ["churn/0.1.0", "churn/0.1.0/1", "churn/0.1.0/2"]
    assert "churn/0.2.0" not in held(full.registry)


@pytest.mark.parametrize("address", ["churn", "churn/0.1.0", "churn/0.1.0/2"])
def test_nothing_is_removed_while_an_alias_stands_at_it(full: Shelved, address: str) -> None:
    with pytest.raises(ConflictError, match=r"alias 'champion' stands at churn/0\.1\.0/2"):
        full.lineages.exchanging.removal((address,))
    full.lineages.exchanging.remove(full.lineages.exchanging.removal(("churn/0.1.0/1",)))


def test_an_alias_is_not_removed_as_if_it_were_what_it_stands_at(full: Shelved) -> None:
    with pytest.raises(InvalidError, match="is an alias"):
        full.lineages.exchanging.removal(("churn@champion",))
