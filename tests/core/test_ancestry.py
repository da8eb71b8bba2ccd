"""Where an artifact comes from: the steps behind it, in the runs that executed them."""

from __future__ import annotations

import pytest
from asked import Asked

from graftline.core.ancestry import Maker
from graftline.core.errors import MissingError


@pytest.fixture
def asked() -> Asked:
    found = Asked({"load": (), "fit": ("load",), "tell": ("load", "fit")})
    found.code.constants["fit"] = {"C": 0.5}
    return found


def test_every_step_behind_an_artifact_is_there_once(asked: Asked) -> None:
    run = asked.run()

    found = asked.workspace.inquiry.origin(run, "tell", "value")

    assert list(found.makings) == [Maker(run, path) for path in ("tell", "load", "fit")]
    tell = found.makings[found.root]
    assert [(each.argument, each.by.path) for each in tell.taken] == [("load", "load"), ("fit", "fit")]


def test_a_step_that_was_reused_is_told_in_the_run_that_made_it(asked: Asked) -> None:
    first = asked.run()
    asked.edit("tell", "return 2")
    second = asked.run()

    found = asked.workspace.inquiry.origin(second, "tell", "value")

    assert [each.run for each in found.makings] == [second, first, first]
    assert asked.workspace.inquiry.origin(second, "load", "value").root == Maker(first, "load")


def test_code_and_parameters_are_told(asked: Asked) -> None:
    run = asked.run()
    fit = asked.workspace.inquiry.origin(run, "fit", "value").makings[Maker(run, "fit")]
    assert (fit.call, fit.place) == ("steps:fit", "steps.py:1")
    assert [(each.argument, each.value, each.where) for each in fit.given] == [("C", "0.5", "params= of the step")]
    assert fit.code is not None


def test_an_artifact_is_found_by_its_digest(asked: Asked) -> None:
    run = asked.run()
    digest = asked.step(run, "fit").outputs[0].ref.sha256
    assert asked.workspace.inquiry.origin_of(digest[:8]).root == Maker(run, "fit")


def test_a_digest_of_nothing_and_an_output_that_is_not_there_are_refused(asked: Asked) -> None:
    run = asked.run()
    with pytest.raises(MissingError, match="no artifact of the newest"):
        asked.workspace.inquiry.origin_of("0" * 64)
    with pytest.raises(MissingError, match="has no output 'valu'; did you mean 'value'"):
        asked.workspace.inquiry.origin(run, "fit", "valu")
