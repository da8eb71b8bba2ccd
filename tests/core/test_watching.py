"""The machine behind `graft watch`: events in, commands out."""

from __future__ import annotations

import pytest
from watched import compiled, dispatched, kinds, over, saved, succeeded

from graftline.core.errors import GraftError, InvalidError, PluginError
from graftline.core.events import ResultKept, StepSettled
from graftline.core.graph import Policy
from graftline.core.reusing import Reusing
from graftline.core.states import Reason, Status
from graftline.core.watchevents import (
    CodeBroken,
    CodeLoaded,
    Command,
    Leave,
    Load,
    Own,
    Start,
    Stop,
    WaveRefused,
    WaveTold,
)
from graftline.core.watching import Watching
from graftline.core.watchnews import Broken, Ended, Noticed, Planned, Restless, Superseded, Waiting, Wish

GOOD = compiled({"a": "1", "b": "1", "c": "1"})
OTHER = compiled({"a": "1", "b": "2", "c": "1"})
WRONG = InvalidError("wrong", file="code.py", line=3)


def begun(machine: Watching, *facts: object) -> Watching:
    """Return it after its first wave."""
    machine.begin()
    machine.take(CodeLoaded(loaded=GOOD))
    machine.take(WaveTold(facts=facts))  # type: ignore[arg-type]
    machine.take(over())
    return machine


def running(machine: Watching) -> Watching:
    """Return it in its second wave, of other code."""
    begun(machine)
    machine.take(saved("code.py"))
    machine.take(CodeLoaded(loaded=OTHER))
    return machine


def test_the_first_wave_starts_at_once_and_then_it_waits() -> None:
    machine = Watching()

    first = machine.begin()
    then = machine.take(CodeLoaded(loaded=GOOD))
    at_last = machine.take(over())

    assert first == [Load()]
    assert then == [
        Planned(changed=()),
        Start(loaded=GOOD, reusing=Reusing(sources=True, holds_effects=True)),
    ]
    assert kinds(at_last) == ["Ended", "Waiting"]


def test_a_save_that_concerns_a_step_starts_a_wave_that_says_why() -> None:
    machine = begun(Watching())

    noticed = machine.take(saved("code.py"))
    planned, start = machine.take(CodeLoaded(loaded=OTHER))

    assert noticed == [Noticed(paths=("code.py",)), Load()]
    assert isinstance(planned, Planned)
    assert [(each.path, each.why) for each in planned.changed] == [("b", ("code.py:b changed",))]
    assert planned.followers == ("c",)
    assert isinstance(start, Start)
    assert start.loaded is OTHER


def test_a_save_that_concerns_no_step_starts_nothing_and_says_so() -> None:
    machine = begun(Watching())
    machine.take(saved("code.py"))

    answer = machine.take(CodeLoaded(loaded=compiled({"a": "1", "b": "1", "c": "1"}, line=9)))

    assert kinds(answer) == ["Unconcerned", "Waiting"]


def test_a_file_that_nothing_reaches_is_not_even_loaded() -> None:
    machine = begun(Watching())

    assert machine.take(saved("notes.txt", "picture.png")) == []


def test_a_module_that_no_import_reached_yet_is_a_reason_to_load() -> None:
    machine = begun(Watching())

    assert kinds(machine.take(saved("new_module.py"))) == ["Noticed", "Load"]


def test_what_a_wave_may_have_written_is_no_reason_to_load_but_python_is() -> None:
    machine = running(Watching())
    during = machine.take(saved("metrics.json", at=49.0))
    machine.take(over(at=50.0))

    assert during == []
    assert machine.take(saved("metrics.json", at=50.1)) == []
    assert kinds(machine.take(saved("settings.json", at=60.0))) == ["Noticed", "Load"]
    assert kinds(machine.take(saved("made.py", at=50.1))) == ["Noticed"]


def test_the_configuration_is_read_again_when_it_was_saved() -> None:
    machine = begun(Watching(configs=frozenset({"params.txt"})))

    assert machine.take(saved("params.txt"))[1] == Load(is_renewed=True)


def test_broken_code_starts_nothing_and_the_next_good_save_goes_on() -> None:
    machine = begun(Watching())
    machine.take(saved("code.py"))

    broken = machine.take(CodeBroken(error=WRONG))
    machine.take(saved("code.py"))
    good = machine.take(CodeLoaded(loaded=OTHER))

    assert broken == [Broken(error=WRONG), Waiting(is_broken=True)]
    assert kinds(good) == ["Planned", "Start"]


def test_code_that_is_made_good_again_as_it_was_starts_nothing() -> None:
    machine = begun(Watching())
    machine.take(saved("code.py"))
    machine.take(CodeBroken(error=WRONG))
    machine.take(saved("code.py"))

    assert kinds(machine.take(CodeLoaded(loaded=GOOD))) == ["Unconcerned", "Waiting"]


