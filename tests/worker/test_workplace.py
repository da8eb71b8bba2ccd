"""Where a run takes place: root, settings, target, interpreter, git."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from loading import write

from graftline import InvalidError
from graftline.worker.workplace import (
    find_root,
    git_state,
    interpreter,
    module_of,
    open_workplace,
    target_of,
    uncommitted_files,
)


@pytest.fixture(autouse=True)
def _no_user_file(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))


def test_the_root_is_the_nearest_parent_with_a_configuration(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"graftline.toml": "", "a/pyproject.toml": "[tool.graftline.project]\nname='x'\n", "a/b/.git/HEAD": ""},
    )
    (tmp_path / "a/b/c").mkdir()
    assert find_root(str(tmp_path / "a/b/c")) == str(tmp_path)
    (tmp_path / "graftline.toml").unlink()
    assert find_root(str(tmp_path / "a/b/c")) == str(tmp_path / "a")
    (tmp_path / "a/pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert find_root(str(tmp_path / "a/b/c")) == str(tmp_path / "a/b")


def test_a_folder_without_any_sign_is_its_own_root(tmp_path: Path) -> None:
    assert find_root(str(tmp_path)) == str(tmp_path)


def test_the_root_starts_at_the_target_not_at_the_caller(tmp_path: Path) -> None:
    write(tmp_path, {"inner/graftline.toml": "", "inner/flows/pipeline.py": ""})
    place = open_workplace("inner/flows/pipeline.py:x", cwd=str(tmp_path), environ={})
    target = target_of(place)
    assert target.root == target.cwd == str(tmp_path / "inner")
    assert target.text == "flows/pipeline.py:x"
    assert target.sys_path == (str(tmp_path / "inner/flows"), str(tmp_path / "inner"))


def test_a_file_in_a_package_is_named_from_the_outermost_one(tmp_path: Path) -> None:
    write(tmp_path, {"src/a/__init__.py": "", "src/a/b/__init__.py": "", "src/a/b/c.py": ""})
    assert module_of(str(tmp_path / "src/a/b/c.py")) == (str(tmp_path / "src"), "a.b.c")


def test_without_a_target_the_configured_pipeline_is_taken_then_pipeline_py(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"pipeline.py": "", "flows/daily.py": "", "graftline.toml": '[project]\npipeline = "flows/daily.py:x"\n'},
    )
    (tmp_path / "deep").mkdir()
    assert target_of(open_workplace(None, cwd=str(tmp_path), environ={})).text == "flows/daily.py:x"
    (tmp_path / "graftline.toml").write_text("")
    assert target_of(open_workplace(None, cwd=str(tmp_path), environ={})).text == "pipeline.py"
    with pytest.raises(InvalidError, match=r"no target is named and there is no pipeline\.py"):
        target_of(open_workplace("./deep", cwd=str(tmp_path), environ={}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pipelin.py", "did you mean 'pipeline.py'"),
        ("nowhere/x.py", "nowhere: there is no such directory"),
        ("churn/0.2.0/3", "is an address of the registry"),
        ("./no", "no: there is no such file"),
    ],
)
def test_a_file_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, {"pipeline.py": ""})
    with pytest.raises(InvalidError, match=message):
        target_of(open_workplace(text, cwd=str(tmp_path), environ={}))


def test_settings_come_from_all_files_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path, {"pyproject.toml": '[tool.graftline.runner]\ndefault = "b"\n', "extra.toml": '[store]\nhome = "c"\n'}
    )
    user = write(tmp_path / "home", {"graftline/config.toml": '[runner]\ndefault = "a"\n[store]\nmax_bytes = "1GB"\n'})
    monkeypatch.setenv("XDG_CONFIG_HOME", str(user))
    place = open_workplace(
        None, cwd=str(tmp_path), environ={"GRAFTLINE_HOME": "d"}, config_file="extra.toml", options={"store.home": "e"}
    )
    settings = place.settings
    assert (settings.text("runner.default"), settings.number("store.max_bytes")) == ("b", 10**9)
    assert [value for _, value in settings.explain("runner.default")] == ["local", "a", "b"]
    assert [value for _, value in settings.explain("store.home")] == ["c", "d", "e"]


def test_a_file_that_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"graftline.toml": "[project]\nname = \n"})
    with pytest.raises(InvalidError) as caught:
        open_workplace(None, cwd=str(tmp_path), environ={})
    assert (caught.value.file, caught.value.line) == (str(tmp_path / "graftline.toml"), 2)


def test_a_named_configuration_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="there is no configuration file"):
        open_workplace(None, cwd=str(tmp_path), environ={}, config_file="x.toml")


def test_the_interpreter_is_the_configured_one_then_the_active_one_then_the_project_s(tmp_path: Path) -> None:
    for name in ("mine", "active", ".venv"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin/python").symlink_to(sys.executable)
    (tmp_path / "graftline.toml").write_text('[project]\npython = "mine"\n')
    place = open_workplace(None, cwd=str(tmp_path), environ={})
    active = {"VIRTUAL_ENV": str(tmp_path / "active")}
    assert interpreter(place, active) == str(tmp_path / "mine/bin/python")
    (tmp_path / "graftline.toml").write_text("")
    place = open_workplace(None, cwd=str(tmp_path), environ={})
    assert interpreter(place, active) == str(tmp_path / "active/bin/python")
    assert interpreter(place, {}) == str(tmp_path / ".venv/bin/python")
    (tmp_path / ".venv/bin/python").unlink()
    assert interpreter(place, {}) == sys.executable


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout.strip()


def test_git_tells_commit_branch_remote_and_whether_files_changed(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "1\n"})
    _git(tmp_path, "init", "-q", "-b", "main")
    assert git_state(str(tmp_path)).git is None
    _git(tmp_path, "remote", "add", "origin", "https://user:secret@example.com/x.git")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "first")
    state = git_state(str(tmp_path))
    assert (state.git, state.branch, state.dirty) == (_git(tmp_path, "rev-parse", "HEAD"), "main", False)
    assert state.remote == "https://example.com/x.git"
    (tmp_path / "new.txt").write_text("untracked")
    assert git_state(str(tmp_path)).dirty is False
    (tmp_path / "a.py").write_text("2\n")
    assert git_state(str(tmp_path)).dirty is True


def test_outside_git_nothing_is_known(tmp_path: Path) -> None:
    state = git_state(str(tmp_path))
    assert (state.git, state.branch, state.dirty, state.remote) == (None, None, None, None)


def test_files_that_no_commit_has_are_found_below_the_root_of_a_repository(tmp_path: Path) -> None:
    root = tmp_path / "apps" / "churn"
    (root / "made").mkdir(parents=True)
    for name in ("same.py", "changed.py", "new.py", "made/ignored.py", "odd näme.py"):
        (root / name).write_text("x = 1\n")
    (tmp_path / ".gitignore").write_text("made/\n")

    def git(*words: str) -> None:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".gitignore", "apps/churn/same.py", "apps/churn/changed.py", "apps/churn/odd näme.py")
    git("commit", "-qm", "first")
    for name in ("changed.py", "odd näme.py"):
        (root / name).write_text("x = 2\n")
    files = ["same.py", "changed.py", "new.py", "made/ignored.py", "odd näme.py", "nowhere.py"]

    assert uncommitted_files(str(root), files) == ["changed.py", "new.py", "made/ignored.py", "odd näme.py"]
    assert uncommitted_files(str(root), ["same.py"]) == []


def test_outside_of_git_nothing_is_uncommitted(tmp_path: Path) -> None:
    (tmp_path / "pipeline.py").write_text("x = 1\n")

    assert uncommitted_files(str(tmp_path), ["pipeline.py"]) == []
