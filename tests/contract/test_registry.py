"""What every registry promises. A provider of your own passes by being added to `REGISTRIES`."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import registries
from registries import CONTENT, digest, draft_generation, draft_lineage, place

from graftline.core.errors import ConflictError, InvalidError, MissingError, StoreError
from graftline.core.ids import new_run_id
from graftline.core.lineages import Move, Place
from graftline.core.registry import Registry
from graftline.plugins.registry.filesystem import FilesystemRegistry

Open = Callable[[], Registry]


@pytest.fixture(params=sorted(registries.REGISTRIES))
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Yield what opens one and the same registry again and again."""
    first = registries.REGISTRIES[request.param](tmp_path)
    yield lambda: registries.open_again(first)
    first.close()


@pytest.fixture
def registry(reopen: Open) -> Registry:
    """Return an empty registry."""
    return reopen()


def test_an_empty_registry_has_nothing(registry: Registry) -> None:
    assert registry.projects() == []
    assert registry.lineages("churn") == []
    assert registry.generations("churn", "0.1.0") == []
    assert registry.history("churn") == []


def test_a_lineage_comes_back_as_it_was_published(reopen: Open) -> None:
    published = reopen().publish(draft_lineage("0.1.0"), CONTENT.__getitem__)

    (found,) = reopen().lineages("churn")
    assert found == published
    assert found.address == "churn/0.1.0"
    assert {name: reopen().read(sha256) for name, sha256 in found.files.items()} == {
        "pipeline.py": b"steps = []\n",
        "helpers.py": b"x = 1\n",
    }


def test_versions_only_go_up(registry: Registry) -> None:
    registry.publish(draft_lineage("0.2.0"), CONTENT.__getitem__)

    for version in ("0.1.0", "0.2.0rc1"):
        with pytest.raises(ConflictError, match=r"does not come after 0\.2\.0"):
            registry.publish(draft_lineage(version), CONTENT.__getitem__)
    assert [each.version for each in registry.lineages("churn")] == ["0.2.0"]


def test_a_lineage_never_changes(registry: Registry) -> None:
    first = registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    changed = replace(draft_lineage("0.1.0"), files={"pipeline.py": digest(b"x = 1\n")})

    with pytest.raises(ConflictError, match="with other code"):
        registry.publish(changed, CONTENT.__getitem__)
    assert registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__) == first


def test_lineages_are_in_the_order_of_versions_not_of_texts(registry: Registry) -> None:
    for version in ("0.9.0", "0.10.0", "0.10.1.dev1+ab12"):
        registry.publish(draft_lineage(version), CONTENT.__getitem__)

    assert [each.version for each in registry.lineages("churn")] == ["0.9.0", "0.10.0", "0.10.1.dev1+ab12"]
    (project,) = registry.projects()
    assert (project.lineages, project.newest) == (2, "0.10.0")


def test_what_is_no_version_is_refused(registry: Registry) -> None:
    with pytest.raises(InvalidError, match="is no version"):
        registry.publish(draft_lineage("latest"), CONTENT.__getitem__)
    assert registry.projects() == []


def test_bytes_that_are_not_what_their_digest_says_are_never_published(registry: Registry) -> None:
    with pytest.raises(StoreError):
        registry.publish(draft_lineage("0.1.0"), lambda sha256: b"something else")
    assert registry.lineages("churn") == []


def test_generations_are_numbered_from_one(reopen: Open) -> None:
    registry = reopen()
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)

    made = [registry.commit(draft_generation(state=state), CONTENT.__getitem__) for state in (b"one", b"two", b"one")]

    assert [each.number for each in made] == [1, 2, 3]
    assert [each.same_as for each in made] == [None, None, 1]
    assert reopen().generations("churn", "0.1.0") == made
    assert reopen().lineages("churn")[0].generations == 3
    assert reopen().read(made[1].draft.states[0].ref.sha256) == b"two"


def test_everything_a_generation_says_comes_back(registry: Registry) -> None:
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    draft = replace(
        draft_generation(),
        params={"C": 0.5, "deep": [float("inf"), None]},
        metrics={"auc": 0.9},
        score=0.9,
        lower="2026-01-01",
        upper="2026-11-20",
        run=new_run_id(),
        parent=None,
        origin="tune",
    )

    assert registry.commit(draft, CONTENT.__getitem__).draft == draft
    assert registry.generations("churn", "0.1.0")[0].draft == draft


def test_a_run_makes_one_generation_however_often_it_commits(registry: Registry) -> None:
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    draft = replace(draft_generation(), run=new_run_id())

    first = registry.commit(draft, CONTENT.__getitem__)

    assert registry.commit(draft, CONTENT.__getitem__) == first
    assert len(registry.generations("churn", "0.1.0")) == 1


def test_a_generation_needs_its_lineage(registry: Registry) -> None:
    with pytest.raises(MissingError):
        registry.commit(draft_generation(), CONTENT.__getitem__)


def test_a_commit_that_fails_takes_no_number(registry: Registry) -> None:
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)

    with pytest.raises(StoreError):
        registry.commit(draft_generation(state=b"one"), lambda sha256: b"damaged")
    assert registry.commit(draft_generation(state=b"two"), CONTENT.__getitem__).number == 1


