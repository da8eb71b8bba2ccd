"""A promotion looks at everything before anything is written, runs there, and compares what came out."""

from __future__ import annotations

import pytest
from grown_graphs import WORK, map_in_map
from promoted import DOWN, UP, FarRunner, FarSpace, unreadable
from run_specs import chain

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.burden import Packed, constants, traffic
from graftline.core.errors import ConflictError, InvalidError, PluginError, StoreError
from graftline.core.graph import Argument, CallKind, Graph, Policy
from graftline.core.placechecks import channel_checks, resource_checks, value_checks, wanted_in
from graftline.core.ports import RunQuery
from graftline.core.promotion import Fault, PromotionPlan, Standing, Subject
from graftline.core.records import replace
from graftline.core.requests import RunRequest
from graftline.core.runner import Runner
from graftline.core.runnerhealth import Answer, Health, Reach
from graftline.core.runs import VERIFY
from graftline.core.supply import Blob
from graftline.core.verification import Level


def said(plan: PromotionPlan, subject: Subject) -> list[tuple[Standing, str]]:
    return [(each.standing, each.told) for each in plan.checks if each.subject is subject]


def policied(**policy: object) -> Graph:
    """Return the chain with a policy for all its steps."""
    graph = chain("a", "b", "c")
    operation = replace(graph.operations[0], policy=Policy(**policy))  # type: ignore[arg-type]  # by name
    return replace(graph, operations=(operation,))


def kinds(space: FarSpace) -> list[str]:
    return [run.origin for run in space.workspace.runs(RunQuery(with_children=True))]


# -- what is refused before anything is looked at ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "text", "hint"),
    [
        ("stub", "ran on 'stub'", "graft rerun"),
        ("none", "executes no step", "dask"),
        ("whole", "carries whole graphs itself", "graft rerun"),
        ("fra", "there is no runner 'fra'; did you mean 'far'", "set up are far, stub"),
    ],
)
def test_a_runner_that_cannot_be_meant_is_refused(to: str, text: str, hint: str) -> None:
    space = FarSpace()
    run = space.run()

    with pytest.raises(InvalidError, match=text) as refused:
        space.plan(run, to)

    assert hint in (refused.value.hint or "")
    assert kinds(space) == ["cli"]


def test_the_same_runner_by_another_name_is_refused() -> None:
    space = FarSpace()
    run = space.run()

    with pytest.raises(InvalidError, match="'local' is the runner the run ran on, 'stub', by another name"):
        space.plan(run, "local")


def test_only_runners_that_execute_steps_are_offered() -> None:
    space = FarSpace()
    space.names = ["far", "none", "stub", "whole"]

    assert space.workspace.promoting.targets(space.run()) == ["far"]


def test_a_run_that_has_not_ended_is_refused() -> None:
    space = FarSpace()
    going = space.workspace.create(RunRequest(target=space.workspace.spec(space.run()).target))

    with pytest.raises(ConflictError, match="has not ended"):
        space.plan(going)


# -- the plan ----------------------------------------------------------------------------------------------------------


def test_a_plan_tells_what_is_sent_and_writes_nothing() -> None:
    space = FarSpace()
    run = space.run()
    space.packed = Packed(size_bytes=1500, files=("data.csv",), outside=("/etc/x",), paths=("/lib",))
    before = kinds(space)

    plan = space.plan(run)

    assert plan.is_good
    assert plan.refusal() is None
    assert (plan.steps, plan.runner, plan.provider) == (3, "stub", "far")
    assert said(plan, Subject.RUNNER) == [(Standing.GOOD, "'far': 2 workers at tcp://10.0.0.1:8786")]
    assert [each.standing for each in plan.checks if each.subject is Subject.FILES] == [Standing.GOOD, Standing.NOTED]
    assert "outside of the project, which does not travel: /lib" in said(plan, Subject.CODE)[1][1]
    assert kinds(space) == before


@pytest.mark.parametrize(
    ("health", "told", "remedy"),
    [
        (DOWN, "nobody answers", "start it"),
        (unreadable(), "needs a package", "pip install it"),
        (RuntimeError("boom"), "to ask it raised RuntimeError: boom", None),
        (
            Health(reach=Reach.UP, told="", answers=(Answer(name="w", refusal="worker w has Python 3.9"),)),
            "worker w has Python 3.9",
            "install the same versions",
        ),
    ],
)
def test_a_runner_that_is_not_well_stops_it_with_exit_code_4(
    health: Health | Exception, told: str, remedy: str | None
) -> None:
    space = FarSpace()
    run = space.run()
    space.health = health
    plan = space.plan(run)

    with pytest.raises(PluginError, match="nothing was sent") as refused:
        space.workspace.promoting.create(plan)

    assert told in refused.value.message
    assert (refused.value.hint or "").startswith(remedy or "")
    assert kinds(space) == ["cli"]


