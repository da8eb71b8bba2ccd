"""Whatever a step tries, the value of a secret is in no file of the store and in no line of the terminal."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest
from command_line import completed
from loading import write

SECRET = 'pa"ss/wörd+42 $x'
PIPELINE = """
from graftline import Catalog, Pipeline, PythonTask, ShellTask
import data_steps as steps

def secret(function, **options):
    return PythonTask(function, secrets=["TOKEN"], fence=False, **options)

leaks = Pipeline(order="data", steps=[
    secret(steps.talk), secret(steps.fail), secret(steps.keep, returns=["a"]),
    secret(steps.keep_pickled, returns=["b"]), secret(steps.write_file, catalog=Catalog(put=["out.txt"])),
    secret(steps.log_it), secret(steps.log_text),
    ShellTask('echo "sh $TOKEN"; echo "$TOKEN" >&2; exit 3', name="sh", secrets=["TOKEN"], fence=False),
    ShellTask('export made="$TOKEN"', name="made", returns=["made"], secrets=["TOKEN"], fence=False),
])
"""


def graft(folder: Path, *arguments: str, secret: str | None = SECRET) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **({"TOKEN": secret} if secret else {})}
    command = [sys.executable, "-m", "graftline", *arguments]
    if arguments == ("run",):  # what reached the terminal past Python's streams is seen in a process of its own only
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)
    else:
        done = completed(folder, *arguments, environ=environ)
    assert "unexpected" not in done.stderr, done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    support = Path(__file__).parent / "support" / "data_steps.py"
    return write(
        tmp_path / "project",
        {"graftline.toml": "", "pipeline.py": PIPELINE, "data_steps.py": support.read_text(encoding="utf-8")},
    )


def forms() -> list[bytes]:
    texts = {SECRET, json.dumps(SECRET)[1:-1], json.dumps(SECRET, ensure_ascii=False)[1:-1], repr(SECRET)[1:-1]}
    texts |= {urllib.parse.quote(SECRET), urllib.parse.quote(SECRET, safe=""), SECRET.encode().hex()}
    texts |= {base64.b64encode(f"user:{SECRET}".encode()).decode()[8:24]}
    return [text.encode() for text in texts]


def test_no_attempt_to_leak_reaches_the_store_or_the_terminal(folder: Path, store_dir: Path) -> None:
    # when
    outputs = [graft(folder, "run")]
    for command in (["show"], ["show", "--params"], ["--json", "show", "--full"], ["logs"], ["events"], ["output"]):
        outputs.append(graft(folder, *command))
    assert outputs[0].returncode == 1

    # then every step but the talker failed, and by name
    shown = outputs[0].stdout
    for step, why in [
        ("keep", "SecretKept: return 'a' holds the secret TOKEN"),
        ("keep_pickled", "SecretKept: return 'b' holds the secret TOKEN"),
        ("write_file", "SecretKept: catalog file 'out.txt' holds the secret TOKEN"),
        ("log_it", "SecretKept: artifact 'artifact' holds the secret TOKEN"),
        ("log_text", "SecretKept: an artifact's name holds the secret TOKEN"),
        ("made", "SecretKept: return 'made' holds the secret TOKEN"),
        ("fail", "ValueError: ('no ***', {'token': '***'})"),
        ("sh", "CommandFailed: exit code 3"),
    ]:
        assert any(step in line and why in line for line in shown.splitlines()), (step, shown)
    assert "✓ ok           talk" in shown

    # and the value is nowhere
    assert "plain ***" in outputs[4].stdout
    for done in outputs:
        for form in forms():
            assert form not in (done.stdout + done.stderr).encode(), form
    files = [path for path in store_dir.rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in files:
        data = path.read_bytes()
        assert [form for form in forms() if form in data] == [], path


@pytest.mark.parametrize(
    ("arguments", "environ", "told"),
    [
        (["-p", f"fail:extra=a{SECRET}"], {}, "the parameter 'fail:extra' holds the secret TOKEN"),
        (["--tag", SECRET], {}, "a tag holds the secret TOKEN"),
        (["--params", "p.json"], {}, "the parameter 'extra' holds the secret TOKEN"),
        (["-p", "extra=x"], {"GRAFTLINE_PRM_extra": SECRET}, "a parameter that others hide holds the secret TOKEN"),
    ],
)
def test_a_parameter_that_is_a_secret_is_refused_before_anything_is_stored(
    folder: Path,
    store_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environ: dict[str, str],
    told: str,
) -> None:
    (folder / "p.json").write_text(json.dumps({"extra": SECRET}))
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    done = graft(folder, "run", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "secrets=['TOKEN']" in done.stderr
    assert all(form not in path.read_bytes() for path in store_dir.rglob("*") if path.is_file() for form in forms())


def test_a_secret_in_the_code_is_warned_of(folder: Path) -> None:
    (folder / "pipeline.py").write_text(PIPELINE + f"\nleft_here = {SECRET!r}\n")
    assert "warning: pipeline.py holds the secret TOKEN, and is recorded with the run" in graft(folder, "run").stderr


def test_a_missing_secret_and_a_short_one_are_told_before_the_run(folder: Path) -> None:
    missing = graft(folder, "run", secret=None)
    assert (missing.returncode, "secrets are not set: TOKEN" in missing.stderr) == (2, True)
    assert "graft secret set TOKEN" in missing.stderr
    short = graft(folder, "run", secret="abc")
    assert "the secret TOKEN is shorter than 6 characters and is not masked in logs" in short.stderr


def test_a_secret_of_a_private_file_reaches_the_step(folder: Path) -> None:
    file = folder / "secrets.env"
    file.write_text(f"TOKEN='{SECRET}'\n")
    file.chmod(0o600)
    done = graft(folder, "run", "--only", "talk", secret=None)
    assert done.returncode == 0, done.stderr
    assert "plain ***" in graft(folder, "logs", secret=None).stdout
