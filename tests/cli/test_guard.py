"""`--guard` with real processes: what is named, where it is shown, what strict does, and that it costs nothing off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from guard_steps import PIPELINE, STEPS

DEADLINE_S = 60.0


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def guards(self) -> dict[str, Any]:
        """Return the section of each step that has one."""
        return {step["path"]: step["guard"] for step in json.loads(self.out)["steps"] if "guard" in step}


Graft = Callable[..., Said]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guard") / "project"
    (folder / "data").mkdir(parents=True)
    for name in ("a", "b"):
        (folder / "data" / f"{name}.csv").write_text(f"{name}\n")
    (folder / "settings.ini").write_text("x = 1\n")
    (folder / "graftline.toml").write_text("")
    (folder / "steps.py").write_text(STEPS)
    (folder / "pipeline.py").write_text(PIPELINE)
    return folder


@pytest.fixture(scope="module")
def graft(project: Path) -> Graft:
    def call(*arguments: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "graftline", *arguments],
            cwd=project,
            env={**os.environ, "GRAFTLINE_HOME": str(project.parent / "store")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="module")
def used(graft: Graft) -> Said:
    return graft("--json", "run", "--guard", "pipeline.py:used", "--tag", "used")


def test_every_kind_of_use_is_named_with_the_line_that_declares_it(used: Said) -> None:
    guards = used.guards

    assert guards["files"]["files"] == ["data/a.csv", "data/b.csv"]
    assert guards["files"]["folders"] == ["data"]
    assert guards["files"]["suggestion"] == 'reads=["data/*.csv"], env=["GUARD_ZONE"]'
    assert guards["variable"]["variables"] == ["GUARD_ONE", "GUARD_ZONE"]
    assert guards["remembers"]["globals"] == ["steps.COUNT"]
    assert guards["connects"]["sockets"] == ["tcp://127.0.0.1:9"]
    assert guards["starts"]["children"] == ["true"]
    assert guards["copies"]["variables"][0] == "*"


def test_a_step_that_fails_is_reported_as_well(used: Said) -> None:
    document = json.loads(used.out)

    assert used.code == 1
    assert used.guards["fails"]["files"] == ["settings.ini"]
    assert [step["error"]["type"] for step in document["steps"] if step["error"]] == ["ValueError"]


def test_the_report_is_no_output_among_others(used: Said) -> None:
    outputs = {step["path"]: list(step["outputs"]) for step in json.loads(used.out)["steps"]}

    assert outputs["files"] == ["size"]
    assert outputs["fails"] == []


def test_show_has_the_section_and_output_gives_the_report(graft: Graft, used: Said) -> None:
    shown = graft("show", "used")
    document = graft("--json", "show", "used")
    report = graft("output", "used", "files:guard.json")

    assert "used and not declared\n" in shown.out
    assert '  files: reads=["data/*.csv"], env=["GUARD_ZONE"]\n' in shown.out
    assert "starts started true: what that used was not seen" in shown.out
    assert document.guards == used.guards
    assert json.loads(report.out)["folders"] == ["data"]


def test_what_is_declared_is_not_reported(graft: Graft) -> None:
    said = graft("run", "--guard", "pipeline.py:declared")

    assert said.code == 0, said.out
    assert "nothing was used that is not declared\n" in said.out


@pytest.fixture(scope="module")
def strict(graft: Graft) -> Said:
    return graft("--json", "run", "pipeline.py:strict", "--guard=strict", "--tag", "strict")


def test_strict_fails_the_step_and_says_what_to_declare(strict: Said) -> None:
    (step,) = json.loads(strict.out)["steps"]

    assert strict.code == 1
    assert step["error"]["type"] == "UndeclaredUse"
    assert "file data/a.csv" in step["error"]["message"]
    assert 'declare it: reads=["data/*.csv"], env=["GUARD_ZONE"]' in step["error"]["message"]
    assert step["outputs"] == {}
    assert step["guard"]["files"] == ["data/a.csv", "data/b.csv"]


def test_a_retry_is_guarded_as_its_run_was_unless_it_says_otherwise(graft: Graft, strict: Said) -> None:
    again = graft("--json", "retry", "strict")
    off = graft("--json", "retry", "strict", "--guard=off")

    assert again.code == 1
    assert again.guards.keys() == {"files"}
    assert off.code == 0
    assert off.guards == {}


def test_the_configuration_turns_it_on_and_off_is_said_for_one_run(graft: Graft, project: Path) -> None:
    file = project / "guarded.toml"
    file.write_text('[runner.local]\nguard = "warn"\n')

    on = graft("-C", str(file), "--json", "run", "pipeline.py:strict", "--force")
    off = graft("-C", str(file), "--json", "run", "pipeline.py:strict", "--guard=off")

    assert on.guards["files"]["folders"] == ["data"]
    assert (off.code, off.guards) == (0, {})


@pytest.mark.parametrize("words", [("--guard=sometimes", "pipeline.py:strict"), ("--guard", "strickt.py")])
def test_a_mode_that_is_none_and_a_target_after_the_bare_option_are_told_apart(
    graft: Graft, words: tuple[str, ...]
) -> None:
    said = graft("run", *words)

    assert said.code == 2
    assert ("sometimes" in said.err) is words[0].endswith("sometimes")


def test_a_configured_mode_that_is_none_is_refused(graft: Graft, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('[runner.local]\nguard = "strickt"\n')

    said = graft("-C", str(file), "run", "pipeline.py:strict")

    assert said.code == 2
    assert "'runner.local.guard' is off, warn or strict, not 'strickt'; did you mean 'strict'?" in said.err
