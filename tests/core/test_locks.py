"""The lock as text: the same back, few lines for a change, and what is damaged told by its line."""

from __future__ import annotations

import difflib
from dataclasses import replace

import pytest

from graftline.core.errors import InvalidError
from graftline.core.locks import (
    Difference,
    LockedPipeline,
    LockedStep,
    LockPart,
    differences,
    lock_from_text,
    lock_text,
)

LOAD = LockedStep(
    call="1" * 8,
    code="a" * 8,
    parts={"steps.py:load": "01", "steps.py:RATE": "02"},
    packages={"python": "3.11.7"},
    reads={"data/wein.csv": "03", "absent.csv": None},
    variables=("MODE",),
    parameters={"depth": 3, "names": ["ä", None], "rate": {"$float": "nan"}},
    key="04",
    outputs={"rows": "05"},
)
FIT = LockedStep(
    call="2" * 8,
    code="b" * 8,
    parts={"steps.py:fit": "06", "steps.py:RATE": "02"},
    packages={"python": "3.11.7", "numpy": "2.0"},
    inputs={"rows": "load:rows"},
)
PLAIN = LockedStep(call="3" * 8, unknown="it calls exec (steps.py:9)")


def pipeline(name: str = "wine", **steps: LockedStep) -> LockedPipeline:
    return LockedPipeline(name=name, target=f"{name}.py", steps=steps or {"load": LOAD, "fit": FIT, "odd": PLAIN})


def changed(**fields: object) -> LockedPipeline:
    return pipeline(load=LOAD, fit=replace(FIT, **fields), odd=PLAIN)  # type: ignore[arg-type]


def test_what_was_locked_comes_back() -> None:
    several = [
        pipeline(),
        pipeline("beer", fit=FIT, again=FIT, own=replace(FIT, parts={"steps.py:fit": "99"}, code="c")),
    ]

    found = lock_from_text(lock_text(several))

    assert found == {each.name: each for each in several}
    assert list(found) == ["beer", "wine"]


def test_the_text_does_not_depend_on_the_order_things_came_in() -> None:
    other = replace(
        LOAD, parts=dict(sorted(LOAD.parts.items(), reverse=True)), reads=dict(list(LOAD.reads.items())[::-1])
    )

    assert lock_text([pipeline("b"), pipeline("a")]) == lock_text(
        [pipeline("a"), pipeline("b", load=other, fit=FIT, odd=PLAIN)]
    )


def test_a_change_of_one_thing_is_a_change_of_few_lines() -> None:
    before = lock_text([pipeline()])
    moved = replace(FIT, parts={**FIT.parts, "steps.py:fit": "77"}, code="d" * 8)

    lines = list(difflib.unified_diff(before.splitlines(), lock_text([changed()]).splitlines(), n=0))
    assert lines == []
    for after, count in (
        (changed(parameters={"C": 1}), 1),
        (changed(packages={**FIT.packages, "numpy": "2.1"}), 1),
        (pipeline(load=LOAD, fit=moved, odd=PLAIN), 2),
        (pipeline(load=LOAD, fit=FIT, new=PLAIN, odd=PLAIN), 1),
    ):
        diff = list(difflib.unified_diff(before.splitlines(), lock_text([after]).splitlines(), n=0))
        assert len([line for line in diff if line.startswith("+") and not line.startswith("+++")]) == count


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ({"code": "x", "parts": {**FIT.parts, "steps.py:fit": "77"}}, [(LockPart.CODE, "steps.py:fit", "06", "77")]),
        ({"code": "x", "parts": {"steps.py:fit": "06"}}, [(LockPart.CODE, "steps.py:RATE", "02", None)]),
        (
            {"code": None, "parts": {}},
            [(LockPart.CODE, "steps.py:RATE", "02", None), (LockPart.CODE, "steps.py:fit", "06", None)],
        ),
        ({"call": "x"}, [(LockPart.CALL, "fit", "2" * 8, "x")]),
        ({"packages": {"python": "3.11.7"}}, [(LockPart.PACKAGE, "numpy", "2.0", None)]),
        ({"parameters": {"C": 0.5}}, [(LockPart.PARAMETER, "fit:C", None, "0.5")]),
        ({"inputs": {"rows": "clean:rows"}}, [(LockPart.INPUT, "fit:rows", "load:rows", "clean:rows")]),
        ({"reads": {"a.csv": None}}, [(LockPart.FILE, "a.csv", None, "missing")]),
        ({"variables": ("HOME",)}, [(LockPart.VARIABLE, "HOME", None, "read")]),
        ({"key": "1", "outputs": {"model": "2"}}, []),
    ],
)
def test_every_difference_is_named_and_no_other(
    new: dict[str, object], expected: list[tuple[LockPart, str, str | None, str | None]]
) -> None:
    found = differences(pipeline(), changed(**new), with_outputs=True)

    assert [(each.part, each.name, each.old, each.new) for each in found] == expected
    assert {each.steps for each in found} <= {("fit",)}


