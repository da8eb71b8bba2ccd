"""Where the code of a function comes from: files, inline, git, zip and modules; nothing of it is run."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from graftline.core.errors import InvalidError
from graftline.core.library import Fetched, FunctionRequest
from graftline.worker.fetching import fetch

BOMB = "raise SystemExit('it was run')\n"


def fetched(folder: Path, source: str | None = None, kind: str = "python", **given: Any) -> Fetched:
    request = FunctionRequest(name=given.pop("name", "fit"), source=source, **given)
    return fetch(request, kind, root=str(folder), cwd=str(folder))


def told(folder: Path, source: str | None = None, kind: str = "python", **given: Any) -> str:
    with pytest.raises(InvalidError) as caught:
        fetched(folder, source, kind, **given)
    return f"{caught.value} ({caught.value.hint})"


def files_of(found: Fetched) -> dict[str, str]:
    """Return path -> text of all that was kept."""
    listed: dict[str, str] = json.loads(found.code[str(found.source["code"])])
    assert all(hashlib.sha256(data).hexdigest() == digest for digest, data in found.code.items())
    return {path: found.code[digest].decode() for path, digest in listed.items()}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "steps.py").write_text(f"import helper, lib\ndef fit(): ...\n{BOMB}")
    (tmp_path / "src" / "helper.py").write_text("import json\n")
    (tmp_path / "lib.py").write_text("x = 1\n")
    (tmp_path / "other.py").write_text("y = 1\n")
    return tmp_path


class TestFiles:
    def test_a_file_is_kept_with_what_it_imports(self, project: Path) -> None:
        found = fetched(project, "src/steps.py:fit")

        assert {name: found.source[name] for name in ("type", "path", "name")} == {
            "type": "file",
            "path": "steps.py",
            "name": "fit",
        }
        assert set(files_of(found)) == {"steps.py", "helper.py", "lib.py", "src/steps.py", "src/helper.py"}

    def test_its_digest_changes_with_what_it_imports_and_with_nothing_else(self, project: Path) -> None:
        first = fetched(project, "src/steps.py:fit")
        (project / "other.py").write_text("y = 2\n")
        same = fetched(project, "src/steps.py:fit")
        (project / "lib.py").write_text("x = 2\n")
        other = fetched(project, "src/steps.py:fit")

        assert first.source == same.source
        assert first.source["code"] != other.source["code"]

    def test_a_shell_script_is_kept_alone(self, project: Path) -> None:
        (project / "run.sh").write_text("echo hi\n")

        assert files_of(fetched(project, "run.sh", "shell")) == {"run.sh": "echo hi\n"}

    def test_a_yaml_file_is_kept_with_the_files_it_names(self, project: Path) -> None:
        (project / "flow.yaml").write_text("steps:\n  - src/helper.py:f\n  - lib:g\n")

        assert set(files_of(fetched(project, "flow.yaml", "pipeline"))) == {"flow.yaml", "src/helper.py", "lib.py"}

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ("src/step.py:fit", "there is no file 'src/step.py'; did you mean 'steps.py'?"),
            ("src/steps.py:fitt", "there is no 'fitt' in it; did you mean 'fit'?"),
            ("no code at all", "names no code"),
        ],
    )
    def test_what_is_not_there_is_told(self, project: Path, source: str, said: str) -> None:
        assert said in told(project, source)

    def test_a_syntax_error_is_told_at_its_line(self, project: Path) -> None:
        (project / "bad.py").write_text("x = 1\ndef f(:\n")

        assert "bad.py:2: syntax error" in told(project, "bad.py:f")

    @pytest.mark.parametrize(
        "text",
        [
            "from m import *\n",
            "import a as fit\n",
            "fit = 1\n",
            "try:\n    fit = 1\nexcept E:\n    pass\n",
            "fit: int\n",
        ],
    )
    def test_a_name_counts_however_it_is_bound(self, project: Path, text: str) -> None:
        (project / "m2.py").write_text(text)

        assert fetched(project, "m2.py:fit").source["name"] == "fit"


class TestInline:
    def test_the_only_function_is_meant(self, tmp_path: Path) -> None:
        found = fetched(tmp_path, code="import math\ndef square(x):\n    return x * x\n")

        assert (found.source["name"], found.source["type"]) == ("square", "inline")
        assert list(files_of(found)) == ["inline.py"]

    def test_of_several_the_one_of_its_name(self, tmp_path: Path) -> None:
        found = fetched(tmp_path, code="def a(): ...\ndef fit(): ...\n")

        assert found.source["name"] == "fit"

    def test_otherwise_they_are_listed(self, tmp_path: Path) -> None:
        assert "it defines a, b" in told(tmp_path, code="def a(): ...\ndef b(): ...\n")
        assert "it defines none" in told(tmp_path, code="x = 1\n")
        assert "--code:1: syntax error" in told(tmp_path, code="def (\n")
        assert "empty" in told(tmp_path, code=" \n")


def git(folder: Path, *arguments: str) -> str:
    words = ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", "-C", str(folder), *arguments]
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


class TestGit:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        folder = tmp_path / "repo"
        folder.mkdir()
        git(folder, "init", "-q")
        (folder / "fit.py").write_text(f"import part\ndef fit(): ...\n{BOMB}")
        (folder / "part.py").write_text("x = 1\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "one")
        git(folder, "tag", "v1")
        (folder / "part.py").write_text("x = 2\n")
        git(folder, "commit", "-qam", "two")
        return folder

    def test_a_reference_is_a_commit_and_its_files(self, repository: Path, tmp_path: Path) -> None:
        found = fetched(tmp_path, "git+./repo@v1#fit.py:fit")
        newest = fetched(tmp_path, f"git+file://{repository}#fit.py:fit")

        assert found.source["commit"] == git(repository, "rev-parse", "v1")
        assert newest.source["commit"] == git(repository, "rev-parse", "HEAD")
        assert [files_of(each)["part.py"] for each in (found, newest)] == ["x = 1\n", "x = 2\n"]

    def test_a_sha_is_a_reference(self, repository: Path, tmp_path: Path) -> None:
        sha = git(repository, "rev-parse", "v1")

        assert fetched(tmp_path, f"git+./repo@{sha}#fit.py:fit").source["commit"] == sha

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ("git+./repo@v9#fit.py:fit", "'./repo' has no commit 'v9'"),
            ("git+./nope#fit.py:fit", "'./nope' cannot be cloned"),
            ("git+./repo#fitt.py:fit", "has no file 'fitt.py'; did you mean 'fit.py'?"),
            ("git+./repo#../repo/fit.py:fit", "has no file '../repo/fit.py'"),
            ("git+./repo#fit.py:fitt", "fit.py: there is no 'fitt' in it"),
            ("git+./repo", "names no code in git"),
        ],
    )
    def test_what_is_not_there_is_told(self, repository: Path, tmp_path: Path, source: str, said: str) -> None:
        assert told(tmp_path, source).startswith(said) or said in told(tmp_path, source)

    def test_a_password_is_told_to_nobody(self, tmp_path: Path) -> None:
        text = told(tmp_path, f"git+file://me:secret@localhost{tmp_path}/nope#fit.py:fit")

        assert "cannot be cloned" in text
        assert "secret" not in text


class TestZip:
    def test_its_files_and_its_digest_are_kept(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as bundle:
            bundle.writestr("in/fit.py", "import part\ndef fit(): ...\n")
            bundle.writestr("in/part.py", "x = 1\n")

        found = fetched(tmp_path, "b.zip#in/fit.py:fit")

        assert found.source["sha256"] == hashlib.sha256((tmp_path / "b.zip").read_bytes()).hexdigest()
        assert {"fit.py", "part.py"} <= set(files_of(found))

    def test_what_is_wrong_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "no.zip").write_text("no zip")
        with zipfile.ZipFile(tmp_path / "evil.zip", "w") as bundle:
            bundle.writestr("../evil.py", "x = 1\n")
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as bundle:
            bundle.writestr("fit.py", "x = 1\n")

        assert "is no zip file" in told(tmp_path, "no.zip#fit.py:fit")
        assert "cannot be read" in told(tmp_path, "gone.zip#fit.py:fit")
        assert "outside of itself" in told(tmp_path, "evil.zip#fit.py:fit")
        assert "has no file 'fitt.py'; did you mean 'fit.py'?" in told(tmp_path, "b.zip#fitt.py:fit")
        assert not (tmp_path.parent / "evil.py").exists()


class TestModules:
    def test_a_module_is_found_without_being_run(self, project: Path) -> None:
        (project / "package").mkdir()
        (project / "package" / "__init__.py").write_text(BOMB)
        (project / "package" / "part.py").write_text(f"def fit(): ...\n{BOMB}")

        found = fetched(project, "package.part:fit")

        assert dict(found.source) == {"type": "module", "module": "package.part", "name": "fit"}
        assert found.code == {}
        assert "did you mean 'fit'" in told(project, "package.part:fitt")

    def test_one_that_is_installed_too(self, tmp_path: Path) -> None:
        assert fetched(tmp_path, "json.decoder:JSONDecoder").source["module"] == "json.decoder"
        assert "there is no module 'json.nope'" in told(tmp_path, "json.nope:x")
        assert os.getcwd() != str(tmp_path)