def test_broken_code_at_the_start_waits_for_the_first_wave() -> None:
    machine = Watching()
    machine.begin()

    assert machine.take(CodeBroken(error=WRONG))[-1] == Waiting(is_broken=True)
    assert kinds(machine.take(saved("code.py"))) == ["Noticed", "Load"]
    assert kinds(machine.take(CodeLoaded(loaded=GOOD))) == ["Planned", "Start"]


def test_a_save_while_loading_makes_what_is_loaded_outdated() -> None:
    machine = begun(Watching())
    machine.take(saved("code.py"))

    assert kinds(machine.take(saved("code.py"))) == ["Noticed"]
    assert machine.take(CodeLoaded(loaded=OTHER)) == [Load()]
    assert kinds(machine.take(CodeLoaded(loaded=GOOD))) == ["Unconcerned", "Waiting"]


def test_a_wave_is_superseded_what_is_obsolete_is_stopped_and_what_holds_may_end() -> None:
    machine = running(Watching())
    machine.take(WaveTold(facts=dispatched("a", "b")))
    machine.take(saved("code.py"))

    told = machine.take(CodeLoaded(loaded=compiled({"a": "1", "b": "3", "c": "1"})))
    ended = machine.take(over(Status.CANCELLED))

    assert told == [Superseded(cancelled=("b",), spared=("a",)), Stop(spared=("a",))]
    assert kinds(ended) == ["Ended", "Planned", "Start"]
    assert isinstance(ended[0], Ended)
    assert ended[0].is_superseded


def test_a_save_during_a_wave_that_concerns_nothing_of_it_leaves_it_alone() -> None:
    machine = running(Watching())
    machine.take(saved("code.py"))

    assert kinds(machine.take(CodeLoaded(loaded=OTHER))) == ["Unconcerned"]
    assert kinds(machine.take(over())) == ["Ended", "Waiting"]


def test_broken_code_during_a_wave_lets_it_go_on() -> None:
    machine = running(Watching())
    machine.take(saved("code.py"))

    assert machine.take(CodeBroken(error=WRONG)) == [Broken(error=WRONG)]
    assert machine.take(over())[-1] == Waiting(is_broken=True)


def test_code_that_goes_back_after_a_wave_was_superseded_is_run() -> None:
    machine = running(Watching())  # of OTHER
    machine.take(saved("code.py"))
    machine.take(CodeLoaded(loaded=GOOD))

    ended = machine.take(over(Status.CANCELLED))

    start = ended[-1]
    assert isinstance(start, Start)
    assert start.loaded is GOOD


def test_what_a_step_was_seen_to_read_is_a_reason_when_it_is_another_content() -> None:
    kept = ResultKept(node="a", attempt=1, at=1.0, seen={"data.csv": "old"})
    machine = begun(Watching(), succeeded("a", ("data.csv",)), kept)

    assert machine.take(saved("data.csv", digest="old")) == []
    assert kinds(machine.take(saved("data.csv", digest="new"))) == ["Noticed", "Load"]
    planned = machine.take(CodeLoaded(loaded=GOOD))[0]
    assert isinstance(planned, Planned)
    assert planned.files == ("data.csv",)


def test_a_declared_data_file_is_a_reason_before_anything_was_seen() -> None:
    machine = Watching()
    machine.begin()
    machine.take(CodeLoaded(loaded=compiled({"a": "1"}, policies={"a": Policy(reads=("data/*.csv",))})))
    machine.take(over())

    assert kinds(machine.take(saved("data/x.csv"))) == ["Noticed", "Load"]
    assert machine.take(saved("other/x.csv")) == []


def test_what_a_wave_wrote_and_read_itself_is_no_reason() -> None:
    machine = running(Watching())
    machine.take(WaveTold(facts=[succeeded("a", ("data.csv",))]))

    machine.take(saved("data.csv", "unknown.csv", at=49.0))
    machine.take(WaveTold(facts=[ResultKept(node="a", attempt=1, at=1.0, seen={"data.csv": "new"})]))

    assert kinds(machine.take(over(at=50.0))) == ["Ended", "Waiting"]
    assert machine.take(saved("data.csv", at=50.1)) == []


def test_a_data_file_a_person_edits_while_a_wave_goes_on_counts_when_it_is_over() -> None:
    machine = running(Watching())
    kept = ResultKept(node="a", attempt=1, at=1.0, seen={"data.csv": "old"})
    machine.take(WaveTold(facts=[succeeded("a", ("data.csv",)), kept]))

    machine.take(saved("data.csv", at=49.0))

    assert kinds(machine.take(over(at=50.0))) == ["Ended", "Noticed", "Load"]
    assert kinds(machine.take(CodeLoaded(loaded=OTHER))) == ["Planned", "Start"]


def test_a_file_that_changes_with_each_wave_starts_one_more_and_no_third() -> None:
    machine = running(Watching())

    def wave(digest: str) -> list[Command]:
        kept = ResultKept(node="a", attempt=1, at=1.0, seen={"state.json": f"before {digest}"})
        machine.take(WaveTold(facts=[succeeded("a", ("state.json",)), kept]))
        machine.take(saved("state.json", digest=digest, at=49.0))
        return machine.take(over(at=50.0))

    first = wave("one")
    machine.take(CodeLoaded(loaded=OTHER))
    second = wave("two")

    assert kinds(first) == ["Ended", "Noticed", "Load"]
    assert second[1:] == [Restless(paths=("state.json",)), Waiting(is_broken=False)]


