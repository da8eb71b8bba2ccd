"""What counts as declared, and the line that would declare the rest."""

from __future__ import annotations

import pytest

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.errors import InvalidError
from graftline.core.graph import Call, CallKind, Operation, Policy
from graftline.core.runs import StepRun
from graftline.core.states import Status
from graftline.core.undeclared import (
    GUARD_NAME,
    GUARD_ROLE,
    GuardMode,
    Undeclared,
    chosen_guard,
    guard_mode,
    is_guarded,
    reports_of,
    undeclared_from_json,
    without_declared,
)


def left(found: Undeclared, **policy: object) -> Undeclared:
    return without_declared(found, Policy(**policy), known={"steps.py"}, given={"CUDA_VISIBLE_DEVICES"})  # type: ignore[arg-type]


def test_code_and_what_reads_names_is_declared() -> None:
    found = Undeclared(files=("data/a.csv", "settings.ini", "steps.py"))

    assert left(found, reads=("data/*.csv",)).files == ("settings.ini",)
    assert left(found, reads=("./data", "settings.ini")).files == ()


@pytest.mark.parametrize(
    ("folder", "reads", "is_declared"),
    [
        ("data", "data/*.csv", True),
        ("data", "data/**/*.csv", True),
        ("data/2026", "data/**/*.csv", True),
        ("data/2026", "data", True),
        ("data/2026", "data/*/x.csv", True),
        (".", "*.csv", True),
        (".", "data/*.csv", False),
        ("data", "other/*.csv", False),
        ("data/2026", "data/*.csv", False),
        ("database", "data/**", False),
    ],
)
def test_a_directory_is_declared_by_a_glob_of_files_in_it(folder: str, reads: str, is_declared: bool) -> None:
    assert (left(Undeclared(folders=(folder,)), reads=(reads,)).folders == ()) is is_declared


def test_variables_are_declared_by_env_by_secrets_and_by_graftline_itself() -> None:
    found = Undeclared(variables=("CUDA_VISIBLE_DEVICES", "GRAFT_RUN", "HOME", "TOKEN", "TZ"))

    assert left(found, env=("TZ",), secrets=("TOKEN",)).variables == ("HOME",)


def test_connections_are_declared_by_saying_how_long_a_result_holds() -> None:
    found = Undeclared(sockets=("tcp://db:5432",))

    assert left(found).uses == [("connection", "tcp://db:5432")]
    assert left(found, cache="3600.0").uses == []


def test_the_suggestion_keeps_what_is_declared_already() -> None:
    found = Undeclared(files=("a.csv", "b.csv"), variables=("TZ",))

    suggestion = left(found, reads=("a.csv",), env=("LANG",)).suggestion

    assert suggestion == 'reads=["a.csv", "b.csv"], env=["LANG", "TZ"]'


@pytest.mark.parametrize(
    ("found", "suggestion"),
    [
        (Undeclared(files=("data/a.csv", "data/b.csv"), folders=("data",)), 'reads=["data/*.csv"]'),
        (Undeclared(files=("data/a.csv", "data/b.csv")), 'reads=["data/a.csv", "data/b.csv"]'),
        (Undeclared(files=("a.csv", "b.csv", "c.csv", "x.ini")), 'reads=["*.csv", "x.ini"]'),
        (Undeclared(folders=("data",)), 'reads=["data/*"]'),
        (Undeclared(folders=(".",)), ""),
        (Undeclared(variables=("*",), globals=("steps.CACHE",), sockets=("tcp://a:1",)), ""),
    ],
)
def test_many_files_of_a_kind_are_suggested_as_a_glob(found: Undeclared, suggestion: str) -> None:
    assert left(found).suggestion == suggestion


def test_what_is_suggested_declares_what_was_used() -> None:
    found = Undeclared(files=("data/a.csv", "data/b.csv", "/mnt/x.bin"), folders=("data",), variables=("TZ",))
    given = eval(f"dict({left(found).suggestion})")

    again = left(found, **{name: tuple(value) for name, value in given.items()})

    assert again.is_empty


def test_children_are_a_gap_and_no_use() -> None:
    found = left(Undeclared(children=("git",), unseen=("steps.LOCK",)))

    assert found.uses == []
    assert not found.is_empty
    assert left(Undeclared(unseen=("steps.LOCK",))).is_empty


def test_too_much_to_note_is_a_use() -> None:
    assert left(Undeclared(is_cut=True)).uses == [("file", "more than could be noted")]


def test_a_report_survives_json() -> None:
    found = Undeclared(files=("a",), is_cut=True, suggestion="x")

    assert undeclared_from_json({**found.to_json(), "of a later version": 1}) == found


def test_reports_are_of_the_attempts_of_the_run_itself() -> None:
    data = b'{"files": ["a.csv"]}'
    kept = Output(GUARD_NAME, GUARD_ROLE, ArtifactRef("0" * 64, len(data), "json", data))

    def step(path: str, state: Status, *outputs: Output) -> StepRun:
        return StepRun(
            path=path, name=path, state=state, reason=None, attempts=1, started=None, seconds=None, cpu_seconds=None,
            peak_bytes=None, needs=(), params={}, cached_from=None, error=None, outputs=outputs, metrics=(),
        )  # fmt: skip

    broken = kept._replace(ref=kept.ref._replace(inline=b"{"))
    steps = [
        step("a", Status.SUCCESS, kept),
        step("b", Status.CACHED, kept),
        step("c", Status.SUCCESS),
        step("d", Status.FAILURE, broken),
    ]

    found = reports_of(steps, lambda ref: ref.inline or b"")

    assert found == {"a": Undeclared(files=("a.csv",))}


def test_steps_without_code_of_the_project_are_not_looked_at() -> None:
    def operation(kind: CallKind, **call: str) -> Operation:
        return Operation(call=Call(kind=kind, **call))  # type: ignore[arg-type]

    assert is_guarded(operation(CallKind.PYTHON))
    assert is_guarded(operation(CallKind.REDUCE, module="builtins"))
    assert not is_guarded(operation(CallKind.REDUCE))
    assert not is_guarded(operation(CallKind.SPLIT))


def test_off_beats_what_is_configured() -> None:
    assert chosen_guard(GuardMode.OFF, GuardMode.STRICT) is None
    assert chosen_guard(None, GuardMode.STRICT) is GuardMode.STRICT
    assert chosen_guard(None, None) is None


def test_a_mode_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidError, match="is off, warn or strict, not 'strickt'; did you mean 'strict'"):
        guard_mode("strickt")