def test_a_runner_that_cannot_be_asked_is_no_obstacle() -> None:
    space = FarSpace()
    space.health = Runner.health({})

    plan = space.plan(space.run())

    assert plan.is_good
    assert [standing for standing, _ in said(plan, Subject.RUNNER)] == [Standing.UNKNOWN]


def test_a_value_over_the_limit_is_told_with_its_step() -> None:
    graph = chain("a", "b", "c")
    big = {"a": (Output("value", "value", ArtifactRef("0" * 64, 50, "npy")),)}

    passing = traffic(graph, big, {})

    assert [(load.path, load.what) for load in passing.over(10)] == [("a", "makes"), ("b", "takes")]
    assert (passing.size_bytes, passing.unknown) == (50, 1)
    assert passing.over(50) == []
    [check] = value_checks(passing, replace(UP, limit_bytes=10), "far")
    assert (check.standing, check.fault) == (Standing.BAD, Fault.INPUT)
    assert check.told == "'a' makes 50 B, and 'far' sends 10 B with one attempt"
    assert check.details == ("'b' takes 50 B",)


def test_pickled_arguments_are_weighed_and_their_loss_stops_it() -> None:
    graph = chain("a", "b", "c")
    first = replace(graph.nodes[0], arguments=(Argument("c", Blob("b" * 64, "fixed")),))
    space = FarSpace(replace(graph, nodes=(first, *graph.nodes[1:])))
    run = space.run()

    assert constants(space.workspace.graph(run)) == ["b" * 64]
    assert traffic(space.workspace.graph(run), {}, {"b" * 64: 7}).loads[0].size_bytes == 7
    refusal = space.plan(run).refusal()
    assert isinstance(refusal, InvalidError)
    assert "1 pickled argument of steps are gone" in refusal.message


def test_feeds_and_sinks_are_noted_as_what_works_there() -> None:
    graph = chain("a")
    fed = replace(graph.operations[0], call=replace(graph.operations[0].call, kind=CallKind.FEED))

    [check] = channel_checks(replace(graph, operations=(fed,)))

    assert (check.standing, list(channel_checks(graph))) == (Standing.NOTED, [])
    assert "a file of this machine is not there" in check.told


def test_code_that_cannot_be_packed_stops_it() -> None:
    space = FarSpace()
    run = space.run()
    space.packed = StoreError("cannot be sent to another machine", file="/objects/ab")

    refusal = space.plan(run).refusal()

    assert isinstance(refusal, InvalidError)
    assert "cannot be sent to another machine" in refusal.message


def test_labels_that_nobody_offers_stop_it_with_the_nearest() -> None:
    space = FarSpace(policied(labels=("fast",), resources={"cpus": 2.0}))
    run = space.run()
    space.health = replace(UP, offers=frozenset({"fats"}))

    plan = space.plan(run)

    assert plan.refusal() is not None
    assert said(plan, Subject.RESOURCES) == [
        (Standing.BAD, "step 'a' wants 'fast', which nobody offers; did you mean 'fats'?")
    ]
    space.health = UP
    assert [each for each, _ in said(space.plan(run), Subject.RESOURCES)] == [Standing.UNKNOWN]
    assert FarRunner.asked[-1].labels == ("fast",)


def test_what_steps_inside_of_a_map_want_is_looked_at_too() -> None:
    graph = map_in_map()
    policy = Policy(labels=("gpu",), resources={"cpus": 1.0})
    operations = [replace(each, policy=policy) if at == WORK else each for at, each in enumerate(graph.operations)]
    labelled = replace(graph, operations=tuple(operations))

    wanted = wanted_in(labelled)
    (check,) = resource_checks(labelled, replace(UP, offers=frozenset({"cpu"})))

    assert "outer/*/inner/*/fit" in wanted["gpu"]
    assert "outer/items" in wanted["default"]  # which an executor is sent as well
    assert (check.standing, check.remedy) == (Standing.BAD, "offered there: cpu")


@pytest.mark.parametrize(
    ("there", "standing", "is_good", "told"),
    [
        (None, Standing.UNKNOWN, True, "there nobody knows"),
        ({"KEY": True}, Standing.GOOD, True, "KEY for a, b, c: here yes, there yes"),
        ({"KEY": False}, Standing.BAD, False, "there no (w1)"),
    ],
)
def test_secrets_are_told_by_name(there: dict[str, bool] | None, standing: Standing, is_good: bool, told: str) -> None:
    space = FarSpace(policied(secrets=("KEY",)))
    space.secrets = {"KEY": "it is 7 and a half"}
    run = space.run()
    space.health = replace(UP, answers=(Answer(name="w1", secrets=there),))

    plan = space.plan(run)

    [(found, text)] = said(plan, Subject.SECRETS)
    assert (found, plan.is_good) == (standing, is_good)
    assert told in text
    assert FarRunner.asked[-1].secrets == ("KEY",)
    assert "half" not in repr(plan)


