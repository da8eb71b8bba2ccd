"""The commands of the lifecycle, as a person types them."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pytest
from command_line import Graft, call
from shelf_project import FILES, LATER, RETRAINED, commit, git, registry_of, write_project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a directory with the project."""
    folder = tmp_path / "project"
    write_project(folder)
    return folder


@pytest.fixture
def graft(root: Path) -> Graft:
    """Return what runs a command line in the project."""
    return partial(call, root)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project after a release and two generations, the first of which is the champion; its store beside it."""
    folder = tmp_path_factory.mktemp("released")
    root = folder / "project"
    write_project(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAFTLINE_HOME", str(folder / "store"))
        assert call(root, "release").code == 0
        registry = registry_of(root)
        commit(registry, 0.9)
        commit(registry, 0.85, b"two")
        assert call(root, "alias", "set", "churn/0.1.0/1", "champion").code == 0
    return folder


@pytest.fixture
def trained(root: Path, graft: Graft, released: Path, store_dir: Path) -> Graft:
    """Return what runs a command line in a project of one's own that is as `released`."""
    shutil.copytree(released / "store", store_dir)
    return graft


def test_an_empty_registry_says_what_to_do(graft: Graft) -> None:
    for words in (["list"], ["alias", "ls"]):
        said = graft(*words)
        assert (said.code, said.out) == (0, "")
        assert "graft " in said.err
    assert graft("--json", "list").document == {"schema": 1, "registry": "sqlite", "projects": []}
    missing = graft("list", "churn")
    assert missing.code == 3
    assert "the registry has no project 'churn'" in missing.err
    assert "graft release" in missing.err


def test_a_project_is_released_and_listed(root: Path, graft: Graft) -> None:
    planned = graft("--json", "release", "-n").document
    assert (planned["address"], planned["is_written"], sorted(planned["files"])) == (
        "churn/0.1.0",
        False,
        ["lib/fits.py", "pipeline.py"],
    )
    assert graft("--json", "list").document["projects"] == []

    released = graft("release", "-m", "the first")
    assert released.code == 0
    assert "released churn 0.1.0  2 files" in released.out
    assert "churn 0.1.0 is this code already" in graft("release").out

    (root / "lib/fits.py").write_text(LATER)
    assert graft("release").code == 2
    second = graft("release", "--bump", "minor")
    assert "churn 0.2.0" in second.out
    assert "~ lib/fits.py" in second.out
    listed = graft("list", "churn").out
    assert re.findall(r"^0\.\d\.0", listed, re.MULTILINE) == ["0.2.0", "0.1.0"]
    assert "the first" in listed


def test_what_is_not_committed_is_not_released(root: Path, graft: Graft) -> None:
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    (root / "notes.txt").write_text("of no matter")
    (root / "lib/fits.py").write_text(LATER)

    refused = graft("release")
    assert refused.code == 2
    assert "lib/fits.py differs from the commit" in refused.err
    assert graft("--json", "release", "-n", "--dirty").document["code"]["dirty"] is True
    git(root, "commit", "-qam", "second")
    code = graft("--json", "release").document["code"]
    assert (code["git"], code["dirty"]) == (git(root, "rev-parse", "HEAD").strip(), False)


def test_files_that_nothing_imports_are_released_when_they_are_named(root: Path, graft: Graft) -> None:
    reading = "from pathlib import Path\nSQL = Path(__file__).with_name('all.sql').read_text()\n"
    (root / "lib/fits.py").write_text(reading + FILES["lib/fits.py"])
    (root / "lib/all.sql").write_text("select 1")

    refused = graft("release")
    assert refused.code == 2
    assert "do not work by themselves" in refused.err
    assert "include" in refused.err
    with (root / "graftline.toml").open("a") as file:
        file.write("")
    text = (root / "graftline.toml").read_text()
    (root / "graftline.toml").write_text(text.replace("[alias", 'include = ["lib/*.sql"]\n[alias'))
    assert sorted(graft("--json", "release").document["files"]) == ["lib/all.sql", "lib/fits.py", "pipeline.py"]


def test_a_pipeline_that_needs_a_parameter_is_released_with_one(root: Path, graft: Graft) -> None:
    (root / "lib/fits.py").write_text(FILES["lib/fits.py"].replace("C: float = 1.0", "C: float"))

    assert "-p" in graft("release", "-n").err
    released = graft("--json", "release", "-p", "C=0.5")
    assert (released.code, released.document["is_new"]) == (0, True)


