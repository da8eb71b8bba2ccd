"""Tasks: what a user writes is read, and every misuse is answered where it was written."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from authoring import Estimator, fit, load

from graftline import (
    Catalog,
    InvalidError,
    PythonTask,
    ScriptTask,
    ShellTask,
    Stub,
    arrow,
    json,
    metric,
    pickled,
    state,
)
from graftline.core.graph import ReturnKind, Terminate
from graftline.core.options import _READERS, Options

HERE = Path(__file__).name


def test_a_python_task_is_named_after_its_function() -> None:
    assert PythonTask(fit).name == "fit"
    assert PythonTask(functools.partial(fit, C=2.0)).name == "fit"
    assert PythonTask(Estimator).name == "Estimator"
    assert PythonTask(fit, name="train").name == "train"


def test_a_script_task_is_named_after_its_file() -> None:
    assert ScriptTask("scripts/train.py").name == "train"


def test_returns_are_read_in_order_with_their_kinds() -> None:
    task = PythonTask(fit, returns=["x", pickled("a"), json("b"), arrow("c"), metric("auc"), state("model")])
    assert [(each.name, each.kind) for each in task.returns or ()] == [
        ("x", ReturnKind.AUTO),
        ("a", ReturnKind.PICKLE),
        ("b", ReturnKind.JSON),
        ("c", ReturnKind.ARROW),
        ("auc", ReturnKind.METRIC),
        ("model", ReturnKind.STATE),
    ]


def test_a_state_file_is_named_after_its_stem() -> None:
    assert state.file("out/model.pt").name == "model"
    assert state.file("out/model.pt", name="net").file == "out/model.pt"


def test_options_become_the_policy() -> None:
    task = PythonTask(
        fit,
        retries=2,
        backoff="10s",
        timeout="1h30m",
        resources={"cpus": 2, "gpu": 1, "memory": "4GB", "db": 1},
        labels="gpu",
        isolation="process",
        secrets=["TOKEN"],
        reads=["data/*.csv"],
        env=["TZ"],
        cache="1d",
        watch=True,
        terminate_with_success=True,
        catalog=Catalog(put=["./plot.png"], get="model.bin", store_copy=False),
    )
    policy = task.policy
    assert (policy.retries, policy.backoff_s, policy.timeout_s) == (2, 10.0, 5400.0)
    assert policy.resources == {"cpus": 2.0, "gpu": 1.0, "memory": 4e9, "db": 1.0}
    assert (policy.labels, policy.isolation, policy.secrets) == (("gpu",), "process", ("TOKEN",))
    assert (policy.reads, policy.env, policy.cache, policy.watch) == (("data/*.csv",), ("TZ",), "86400", True)
    assert policy.terminate is Terminate.SUCCESS
    assert (policy.put, policy.get, policy.store_copy) == (("plot.png",), ("model.bin",), False)


@pytest.mark.parametrize(("given", "kept"), [("auto", "auto"), (True, "always"), (False, "never"), (60, "60")])
def test_cache_is_kept_as_text(given: Any, kept: str) -> None:
    assert PythonTask(fit, cache=given).policy.cache == kept


def test_an_option_that_is_none_is_not_given() -> None:
    assert PythonTask(fit, retries=None, labels=None, catalog=None).policy == PythonTask(fit).policy


def test_every_option_has_a_reader() -> None:
    assert set(_READERS) == set(Options.__annotations__)


def test_a_stub_accepts_whatever_the_real_step_takes() -> None:
    stub = Stub(function=fit, returns=["model"], notebook="x.ipynb", retries=3, command="ls")
    assert stub.name == "fit"
    assert stub.policy.retries == 3
    assert [each.name for each in stub.returns or ()] == ["model"]


python: Any = PythonTask
shell: Any = ShellTask
script: Any = ScriptTask
catalog: Any = Catalog
"""The same without their types: what is tested is what a type checker would refuse."""

BAD: list[tuple[Any, str]] = [
    (lambda: python("fit", name="a"), "takes a function, not 'fit'"),
    (lambda: python(lambda: 1), "a name is text, not NoneType"),
    (lambda: python(fit, name="a/b"), "may not contain '/'"),
    (lambda: python(fit, name="x" * 129), "at most 128"),
    (lambda: python(fit, returns=[3]), "returns= takes names"),
    (lambda: python(fit, returns=[pickled]), "returns= takes names"),
    (lambda: python(fit, returns={"a": 1}), "takes a list of names, not dict"),
    (lambda: python(fit, returns=["x", pickled("x")]), "'x' twice"),
    (lambda: python(fit, retires=2), "no option 'retires'; did you mean 'retries'?"),
    (lambda: python(fit, retries=-1), "whole number of 0 or more, not -1"),
    (lambda: python(fit, retries=True), "whole number of 0 or more, not True"),
    (lambda: python(fit, retries=1.5), "whole number of 0 or more"),
    (lambda: python(fit, backoff=-1), "not negative"),
    (lambda: python(fit, timeout=0), "a time above zero"),
    (lambda: python(fit, timeout="soon"), "'soon' is not a duration"),
    (lambda: python(fit, timeout=[1]), "takes seconds"),
    (lambda: python(fit, resources={"cpu": 2}), "did you mean 'cpus'?"),
    (lambda: python(fit, resources={"gpu": -1}), "'gpu' is a number of 0 or more"),
    (lambda: python(fit, resources={"gpu": float("nan")}), "'gpu' is a number of 0 or more"),
    (lambda: python(fit, resources={"memory": "lots"}), "'lots' is not a size"),
    (lambda: python(fit, resources={"db": "one"}), "'db' is a number"),
    (lambda: python(fit, resources=["gpu"]), "takes a dict"),
    (lambda: python(fit, labels=3), "takes a list of names"),
    (lambda: python(fit, isolation="container"), "'process' or None"),
    (lambda: python(fit, cache="sometimes"), "'sometimes' is not a duration"),
    (lambda: python(fit, fence="yes"), "True or False"),
    (lambda: python(fit, modes=["aply"]), "did you mean 'apply'?"),
    (lambda: python(fit, inputs={"df": 3}), "neither a name nor step['output']"),
    (lambda: python(fit, inputs=["df"]), "takes a dict"),
    (lambda: python(fit, params={"a:b": 3}), "may not contain ':'"),
    (lambda: python(fit, after=load), "takes steps or their names"),
    (lambda: python(fit, overrides={"argo": 3}), "takes runner -> key"),
    (lambda: python(fit, catalog=["plot.png"]), "takes a Catalog"),
    (lambda: python(fit, terminate_with_success=True, terminate_with_failure=True), "not both"),
    (lambda: shell("", name="a"), "takes a command line"),
    (lambda: shell(["ls"], name="a"), "takes a command line"),
    (lambda: shell("ls"), "a name is text, not NoneType"),
    (lambda: shell("ls", name="a", takes=["not a name"]), "names of variables"),
    (lambda: script("train.ipynb"), "path of a Python file"),
    (lambda: script("train.py", args="--C 1"), "takes a list of texts"),
    (lambda: Stub(), "a name is text, not NoneType"),
    (lambda: python(fit, name="a", returns=["x"])["y"], "returns no 'y'"),
    (lambda: python(fit, name="a")["fit"], "returns no 'fit'"),
    (lambda: python(fit, name="a") >> load, "takes steps"),
]


@pytest.mark.parametrize(("make", "text"), BAD, ids=[text for _, text in BAD])
def test_a_misuse_is_one_message_that_names_the_step_and_its_line(make: Any, text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        make()
    assert text in str(caught.value)
    assert "problems:" not in str(caught.value)
    named = make.__code__.co_consts
    step = next((each for each in named if each in ("a", "a/b")), None)
    assert step is None or step in str(caught.value)
    if ">>" not in str(caught.value):
        assert caught.value.file is not None
        assert Path(caught.value.file).name == HERE
        assert caught.value.line is not None


def test_all_wrong_options_of_a_step_are_told_at_once() -> None:
    with pytest.raises(InvalidError) as caught:
        python(fit, name="train", retries=-1, timeout="soon", retires=3, returns=["x", "x"])
    message = str(caught.value)
    assert "4 problems" in message
    assert message.count("step 'train'") == 4
    assert message.count(HERE) == 1


BAD_RETURNS: list[tuple[Any, str]] = [
    (lambda: pickled("a:b"), "may not contain ':'"),
    (lambda: pickled(""), "may not be empty"),
    (lambda: metric("auc", file="m.json", pattern="x"), "not both"),
    (lambda: metric("auc", pattern="auc=("), "no regular expression"),
    (lambda: metric("auc", pattern="auc="), "has no group"),
    (lambda: state.file(""), "path of a file"),
    (lambda: catalog(put=["/tmp/x"]), "outside the working directory"),
    (lambda: catalog(get=["a/../../x"]), "outside the working directory"),
    (lambda: catalog(put=[3]), "globs as text"),
    (lambda: catalog(put=3), "a list of globs"),
    (lambda: catalog(store_copy="no"), "True or False"),
]


@pytest.mark.parametrize(("make", "text"), BAD_RETURNS, ids=[text for _, text in BAD_RETURNS])
def test_a_wrong_return_or_catalog_is_refused(make: Any, text: str) -> None:
    with pytest.raises(InvalidError, match=text.replace("(", r"\(")):
        make()


def test_arrows_note_the_order_on_the_right_side() -> None:
    a, b, c, d = (Stub(name) for name in "abcd")
    assert (a >> [b, c] >> d) is d
    assert b.flows == [a]
    assert c.flows == [a]
    assert d.flows == [b, c]


def test_a_step_that_wants_a_gpu_has_a_process_of_its_own() -> None:
    assert PythonTask(len, name="a", resources={"gpu": 1}).policy.isolation == "process"
    assert PythonTask(len, name="a", resources={"gpu": 0, "cpus": 2}).policy.isolation is None