def test_packages_that_differ_are_noted_and_those_that_lack_stop_it_unless_forced() -> None:
    space = FarSpace()
    run = space.run()
    there = {"numpy": "2.0"}
    space.health = replace(UP, answers=(Answer(name="w1", packages=there), Answer(name="w2", packages=there)))
    record = space.store.record(run)
    record.spec = replace(record.spec, environment={"packages": {"numpy": "1.26", "rare": "0.1"}})

    plan = space.plan(run)
    forced = space.plan(run, is_forced=True)

    assert [standing for standing, _ in said(plan, Subject.PACKAGES)] == [Standing.BAD, Standing.NOTED]
    assert "rare is not there (w1, w2)" in said(plan, Subject.PACKAGES)[0][1]
    assert "numpy 2.0 instead of 1.26 (w1, w2)" in said(plan, Subject.PACKAGES)[1][1]
    refusal = plan.refusal()
    assert isinstance(refusal, PluginError)
    assert "pip install 'rare==0.1'" in (refusal.hint or "")
    assert forced.is_good


def test_of_several_obstacles_all_are_told_and_the_input_comes_first() -> None:
    space = FarSpace(policied(secrets=("KEY",)))
    space.secrets = {"KEY": "it is 7 and a half"}
    run = space.run()
    space.health = replace(DOWN, answers=(Answer(name="w1", secrets={}),))

    refusal = space.plan(run).refusal()

    assert isinstance(refusal, InvalidError)
    assert "2 checks do not hold" in refusal.message
    assert len(refusal.problems) == 2


# -- the run, and what comes out ---------------------------------------------------------------------------------------


def test_a_promoted_run_is_a_rerun_there_of_the_recorded_code() -> None:
    space = FarSpace()
    run = space.run(params={"x": "1"}, jobs=2)

    made = space.workspace.show(space.promote(run, origin="ui"))

    spec = space.workspace.spec(made.id)
    assert (made.parent, made.runner, made.origin, made.state) == (run, "far", "ui", "SUCCESS")
    assert spec.uses_snapshot
    assert (spec.params, spec.graph.name) == ({"x": "1"}, "demo")
    assert space.contexts[-1].work_tree == "/project"


def test_runs_that_come_out_the_same_agree_without_a_value_being_read() -> None:
    space = FarSpace()
    made = space.promote(space.run())

    found = space.workspace.promoting.agreeing.compare(made)

    assert found.is_good
    assert (found.old_runner, found.new_runner, found.counts()) == ("stub", "far", {"IDENTICAL": 3})
    assert VERIFY not in kinds(space)


def test_values_of_other_bytes_are_read_once_and_never_again() -> None:
    space = FarSpace()
    space.there = {"b": b"[2]"}
    made = space.promote(space.run())
    agreeing = space.workspace.promoting.agreeing
    assert agreeing.known(made).unread == 1
    assert not agreeing.known(made).is_good

    found = agreeing.compare(made)
    again = agreeing.compare(made)

    assert found.is_good
    assert [step.level for step in found.steps] == [Level.IDENTICAL, Level.EQUAL, Level.IDENTICAL]
    assert again == found == agreeing.known(made)
    assert kinds(space).count(VERIFY) == 1
    assert agreeing.known(made, rtol=0.5).unread == 1  # what is equal up to one difference may not be up to another


def test_the_first_difference_is_that_of_the_graph() -> None:
    space = FarSpace()
    space.there = {"c": b"[3]", "b": b"[2]"}
    space.verdict = "[0]: 1, now 2"
    made = space.promote(space.run())

    found = space.workspace.promoting.agreeing.compare(made)

    assert not found.is_good
    assert found.first is not None
    assert (found.first.path, found.first.outputs[0].detail) == ("b", "[0]: 1, now 2")
    assert found.counts() == {"IDENTICAL": 1, "DIFFERENT": 2}


def test_what_failed_there_is_a_fault_and_what_failed_here_is_none() -> None:
    space = FarSpace()
    good = space.run()
    space.broken = {"b"}
    bad = space.promote(good)
    space.broken = set()
    mended = space.promote(space.fail("b"))

    there = space.workspace.promoting.agreeing.compare(bad)
    here = space.workspace.promoting.agreeing.compare(mended)

    assert there.first is not None
    assert (there.first.path, there.first.detail) == ("b", "FAILURE in the new run")
    assert here.is_good
    assert [step.detail for step in here.steps] == [
        None,
        "FAILURE in the earlier run",
        "SKIPPED in the earlier run",
    ]


def test_a_run_without_a_parent_and_one_that_goes_on_are_not_compared() -> None:
    space = FarSpace()
    run = space.run()

    with pytest.raises(InvalidError, match="was made from no other run"):
        space.workspace.promoting.agreeing.compare(run)
    waiting = space.workspace.promoting.create(space.plan(run))
    with pytest.raises(ConflictError, match="has not ended"):
        space.workspace.promoting.agreeing.known(waiting)