def test_the_levels_of_the_list(trained: Graft) -> None:
    assert re.search(r"churn\s+1\s+0\.1\.0\s+@champion 0\.1\.0/1", trained("list").out)
    generations = trained("list", "churn", "0.1.0").out
    assert re.search(r"^\s*2\s+0\.85", generations, re.MULTILINE)
    assert re.search(r"^\s*1\s+@champion\s+0\.9", generations, re.MULTILINE)
    assert trained("list", "churn/0.1.0").out == generations
    card = trained("list", "churn@champion").out
    assert card.startswith("churn/0.1.0/1  @champion")
    assert "C=0.5" in card
    assert "fit:model" in card
    document = trained("--json", "list", "churn", "0.1.0", "1").document
    assert (document["generation"], document["aliases"], document["metrics"]) == (1, ["champion"], {"auc": 0.9})
    assert [each["generation"] for each in trained("--json", "list", "churn/0.1.0").document["generations"]] == [1, 2]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["list", "chrun"], 3, "did you mean 'churn'"),
        (["list", "churn/0.2.0"], 3, "no lineage 0.2.0; did you mean '0.1.0'"),
        (["list", "churn", "0.1.0", "7"], 3, "no generation 7"),
        (["list", "churn@champoin"], 3, "did you mean 'champion'"),
        (["list", "churn", "0.1.0", "1", "2"], 2, "has 4 parts"),
        (["list", "Churn"], 2, "did you mean 'churn'"),
        (["alias", "ls", "nobody"], 3, "no project 'nobody'"),
        (["remove", "churn/0.1.0/1"], 4, "alias 'champion' stands at churn/0.1.0/1"),
        (["remove", "churn/0.1.0/2"], 2, "was not confirmed"),
        (["rollback", "churn@champion"], 3, "never stood anywhere else"),
        (["copy", "churn", "--to", "nowhere"], 2, "there is no registry 'nowhere'"),
        (["import", "none.graft"], 2, "there is no file none.graft"),
    ],
)
def test_mistakes_are_told(trained: Graft, words: list[str], code: int, told: str) -> None:
    said = trained(*words)

    assert (said.code, told in said.err) == (code, True), said.err


def test_an_alias_moves_by_its_gate_and_back(trained: Graft) -> None:
    refused = trained("alias", "set", "churn/0.1.0/2", "champion")
    assert refused.code == 5
    assert re.search(r"auc >= champion\.auc - 0\.002\s+no\s+0\.85 >= 0\.9 - 0\.002", refused.out)
    document = trained("--json", "alias", "set", "churn/0.1.0/2", "champion").document
    assert (document["gates"][0]["holds"], document["error"]["code"]) == (False, 5)

    assert trained("alias", "set", "churn/0.1.0/2", "champion", "--expect", "0.1.0/2").code == 4
    assert "stands at 0.1.0/2  (before: 0.1.0/1)" in trained("alias", "set", "churn", "champion", "--force").out
    assert "already" in trained("alias", "set", "churn/0.1.0/2", "@champion").out
    assert trained("--json", "rollback", "churn@champion").document["to"] == "0.1.0/1"
    whys = [each["why"] for each in trained("--json", "alias", "ls", "--history").document["history"]]
    assert [why.partition(",")[0].partition(":")[0] for why in whys] == ["gate", "forced", "rollback"]
    assert "0.1.0/1" in trained("alias", "ls", "churn").out
    assert "is gone" in trained("alias", "rm", "churn@champion").out
    assert trained("--json", "alias", "ls").document == {"schema": 1, "aliases": []}


def test_a_hotfix_carries_the_champion_and_another_fit_does_not(root: Path, trained: Graft) -> None:
    (root / "lib/fits.py").write_text(RETRAINED)
    refused = trained("release", "--bump", "patch", "--carry", "@champion")
    assert refused.code == 5
    assert "churn/0.1.0/1 cannot be carried over: step fit that trained it changed" in refused.err
    assert re.search(r"code\s+lib/fits\.py:fit", refused.out)
    parts = trained("--json", "release", "--bump", "patch", "--carry", "@champion").document["differences"]
    assert [(each["part"], each["steps"]) for each in parts] == [("code", ["fit"])]

    (root / "lib/fits.py").write_text(LATER)
    carried = trained("release", "--bump", "patch", "--carry", "@champion")
    assert carried.code == 0
    assert "carried churn/0.1.0/1 over as churn/0.1.1/1" in carried.out
    assert "carried from churn/0.1.0/1" in trained("list", "churn/0.1.1").out


