"""Settings from layers: who wins, who said it, and what a wrong key is answered with."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from graftline import InvalidError
from graftline.core.config import Layer, from_environ, merge, options

FILE = """
[project]
name = "churn"
pipeline = "pipeline.py:churn"

[runner]
default = "cluster"
[runner.cluster]
provider = "dask"
address = "tcp://x"
[runner.local]
jobs = 4
labels = { gpu = 1 }

[route]
gpu = "cluster"
[feed.wh]
provider = "duckdb"
path = "wh.db"
[engine.nightly]
feed = ["wh"]
sink = "out"
[alias.champion]
gates = ["auc >= 0.5"]
[store]
max_bytes = "20GB"
"""


def _layer(text: str, name: str = "project", file: str = "graftline.toml", prefix: tuple[str, ...] = ()) -> Layer:
    data: Any = tomllib.loads(text)
    for table in prefix:
        data = data[table]
    return Layer(name=name, data=data, file=file, text=text, prefix=prefix)


def test_the_documented_file_is_read() -> None:
    settings = merge([_layer(FILE)])
    assert settings.text("project.pipeline") == "pipeline.py:churn"
    assert settings.number("runner.local.jobs") == 4
    assert settings.number("store.max_bytes") == 20_000_000_000
    assert settings.table("runner.cluster") == {"provider": "dask", "address": "tcp://x"}
    assert settings.table("runner.local.labels") == {"gpu": 1}
    assert settings.text("store.home") is None


def test_a_later_layer_wins_key_by_key_and_every_word_is_kept() -> None:
    layers = [
        Layer(name="default", data={"runner": {"default": "local", "local": {"jobs": 2}}}),
        _layer('[runner]\ndefault = "cluster"\n'),
        *from_environ({"GRAFTLINE_RUNNER_DEFAULT": "dask", "HOME": "/", "GRAFTLINE_PRM_C": "1"}),
        options({"runner.default": "argo", "store.home": None}),
    ]
    settings = merge(layers)
    assert settings.text("runner.default") == "argo"
    assert settings.number("runner.local.jobs") == 2
    assert [tuple(each) for each in settings.explain("runner.default")] == [
        ("default", "local"),
        ("graftline.toml", "cluster"),
        ("environment GRAFTLINE_RUNNER_DEFAULT", "dask"),
        ("option", "argo"),
    ]


def test_the_home_variable_moves_the_store() -> None:
    assert merge(from_environ({"GRAFTLINE_HOME": "/data"})).text("store.home") == "/data"
    assert merge(from_environ({"GRAFTLINE_STORE_MAX_BYTES": "1GB"})).number("store.max_bytes") == 10**9


def test_a_key_nobody_set_is_explained_by_nothing_and_an_unknown_one_is_refused() -> None:
    settings = merge([_layer(FILE)])
    assert settings.explain("store.home") == []
    with pytest.raises(InvalidError, match=r"did you mean 'runner\.default'"):
        settings.explain("runner.defalt")


def test_a_key_with_a_dot_in_it_is_quoted() -> None:
    settings = merge([_layer('[runner."a.b"]\nprovider = "dask"\n')])
    assert settings.text('runner."a.b".provider') == "dask"
    assert settings.table('runner."a.b"') == {"provider": "dask"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('[project]\nname = "a"\npipelin = "x"\n', 3, "no setting 'project.pipelin'; did you mean 'project.pipeline'?"),
        ("[project]\nname = 3\n", 2, "'project.name' is text, not 3"),
        ('[runner.local]\n# jobs\njobs = "many"\n', 3, "'runner.local.jobs' is a whole number above 0"),
        ("[runner.local]\njobs = true\n", 2, "'runner.local.jobs' is a whole number above 0"),
        ('[store]\nmax_bytes = "lots"\n', 2, "'store.max_bytes' 'lots' is not a size"),
        ("runner = 3\n", 1, "'runner' is a table"),
        ("[rnner]\ndefault = 'x'\n", 2, "no setting 'rnner.default'; did you mean 'runner.default'?"),
        ("\n[route]\ngpu = 3\n", 3, "'route.gpu' is text"),
        ("[alias.champion]\ngates = 'auc'\n", 2, "is a list of texts"),
    ],
)
def test_a_wrong_key_is_named_with_its_file_and_line(text: str, line: int, message: str) -> None:
    with pytest.raises(InvalidError) as caught:
        merge([_layer(text)])
    assert message in str(caught.value)
    assert (caught.value.file, caught.value.line) == ("graftline.toml", line)


def test_the_line_is_found_in_pyproject_too() -> None:
    text = '[project]\nname = "x"\n[tool.graftline.project]\nnme = "x"\n'
    with pytest.raises(InvalidError) as caught:
        merge([_layer(text, file="pyproject.toml", prefix=("tool", "graftline"))])
    assert caught.value.line == 4


def test_all_wrong_keys_are_told_at_once() -> None:
    with pytest.raises(InvalidError, match="2 problems"):
        merge([_layer("[project]\nname = 3\n"), _layer("[store]\nhme = 'x'\n", file="user.toml")])


def test_an_unknown_variable_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidError, match="GRAFTLINE_HOEM is no setting; did you mean 'GRAFTLINE_HOME'"):
        from_environ({"GRAFTLINE_HOEM": "x"})