def test_one_change_that_concerns_several_steps_is_told_once() -> None:
    parts = {"steps.py:RATE": "88"}
    new = pipeline(
        load=replace(LOAD, code="x", parts={**LOAD.parts, **parts}),
        fit=replace(FIT, code="y", parts={**FIT.parts, **parts}),
        odd=PLAIN,
    )

    assert differences(pipeline(), new) == [
        Difference(part=LockPart.CODE, name="steps.py:RATE", old="02", new="88", steps=("load", "fit"))
    ]


def test_steps_that_came_and_went_are_told() -> None:
    found = differences(pipeline(), pipeline(load=LOAD, model=FIT, odd=PLAIN))

    assert [(each.name, each.old, each.new) for each in found] == [("fit", "fit", None), ("model", None, "model")]


def test_results_of_one_key_with_other_bytes_differ_when_asked_for() -> None:
    new = pipeline(load=replace(LOAD, outputs={"rows": "55"}), fit=FIT, odd=PLAIN)
    of_another_key = pipeline(load=replace(LOAD, key="44", outputs={"rows": "55"}), fit=FIT, odd=PLAIN)

    assert differences(pipeline(), new) == []
    assert [each.name for each in differences(pipeline(), new, with_outputs=True)] == ["load:rows"]
    assert differences(pipeline(), of_another_key, with_outputs=True) == []


TEXT = lock_text([pipeline()])


def _line(of: str) -> int:
    return next(number for number, line in enumerate(TEXT.splitlines(), start=1) if of in line)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("", 1, "no JSON"),
        ("[]", 1, "no pipelines"),
        ('{"version": 1}', 1, "no pipelines"),
        (TEXT[:-40], TEXT[:-40].count("\n") + 1, "no JSON"),
        (
            TEXT.replace('"numpy": "2.0",', '"numpy": 2.0,'),
            _line('"numpy": "2.0"'),
            "'numpy' of pipeline 'wine' cannot be 2.0",
        ),
        (TEXT.replace('"numpy": "2.0",', '"numpy": "2.0"'), _line('"numpy": "2.0"') + 1, "no JSON"),
        (TEXT.replace('"call": "22222222", ', ""), _line('"fit": {'), "step 'fit' of pipeline 'wine': it lacks 'call'"),
        (TEXT.replace('"steps.py:fit": "06"', '"steps.py:gone": "06"'), _line('"fit": {'), "it lacks 'steps.py:fit'"),
        (TEXT.replace('"version": 1', '"version": 2'), _line('"version"'), "version 2, this graftline knows 1"),
        (TEXT.replace('   "code": {', '   "code": 3, "x": {'), _line('"code": {'), "no table"),
        (TEXT.replace('"odd": {', '"odd": 3, "z": {'), _line('"odd": {'), "'odd' of pipeline 'wine' cannot be 3"),
    ],
)
def test_a_damaged_lock_is_refused_with_its_line(text: str, line: int, told: str) -> None:
    with pytest.raises(InvalidError) as caught:
        lock_from_text(text)

    assert told in caught.value.message
    assert (caught.value.file, caught.value.line) == ("graftline.lock", line)
    assert caught.value.hint


@pytest.mark.parametrize("mark", ["<<<<<<< HEAD", "=======", ">>>>>>> theirs"])
def test_a_merge_conflict_is_told_with_its_line(mark: str) -> None:
    lines = TEXT.splitlines()
    lines.insert(6, mark)

    with pytest.raises(InvalidError, match="merge conflict") as caught:
        lock_from_text("\n".join(lines))

    assert caught.value.line == 7