def test_numbers_are_never_given_again(registry: Registry) -> None:
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    for state in (b"one", b"two"):
        registry.commit(draft_generation(state=state), CONTENT.__getitem__)

    registry.remove("churn", "0.1.0", 2)

    assert [each.number for each in registry.generations("churn", "0.1.0")] == [1]
    assert registry.commit(draft_generation(state=b"two"), CONTENT.__getitem__).number == 3


def test_numbers_of_a_lineage_that_was_removed_are_not_given_again(registry: Registry) -> None:
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    registry.commit(draft_generation(), CONTENT.__getitem__)

    registry.remove("churn", "0.1.0")
    assert registry.lineages("churn") == []

    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    assert registry.generations("churn", "0.1.0") == []
    assert registry.commit(draft_generation(), CONTENT.__getitem__).number == 2


def test_cleaning_touches_nothing_that_is_named(reopen: Open) -> None:
    registry = reopen()
    assert registry.clean(is_plan=True) == registry.clean(is_plan=False) == (0, 0)
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    made = [registry.commit(draft_generation(state=state), CONTENT.__getitem__) for state in (b"one", b"two", b"one")]
    registry.remove("churn", "0.1.0", 3)
    assert registry.clean(is_plan=False) == (0, 0)  # the first has the same state
    registry.remove("churn", "0.1.0", 2)

    planned, went = registry.clean(is_plan=True), registry.clean(is_plan=False)

    assert planned == went
    assert went in ((1, 3), (0, 0))  # a registry in a store leaves that to the store
    assert registry.clean(is_plan=False) == (0, 0)
    for sha256 in (*reopen().lineages("churn")[0].files.values(), made[0].draft.states[0].ref.sha256):
        assert reopen().read(sha256) == CONTENT[sha256]
    if went[0]:
        with pytest.raises(StoreError):
            registry.read(made[1].draft.states[0].ref.sha256)
    assert registry.commit(draft_generation(state=b"two"), CONTENT.__getitem__).number == 4


def test_what_an_alias_points_at_is_not_removed(registry: Registry) -> None:
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    registry.commit(draft_generation(), CONTENT.__getitem__)
    registry.move("churn", _move(None, place(1)))

    for words in (("0.1.0", 1), ("0.1.0", None)):
        with pytest.raises(ConflictError, match="champion"):
            registry.remove("churn", *words)
    for unknown in (("9.0", None), ("0.1.0", 7)):
        with pytest.raises(MissingError):
            registry.remove("churn", *unknown)
    registry.remove("churn")
    assert registry.projects() == []


def test_an_alias_has_a_history(reopen: Open) -> None:
    registry = reopen()
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    for state in (b"one", b"two"):
        registry.commit(draft_generation(state=state), CONTENT.__getitem__)
    moves = [_move(None, place(1)), _move(place(1), place(2)), _move(place(2), place(1), why="rollback")]

    for each in moves:
        registry.move("churn", each)

    assert reopen().history("churn") == moves
    assert reopen().aliases("churn") == {"champion": place(1)}
    registry.move("churn", _move(place(1), None))
    assert registry.aliases("churn") == {}


def test_an_alias_moves_only_from_where_it_is_thought_to_stand(registry: Registry) -> None:
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    for state in (b"one", b"two"):
        registry.commit(draft_generation(state=state), CONTENT.__getitem__)
    registry.move("churn", _move(None, place(1)))

    with pytest.raises(ConflictError, match=r"stands at 0\.1\.0/1"):
        registry.move("churn", _move(None, place(2)))
    with pytest.raises(MissingError):
        registry.move("churn", _move(place(1), place(9)))
    assert registry.aliases("churn") == {"champion": place(1)}


def test_unknown_bytes_are_missing(registry: Registry) -> None:
    with pytest.raises(StoreError):
        registry.read(hashlib.sha256(b"never stored").hexdigest())
    for bad in ("../../etc/passwd", "", "Z" * 64):
        with pytest.raises(StoreError):
            registry.read(bad)


def test_damaged_bytes_are_refused(registry: Registry) -> None:
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    state = registry.commit(draft_generation(), CONTENT.__getitem__).draft.states[0].ref.sha256
    path = registry.path(state)
    if path is None:
        pytest.skip("its bytes are no files")
    Path(path).chmod(0o600)
    Path(path).write_bytes(b"tampered")

    with pytest.raises(StoreError, match=r"not what was stored|is damaged"):
        registry.read(state)


def test_eight_trainers_at_once_leave_no_gap_and_no_double(reopen: Open) -> None:
    registry = reopen()
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
    context = multiprocessing.get_context("forkserver")  # imports once for all of them
    context.set_forkserver_preload(["registries"])
    trainers = [context.Process(target=registries.train, args=(registries.where(registry), 5)) for _ in range(8)]

    for each in trainers:
        each.start()
    for each in trainers:
        each.join(60)

    assert [each.exitcode for each in trainers] == [0] * 8
    assert [each.number for each in registry.generations("churn", "0.1.0")] == list(range(1, 41))


def _move(before: Place | None, to: Place | None, why: str = "set") -> Move:
    return Move(alias="champion", to=to, before=before, at=1.0, by="me", why=why)


def test_what_a_writer_left_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("lock", ".0123456789abcdef.part"):
        (folder / name).write_text("half")

    registry = FilesystemRegistry(str(folder))
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)

    assert sorted(each.name for each in folder.iterdir()) == ["lock", "objects", "projects", "registry.json"]
