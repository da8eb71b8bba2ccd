"""A nursery that stays from run to run while a watch goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graftline.core.errors import InvalidError
from graftline.core.ports import LoadRequest
from graftline.core.runs import Target
from graftline.plugins.local import warm

GOOD = "from graftline import Pipeline, PythonTask\n\ndef f():\n    return 1\n\nmain = Pipeline([PythonTask(f)])\n"


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    (tmp_path / "pipeline.py").write_text(GOOD)
    yield Target(text="pipeline.py", root=str(tmp_path), cwd=str(tmp_path), sys_path=(str(tmp_path),))
    left = warm.take(())
    if left is not None:
        left.close()


def request(target: Target) -> LoadRequest:
    return LoadRequest(target=target, params={}, values={})


def save(target: Target, text: str) -> None:
    (Path(target.root) / "pipeline.py").write_text(text)


def test_it_is_borrowed_by_one_run_at_a_time_and_outlives_it(target: Target) -> None:
    with warm.stay_warm(target):
        warm.WarmLoader().load(request(target))
        first = warm.borrow(())
        second = warm.borrow(())
        assert first is not None
        warm.give_back(first)
        again = warm.borrow(())
        warm.give_back(first)

        assert second is None
        assert again is first
        assert first.is_alive()
    assert not first.is_alive()


def test_without_a_watch_nothing_is_borrowed(target: Target) -> None:
    warm.WarmLoader().load(request(target))

    assert warm.borrow(()) is None


def test_each_load_sees_what_is_saved_then_not_what_was_when_its_process_began(target: Target) -> None:
    loader = warm.WarmLoader()
    with warm.stay_warm(target):
        before = loader.load(request(target))
        save(target, GOOD.replace("PythonTask(f)", "PythonTask(f, name='other')"))
        after = loader.load(request(target))

    assert ([node.path for node in before.graph.nodes], [node.path for node in after.graph.nodes]) == (["f"], ["other"])


def test_code_that_does_not_import_costs_the_next_load_nothing(target: Target) -> None:
    loader = warm.WarmLoader()
    with warm.stay_warm(target):
        loader.load(request(target))
        nursery = warm.borrow(())
        assert nursery is not None
        warm.give_back(nursery)
        save(target, "import no_such_package_at_all\n" + GOOD)
        with pytest.raises(InvalidError, match="no_such_package_at_all"):
            loader.load(request(target))
        save(target, GOOD)
        loader.load(request(target))

        assert warm.borrow(()) is nursery
        warm.give_back(nursery)


def test_a_new_package_is_imported_by_another_nursery_from_then_on(target: Target) -> None:
    loader = warm.WarmLoader()
    with warm.stay_warm(target):
        loader.load(request(target))
        first = warm.borrow(())
        assert first is not None
        save(target, "import dill\n" + GOOD)
        loader.load(request(target))
        lives_while_lent = first.is_alive()
        warm.give_back(first)
        second = warm.borrow(("dill",))

        assert second is not None
        warm.give_back(second)
        assert lives_while_lent
        assert not first.is_alive()
        assert "dill" in second.preload


def test_modules_of_packages_that_code_names_are_imported_too(target: Target) -> None:
    loader = warm.WarmLoader()
    with warm.stay_warm(target):
        loader.load(request(target))
        first = warm.borrow(())
        assert first is not None
        save(target, "from dill.source import getsource\n" + GOOD)
        loader.load(request(target))
        warm.give_back(first)
        second = warm.borrow(())
        assert second is not None
        warm.give_back(second)
        third = warm.borrow(())
        assert third is not None
        warm.give_back(third)

    assert "dill.source" in third.preload
    assert not any(nursery.is_alive() for nursery in (first, second, third))


def test_a_nursery_that_was_killed_is_replaced(target: Target) -> None:
    loader = warm.WarmLoader()
    with warm.stay_warm(target):
        loader.load(request(target))
        nursery = warm.borrow(())
        assert nursery is not None
        warm.give_back(nursery)
        nursery.close()

        assert warm.borrow(()) is None
        assert [node.path for node in loader.load(request(target)).graph.nodes] == ["f"]
        fresh = warm.borrow(())
        assert fresh is not None
        warm.give_back(fresh)