def test_after_a_failure_any_file_but_a_log_may_be_the_cure() -> None:
    from worlds import bad

    machine = begun(Watching(), bad("a"))

    assert machine.take(saved("training.log")) == []
    assert kinds(machine.take(saved("table.csv"))) == ["Noticed", "Load"]


def test_catalog_files_are_told_to_the_watcher_as_written() -> None:
    from graftline.core.artifacts import ArtifactRef, Output
    from graftline.core.events import StepReused
    from graftline.core.ids import RunId

    machine = running(Watching())
    output = Output("out/table.csv", "file", ArtifactRef("f" * 64, 3, "file"))

    told = machine.take(WaveTold(facts=[StepReused(node="a", at=1.0, from_run=RunId("r"), outputs=(output,))]))

    assert told == [Own(files={"out/table.csv": "f" * 64})]


def held(*paths: str) -> list[StepSettled]:
    return [StepSettled(node=path, state=Status.SKIPPED, reason=Reason.HELD, at=1.0) for path in paths]


def test_held_effects_are_told_and_released_one_by_one() -> None:
    machine = running(Watching())
    machine.take(WaveTold(facts=held("publish", "mail")))

    waiting = machine.take(over())[-1]
    first = machine.take(Wish.RELEASE)
    machine.take(WaveTold(facts=held("mail")))
    machine.take(over())
    second = machine.take(Wish.RELEASE)

    assert waiting == Waiting(is_broken=False, held=("publish", "mail"))
    for commands, released in ((first, "publish"), (second, "mail")):
        start = commands[-1]
        assert isinstance(start, Start)
        assert start.reusing.released == (released,)


def test_nothing_is_released_where_nothing_is_held() -> None:
    assert begun(Watching()).take(Wish.RELEASE) == []


def test_with_effects_nothing_is_held() -> None:
    machine = Watching(holds_effects=False)
    machine.begin()

    start = machine.take(CodeLoaded(loaded=GOOD))[-1]

    assert isinstance(start, Start)
    assert not start.reusing.holds_effects


@pytest.mark.parametrize(("wish", "is_on"), [(Wish.AGAIN, True), (Wish.FORCE, False)])
def test_again_and_force_load_anew_and_run(wish: Wish, is_on: bool) -> None:
    machine = begun(Watching())

    load = machine.take(wish)
    start = machine.take(CodeLoaded(loaded=GOOD))[-1]

    assert load == [Load(is_renewed=True)]
    assert isinstance(start, Start)
    assert start.reusing.is_on is is_on


def test_again_during_a_wave_waits_for_its_end() -> None:
    machine = running(Watching())
    machine.take(Wish.AGAIN)

    assert machine.take(CodeLoaded(loaded=OTHER)) == []
    assert kinds(machine.take(over())) == ["Ended", "Planned", "Start"]


def test_a_run_that_would_fail_for_certain_is_told_and_tried_with_the_next_save() -> None:
    machine = Watching()
    machine.begin()
    machine.take(CodeLoaded(loaded=GOOD))

    refused = machine.take(WaveRefused(error=WRONG))
    machine.take(saved("code.py"))

    assert refused == [Broken(error=WRONG), Waiting(is_broken=True)]
    assert kinds(machine.take(CodeLoaded(loaded=GOOD))) == ["Planned", "Start"]


def test_a_runner_that_cannot_work_is_told_after_its_wave() -> None:
    machine = running(Watching())
    problem: GraftError = PluginError("no workers")
    ended = over(Status.FAILURE)

    told = machine.take(type(ended)(at=ended.at, run=ended.run, error=problem))

    assert told[1:] == [Broken(error=problem), Waiting(is_broken=False)]


def test_only_selected_steps_are_a_reason() -> None:
    chosen = frozenset({"a"})
    machine = Watching()
    machine.begin()
    machine.take(CodeLoaded(loaded=GOOD, chosen=chosen))
    machine.take(over())
    machine.take(saved("code.py"))

    assert kinds(machine.take(CodeLoaded(loaded=OTHER, chosen=chosen))) == ["Unconcerned", "Waiting"]


def test_leaving_stops_the_wave_first_and_harder_the_second_time() -> None:
    machine = running(Watching())

    assert machine.take(Wish.STOP) == [Stop(is_hard=False)]
    assert machine.take(saved("code.py")) == []
    assert machine.take(Wish.STOP) == [Stop(is_hard=True)]
    assert kinds(machine.take(over(Status.CANCELLED))) == ["Ended", "Leave"]


def test_leaving_while_nothing_goes_on_leaves() -> None:
    assert begun(Watching()).take(Wish.STOP) == [Leave()]