def test_a_registry_is_copied_and_committed_and_used_elsewhere(tmp_path: Path, trained: Graft) -> None:
    planned = trained("--json", "copy", "churn", "--to", "./models", "-n").document
    assert (planned["is_sent"], len(planned["items"]), planned["to"]) == (False, 3, str(tmp_path / "project/models"))
    assert not (tmp_path / "project/models").exists()

    sent = trained("copy", "churn", "--to", "./models", "--aliases")
    assert "1 lineage and 2 generations sent" in sent.out
    assert "everything is there already" in trained("copy", "churn", "--to", "./models").out
    (tmp_path / "project/models").rename(tmp_path / "elsewhere")
    listed = call(tmp_path, "-P", "./elsewhere", "list")
    assert re.search(r"churn\s+1\s+0\.1\.0\s+@champion 0\.1\.0/1", listed.out)


def test_a_file_goes_to_another_store(tmp_path: Path, trained: Graft) -> None:
    assert trained("export", "churn@champion", "-o", "best.graft").code == 0
    assert trained("export", "churn@champion", "-o", "best.graft").code == 2
    other = partial(call, tmp_path / "project", "--store", str(tmp_path / "other"))

    assert "would be taken in" in other("import", "best.graft", "-n").out
    assert other("--json", "list").document["projects"] == []
    assert "1 lineage and 1 generation taken in" in other("import", "best.graft", "--aliases").out
    assert other("--json", "list", "churn@champion").document["source"] == "churn/0.1.0/1"


def test_export_tells_runs_and_addresses_apart(tmp_path: Path, trained: Graft) -> None:
    assert "1 lineage and 2 generations" in trained("export", "churn").out, "no run is called so"
    assert (tmp_path / "project/churn.graft").exists()
    assert "are about runs" in trained("export", "churn/0.1.0", "--html").err
    assert trained("export", "churm").code == 3
    assert trained("export", "@last").code == 3


def test_what_is_removed_is_shown_before(trained: Graft) -> None:
    assert trained("remove", "churn/0.1.0/2", "-n").out.splitlines()[0] == "  churn/0.1.0/2"
    assert "removed 1 generation" in trained("remove", "churn/0.1.0/2", "-y").out
    assert trained("list", "churn/0.1.0/2").code == 3


def test_the_shell_is_offered_addresses(trained: Graft, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from graftline.cli.addressing import complete_addresses
    from graftline.cli.choices import Options
    from graftline.cli.completion import Unfinished

    monkeypatch.chdir(root)
    typed = Unfinished(options=Options(), values={})

    assert complete_addresses(typed, "ch") == ["churn", "churn@champion"]
    assert complete_addresses(typed, "churn/") == ["churn/0.1.0"]
    assert complete_addresses(typed, "churn/0.1.0/") == ["churn/0.1.0/2", "churn/0.1.0/1"]
    assert complete_addresses(typed, "churn@") == ["churn@champion"]


def test_a_generation_is_built_to_stand_by_itself(tmp_path: Path, trained: Graft) -> None:
    assert "is in churn-0.1.0-1" in trained("build", "churn@champion").out
    folder = tmp_path / "project" / "churn-0.1.0-1"
    assert trained("build", "churn@champion").code == 2, "a directory that is there stays as it is"

    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True, timeout=20)
    listed = {line.partition("  ")[2] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    there = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert listed == there - {"SHA256SUMS"}
    assert (folder / "code/lib/fits.py").read_text() == FILES["lib/fits.py"]
    assert re.fullmatch(r"# Python 3\.\d+\.\d+\ngraftline==\S+\n", (folder / "requirements.txt").read_text())
    moved = folder.rename(tmp_path / "elsewhere")
    assert call(moved, "-P", "./registry", "--json", "list", "churn/0.1.0/1").document["metrics"] == {"auc": 0.9}


def _wheel(folder: Path, name: str, version: str) -> None:
    """Write a package that pip can install."""
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


@pytest.mark.sweep  # makes two environments: 10 s of CPU time
def test_what_cannot_be_installed_is_told_and_what_was_built_stays(
    tmp_path: Path, trained: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    folder = tmp_path / "project" / "built"

    refused = trained("build", "churn@champion", "-o", "built", "--venv")
    assert refused.code == 4
    assert "cannot install what it needs" in refused.err
    assert (folder / "SHA256SUMS").exists()
    assert not (folder / "venv").exists()

    _wheel(tmp_path, "graftline", version("graftline"))
    assert trained("build", "churn@champion", "-o", "again", "--venv").code == 0
    assert list((tmp_path / "project/again/venv").glob("lib/*/site-packages/graftline.py"))
