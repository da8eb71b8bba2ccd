"""Why steps ran is told by what was on record when they did, compared with the result before."""

from __future__ import annotations

import pytest
from asked import Asked

from graftline.core.errors import MissingError
from graftline.core.graph import Policy
from graftline.core.keys import CauseKind
from graftline.core.reusing import Reusing, Verdict
from graftline.core.states import Reason, Status
from graftline.core.whys import StepWhy


@pytest.fixture
def asked() -> Asked:
    return Asked({"load": (), "fit": ("load",), "tell": ("fit",)})


def causes(why: StepWhy) -> list[tuple[str, str, str | None, str | None]]:
    return [(each.cause.kind.value, each.cause.name, each.cause.old, each.cause.new) for each in why.causes]


def test_a_step_that_never_ran_is_told_so_and_compared_with_nothing(asked: Asked) -> None:
    why = asked.why(asked.run(), "fit")
    assert (why.verdict, why.compared, why.causes, why.unkept) == (Verdict.NEVER, None, (), None)


def test_changed_code_is_told_with_its_lines_and_the_run_it_is_compared_with(asked: Asked) -> None:
    first = asked.run()
    asked.edit("fit", "return 2")

    why = asked.why(asked.run(), "fit")

    assert why.verdict is Verdict.CHANGED
    assert why.compared is not None
    assert why.compared.run == first
    (because,) = why.causes
    assert (because.cause.kind, because.cause.name) == (CauseKind.CODE, "steps.py:fit")
    assert because.hunks[0].lines == (" def fit():", "-    return 1", "+    return 2")


def test_what_follows_is_told_to_have_other_inputs_and_who_made_them(asked: Asked) -> None:
    first = asked.run()
    asked.edit("fit", "return 2")
    second = asked.run()

    why = asked.why(second, "tell")

    (because,) = why.causes
    assert because.cause.kind is CauseKind.INPUT
    (made,) = because.made
    assert (made.step, made.run, made.old_run) == ("fit", second, first)


def test_parameters_and_packages_are_told_old_and_new(asked: Asked) -> None:
    asked.code.constants["fit"] = {"C": 1}
    asked.run()
    asked.code.constants["fit"] = {"C": 0.5}
    asked.code.packages = {"numpy": "2.1"}

    why = asked.why(asked.run(), "fit")

    assert causes(why) == [("package", "numpy", "2.0", "2.1"), ("parameter", "C", "1", "0.5")]


def test_each_run_is_compared_with_the_result_before_it_and_not_with_a_later_one(asked: Asked) -> None:
    asked.run()
    asked.edit("tell", "return 2")
    second = asked.run()
    asked.edit("tell", "return 3")
    asked.run()

    (because,) = asked.why(second, "tell").causes
    assert because.hunks[0].lines[-1] == "+    return 2"


def test_a_reused_step_names_the_run_that_made_the_result(asked: Asked) -> None:
    first = asked.run()
    asked.run()

    why = asked.why(asked.run(), "fit")

    assert why.reused is not None
    assert (why.state, why.reused.run, why.verdict) == (Status.CACHED, first, None)
    assert why.held == {"code": 1, "input": 1, "package": 1}


def test_a_failed_step_is_compared_with_its_last_success(asked: Asked) -> None:
    asked.run()
    asked.edit("fit", "return 2")

    why = asked.why(asked.fail("fit"), "fit")

    assert why.error is not None
    assert (why.error.type, why.state) == ("ValueError", Status.FAILURE)
    assert [each.cause.name for each in why.causes] == ["steps.py:fit"]


def test_a_skipped_step_names_the_step_that_failed(asked: Asked) -> None:
    run = asked.fail("load")
    assert asked.why(run, "tell").blocked_by == ("load",)
    assert asked.why(run, "tell").reason == Reason.UPSTREAM


@pytest.mark.parametrize(
    ("verdict", "detail"),
    [(Verdict.SOURCE, "pandas.read_csv"), (Verdict.UNKNOWN, "exec at steps.py:3")],
)
def test_sources_and_unknown_code_say_what_they_are(asked: Asked, verdict: Verdict, detail: str) -> None:
    kinds = asked.code.sources if verdict is Verdict.SOURCE else asked.code.unknown
    kinds["load"] = detail
    asked.run()

    why = asked.why(asked.run(), "load")

    assert (why.verdict, why.detail) == (verdict, detail)


def test_forced_steps_say_so_and_nothing_that_did_not_change(asked: Asked) -> None:
    asked.run()
    why = asked.why(asked.run(reusing=Reusing(is_on=False)), "fit")
    assert (why.verdict, why.causes) == (Verdict.FORCED, ())


def test_a_result_that_was_not_kept_is_told_of(asked: Asked) -> None:
    asked.code.policies["load"] = Policy(cache="never")
    first = asked.run()
    asked.code.policies = {}

    why = asked.why(asked.run(), "load")

    assert why.verdict is Verdict.NEVER
    assert why.unkept is not None
    assert why.unkept.run == first


def test_steps_of_a_run_with_equal_reasons_are_one_group(asked: Asked) -> None:
    asked.run()
    asked.code.packages = {"numpy": "2.1"}

    why = asked.reasons(asked.run())

    assert [(group.paths, [each.cause.name for each in group.why.causes]) for group in why.groups] == [
        (("load", "fit", "tell"), ["numpy"])
    ]
    assert (why.total, why.reused, why.skipped, why.waiting) == (3, {}, (), ())


def test_what_was_reused_or_skipped_is_beside_the_groups(asked: Asked) -> None:
    first = asked.run()
    asked.edit("fit", "return 2")

    why = asked.reasons(asked.fail("fit"))

    assert why.reused == {first: ("load",)}
    assert [group.paths for group in why.skipped] == [("tell",)]


def test_values_of_secrets_are_masked(asked: Asked) -> None:
    asked.secrets = {"TOKEN": "hunter2hunter2"}
    asked.code.policies["fit"] = Policy(secrets=("TOKEN",))
    asked.run()
    asked.edit("fit", 'return "hunter2hunter2"')

    (because,) = asked.why(asked.run(), "fit").causes

    assert because.hunks[0].lines[-1] == '+    return "***"'


def test_a_run_that_does_not_exist_is_refused(asked: Asked) -> None:
    with pytest.raises(MissingError):
        asked.reasons("nope")  # type: ignore[arg-type]
