"""`./run` on machines that lack things: interpreters are stand-ins that log how they were called."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from source_tree import ROOT

TOOLS = ("cat", "cksum", "dirname", "head", "mkdir", "chmod", "rm", "sh", "ln")

STAND_IN = r"""#!/bin/sh
# A Python {minor}: answers what ./run asks, and makes environments that hold copies of itself.
echo "$*" >> "$CALLS"
case "$*" in
    *"version_info[:2]"*) echo {minor} ;;
    *"import ensurepip"*) exit {without_parts} ;;
    *"assert sys.version_info"*) exit {is_old} ;;
    "-m venv "*)
        mkdir -p "$3/bin"
        for name in python pip; do cat "$0" > "$3/bin/$name"; chmod +x "$3/bin/$name"; done ;;
    "-m pip "*) exit "${{PIP_EXIT:-0}}" ;;
esac
"""


class Machine:
    """A checkout and a PATH with nothing on it but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.bin = folder / "bin"
        self.calls_file = folder / "calls"
        for made in (self.checkout, self.bin, folder / "home"):
            made.mkdir()
        shutil.copy(ROOT / "run", self.checkout)
        (self.checkout / "pyproject.toml").write_text("[project]\n")
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or "")
        self.environ = {"PATH": str(self.bin), "HOME": str(folder / "home"), "CALLS": str(self.calls_file)}

    def has_python(self, name: str, minor: str, *, without_parts: bool = False, is_old: bool = False) -> None:
        """Put a Python on PATH."""
        self.has(name, STAND_IN.format(minor=minor, without_parts=int(without_parts or is_old), is_old=int(is_old)))

    def has(self, name: str, script: str) -> None:
        """Put a program on PATH."""
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o700)

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Call ./run."""
        return subprocess.run(
            [shutil.which("sh") or "sh", "./run", *arguments],
            cwd=self.checkout,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def installs(self) -> int:
        """Return how often packages were installed."""
        calls = self.calls_file.read_text() if self.calls_file.exists() else ""
        return calls.count("-m pip install")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine without any Python."""
    return Machine(tmp_path)


def test_without_python_it_prints_the_line_that_installs_one(machine: Machine) -> None:
    done = machine.run("true")

    assert done.returncode == 4
    assert "sudo apt-get install -y python3 python3-venv" in done.stderr


def test_an_old_python_is_not_used(machine: Machine) -> None:
    machine.has_python("python3", "3.10", is_old=True)

    done = machine.run("true")

    assert done.returncode == 4
    assert "3.11 or later" in done.stderr


def test_a_python_without_ensurepip_is_named_with_its_package(machine: Machine) -> None:
    machine.has_python("python3", "3.12", without_parts=True)

    done = machine.run("true")

    assert done.returncode == 4
    assert "sudo apt-get install -y python3.12-venv" in done.stderr
    assert not (machine.checkout / ".venv").exists()


def test_it_passes_over_a_python_it_cannot_use(machine: Machine) -> None:
    machine.has_python("python3", "3.10", is_old=True)
    machine.has_python("python3.12", "3.12", without_parts=True)
    machine.has_python("python3.11", "3.11")

    done = machine.run("--pythons")

    assert done.stdout.splitlines() == [str(machine.bin / "python3.11")]


def test_it_installs_once_and_again_when_the_project_file_changes(machine: Machine) -> None:
    machine.has_python("python3", "3.11")

    first, second = machine.run(), machine.run()
    installs_before = machine.installs()
    (machine.checkout / "pyproject.toml").write_text("[project]\nversion = '2'\n")
    third = machine.run()

    assert [first.returncode, second.returncode, third.returncode] == [0, 0, 0], first.stderr + third.stderr
    assert installs_before == 1
    assert machine.installs() == 2


def test_a_failed_install_fails_and_is_tried_again(machine: Machine) -> None:
    machine.has_python("python3", "3.11")

    failed = machine.run("sh", "-c", ":", PIP_EXIT="1")
    again = machine.run("sh", "-c", ":")

    assert failed.returncode == 1
    assert again.returncode == 0
    assert machine.installs() == 2


def test_a_moved_checkout_gets_a_new_environment(machine: Machine) -> None:
    machine.has_python("python3", "3.11")
    machine.run()
    moved = machine.checkout.rename(machine.checkout.with_name("moved"))
    (moved / ".venv" / "left-over").touch()
    machine.checkout = moved

    done = machine.run()

    assert done.returncode == 0
    assert not (moved / ".venv" / "left-over").exists()


def test_pip_is_the_way_round_when_uv_fails(machine: Machine) -> None:
    machine.has_python("python3", "3.11")
    machine.has("uv", "#!/bin/sh\nexit 2\n")

    done = machine.run()

    assert done.returncode == 0
    assert machine.installs() == 1


def test_the_command_runs_in_the_environment_with_its_exit_code(machine: Machine) -> None:
    machine.has_python("python3", "3.11")

    done = machine.run("sh", "-c", 'echo "$VIRTUAL_ENV"; echo "$PATH"; exit 7')

    environment = machine.checkout / ".venv"
    assert done.returncode == 7
    assert done.stdout.splitlines() == [str(environment), f"{environment}/bin{os.pathsep}{machine.bin}"]
