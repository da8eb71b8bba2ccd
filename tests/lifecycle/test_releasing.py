"""What is released is the code as it was, checked before it is written, under a version that only goes up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shelved import TARGET, Shelved

from graftline.core.errors import ConflictError, InvalidError, MissingError, StoreError
from graftline.core.lineages import LineageDraft, Manifest
from graftline.core.registry import Registry
from graftline.core.releases import CarryRefused, ReleaseRequest
from graftline.core.requests import RunRequest
from graftline.core.versions import Bump


def test_what_was_released_is_compiled_whatever_the_working_copy_says(shelved: Shelved) -> None:
    released, _ = shelved.release()
    shelved.edit("second")

    loaded = shelved.lineages.load(released, params={"C": "1"}, mode="apply")

    request = shelved.space.loader.requests[-1]
    assert request.target.root == request.target.cwd == f"/code/{released.code}"
    assert request.target.sys_path == (f"/code/{released.code}",)
    assert (request.target.text, request.mode, request.params) == ("pipeline.py:churn", "apply", {"C": "1"})
    assert list(loaded.snapshot.contents.values()) == [b"first"]


def test_the_working_copy_has_a_development_lineage_for_each_code(shelved: Shelved) -> None:
    first = shelved.working()
    again = shelved.working()
    shelved.edit("second")
    second = shelved.working()

    assert again == first
    assert first.version == f"0.1.0.dev1+{first.code[:6]}"
    assert second.version == f"0.1.0.dev2+{second.code[:6]}"
    with pytest.raises(MissingError, match="only development versions"):
        shelved.lineages.lineage_of("churn")


def test_development_lineages_come_before_the_next_release(shelved: Shelved) -> None:
    shelved.working()
    shelved.release()

    assert shelved.working().version.startswith("0.1.1.dev1+")
    assert shelved.lineages.lineage_of("churn").version == "0.1.0"


def test_each_bump_raises_its_part(one: Shelved) -> None:
    versions = [one.release()[0].version]
    for number, bump in enumerate([Bump.PATCH, Bump.MINOR, Bump.MAJOR]):
        one.edit(f"code {number}")
        versions.append(one.release(bump=bump)[0].version)

    assert versions == ["0.1.0", "0.1.1", "0.2.0", "1.0.0"]


def test_the_same_code_is_not_released_twice(one: Shelved) -> None:
    first, _ = one.release(configured="0.3.0")

    assert one.release(configured="0.3.0") == (first, None)
    assert one.release(bump=Bump.MINOR) == (first, None)
    assert one.release() == (first, None)
    assert len(one.registry.lineages("churn")) == 1


def test_a_version_that_is_named_is_released_also_with_the_same_code(one: Shelved) -> None:
    one.release(version="1.0rc1")

    assert one.release(version="1.0")[0].version == "1.0"


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"configured": "0.2.0"}, "0.2.0 is released, with other code"),
        ({"configured": "0.1.9"}, "0.1.9 does not come after 0.2.0"),
        ({"version": "0.2.0"}, "is released, with other code"),
        ({}, "which version comes after 0.2.0"),
        ({"version": "next"}, "'next' is no version"),
        ({"version": "0.3.0.dev1"}, "is a development version"),
        ({"version": "0.3.0", "bump": Bump.MINOR}, "exclude each other"),
    ],
)
def test_a_version_that_cannot_be_is_refused_before_anything_is_written(
    one: Shelved, request_: dict[str, object], told: str
) -> None:
    one.release(version="0.2.0")
    one.edit("second")

    with pytest.raises(InvalidError, match=told):
        one.release(**request_)
    assert len(one.registry.lineages("churn")) == 1


def test_files_that_differ_from_the_commit_are_refused(one: Shelved, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = one.space.machine
    clean = machine.code_state("/project", None)
    monkeypatch.setattr(machine, "code_state", lambda root, key: replace(clean, git="ab12", dirty=True))
    monkeypatch.setattr(machine, "uncommitted", lambda root, files: [])
    assert one.release()[0].manifest.dirty is False, "other files of the work tree are no matter of the release"

    one.edit("second")
    monkeypatch.setattr(machine, "uncommitted", lambda root, files: list(files))
    with pytest.raises(InvalidError, match=r"pipeline\.py differs from the commit"):
        one.release(bump=Bump.PATCH)
    assert one.release(bump=Bump.PATCH, allows_dirty=True)[0].manifest.dirty is True


def test_code_that_needs_files_which_are_not_part_of_it_is_refused(
    one: Shelved, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = one.space.loader.load

    def fails_in_the_copy(request):  # type: ignore[no-untyped-def]
        if request.target.root != TARGET.root:
            raise InvalidError("FileNotFoundError: queries/all.sql", file="pipeline.py", line=3)
        return load(request)

    monkeypatch.setattr(one.space.loader, "load", fails_in_the_copy)

    with pytest.raises(InvalidError, match="do not work by themselves") as caught:
        one.release()
    assert "include" in (caught.value.hint or "")
    assert one.registry.projects() == []


def test_a_pipeline_of_no_file_is_no_lineage(one: Shelved) -> None:
    loaded = one.space.workspace.load(RunRequest(target=TARGET))
    live = replace(TARGET, is_loadable=False)

    with pytest.raises(InvalidError, match="no code in files"):
        one.lineages.releasing.plan(ReleaseRequest(target=live), loaded)


def test_a_lineage_that_names_code_outside_of_it_is_never_imported(one: Shelved) -> None:
    draft = LineageDraft(
        project="churn",
        version="0.1.0",
        manifest=Manifest(target="/etc/other.py:x", pipeline="x", sys_path=("../..",)),
        files=dict(one.space.loader.snapshot.files),
        created=1.0,
    )
    lineage = one.registry.publish(draft, one.space.loader.snapshot.contents.__getitem__)

    with pytest.raises(StoreError, match="names code that it does not hold"):
        one.lineages.load(lineage)


def test_somebody_else_who_released_meanwhile_wins(one: Shelved) -> None:
    releasing = one.lineages.releasing
    planned = releasing.plan(ReleaseRequest(target=TARGET), one.space.workspace.load(RunRequest(target=TARGET)))
    one.edit("second")
    one.release()

    with pytest.raises(ConflictError, match="with other code"):
        releasing.publish(planned)


def test_a_hotfix_carries_the_champion_over(shelved: Shelved) -> None:
    shelved.release()
    trained = shelved.train("0.1.0", metrics={"auc": 0.9})
    shelved.places(["0.1.0/1"])
    shelved.edit("hotfix")
    shelved.prints(report="2")

    lineage, carried = shelved.release(bump=Bump.PATCH, carry="@champion")

    assert carried is not None
    assert (carried.address, carried.draft.source) == ("churn/0.1.1/1", "churn/0.1.0/1")
    assert (carried.draft.states, carried.draft.metrics) == (trained.draft.states, {"auc": 0.9})
    assert (carried.draft.origin, carried.draft.run) == ("carry", None)
    assert lineage.version == "0.1.1"


def test_a_carry_that_was_interrupted_is_done_when_it_is_asked_for_again(shelved: Shelved) -> None:
    shelved.release()
    shelved.train("0.1.0")
    shelved.edit("hotfix")
    shelved.release(bump=Bump.PATCH)  # as if killed between the two

    for _ in range(2):
        shelved.release(bump=Bump.PATCH, carry="churn/0.1.0/1")

    assert [each.draft.source for each in shelved.registry.generations("churn", "0.1.1")] == ["churn/0.1.0/1"]


@pytest.mark.parametrize(
    ("prints", "told"),
    [
        ({"fit": "2"}, ("code", "pipeline.py:fit", ("fit",))),
        ({"features": "2"}, ("code", "pipeline.py:features", ("features",))),
        ({"fit": "1-2.2"}, ("package", "numpy", ("fit",))),
    ],
)
def test_a_generation_of_other_training_steps_is_not_carried(
    one: Shelved, prints: dict[str, str], told: tuple[str, str, tuple[str, ...]]
) -> None:
    one.release()
    one.train("0.1.0")
    loader = one.space.loader
    load = loader.load

    def as_it_is_there(request):  # type: ignore[no-untyped-def]
        one.prints(fit="1", features="1")
        if request.target.root == TARGET.root:
            one.prints(**prints)
        return load(request)

    loader.load = as_it_is_there  # type: ignore[method-assign]
    one.edit("second")

    with pytest.raises(CarryRefused, match="cannot be carried over") as caught:
        one.release(bump=Bump.PATCH, carry="churn/0.1.0/1")
    assert [(str(each.part), each.name, each.steps) for each in caught.value.differences] == [told]
    assert [each.version for each in one.registry.lineages("churn")] == ["0.1.0"]


def test_the_line_says_which_code_runs(one: Shelved) -> None:
    lineage, _ = one.release()

    def line(**said: object) -> str:
        return one.lineages.code_line(lineage, root="/project", command="train", **said)  # type: ignore[arg-type]

    assert line(is_working=True) == "code: working copy, published as churn 0.1.0"
    differs = "code: churn 0.1.0 (registry); working copy differs in 1 file: 'graft train .' uses it"
    assert line(is_working=False) == differs
    one.space.files.write("/project/pipeline.py", b"first")
    assert line(is_working=False) == "code: churn 0.1.0 (registry), the same as the working copy"


def test_a_registry_that_cannot_be_read_is_told(registry: Registry, shelved: Shelved) -> None:
    lineage, _ = shelved.release()
    (digest,) = lineage.files.values()
    path = registry.path(digest)
    assert path is not None
    with open(path, "wb") as file:
        file.write(b"other")

    with pytest.raises(StoreError):
        shelved.lineages.load(lineage)
