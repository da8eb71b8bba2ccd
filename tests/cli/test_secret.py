"""`graft secret`: values come in by a prompt or a pipe, and never out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graftline.cli import context
from graftline.worker.vault import Vault

Graft = Callable[..., Any]
VALUE = 'pa"ss/w\u00f6rd'


class Terminal(io.StringIO):
    """A stdin that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """Keep secrets in a folder of the test, with no keyring."""
    made = Vault(root=str(tmp_path / "root"), user=str(tmp_path / "user"), environ={"SET": "in the environment"})
    monkeypatch.setattr(context, "vault", lambda options: made)
    monkeypatch.setitem(sys.modules, "keyring", None)
    return made


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the next command something on stdin."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_secret_is_set_by_a_pipe_listed_by_name_and_removed(
    graft: Graft, vault: Vault, piped: Callable[[str], None]
) -> None:
    piped(f"{VALUE}\n")
    assert graft("secret", "set", "TOKEN").out == f"TOKEN is kept in {vault.user}/secrets.toml\n"
    assert vault.values(["TOKEN"]) == {"TOKEN": VALUE}
    piped("other value")
    kept = graft("secret", "set", "SET", "--in", "project")
    assert (kept.out, kept.err) == (
        f"SET is kept in {vault.root}/secrets.toml\n",
        "keep secrets.toml out of version control: a line in .gitignore\n",
    )

    listed = graft("secret", "list")
    assert listed.out.splitlines()[1].split() == ["SET", "environment", "SET", f"{vault.root}/secrets.toml"]
    assert listed.out.splitlines()[2].split() == ["TOKEN", f"{vault.user}/secrets.toml"]
    assert json.loads(graft("secret", "--json").out)["secrets"][1] == {
        "name": "TOKEN",
        "from": f"{vault.user}/secrets.toml",
        "hides": [],
    }

    gone = json.loads(graft("--json", "secret", "rm", "TOKEN").out)
    assert gone == {"schema": 1, "name": "TOKEN", "removed_from": [f"{vault.user}/secrets.toml"]}
    assert graft("secret", "rm", "TOKEN").code == 3
    assert graft("secret", "rm", "SET", "--in", "user").code == 3
    graft("secret", "rm", "SET")
    assert graft("secret").out == "no secret is kept; graft secret set NAME\n"


def test_a_terminal_is_asked_without_showing_what_is_typed(
    graft: Graft, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "short"

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", ask)
    ended = graft("secret", "set", "TOKEN")
    assert asked == ["TOKEN: "]
    assert ended.err == "warning: the secret TOKEN is so short that it is not masked in logs\n"

    def left(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", left)
    assert graft("secret", "set", "TOKEN").code == 2
    assert vault.values(["TOKEN"]) == {"TOKEN": "short"}


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["set", f"TOKEN={VALUE}"], 2, "can be seen by everybody"),
        (["set"], 2, "takes the name of a secret"),
        (["rm"], 2, "takes the name of a secret"),
        (["set", "a b"], 2, "no name of a secret"),
        (["set", "TOKEN"], 2, "the secret TOKEN has no value"),
        (["set", "TOKEN", "--in", "usr"], 2, "did you mean 'user'?"),
        (["set", "TOKEN", "--in", "keyring"], 4, "there is no keyring here"),
        (["lst"], 2, "did you mean 'list'?"),
        (["list", "TOKEN"], 2, "takes no name"),
        (["rm", "TOKEN"], 3, "no secret TOKEN is kept"),
    ],
)
def test_misuse_is_answered_and_no_value_repeated(
    graft: Graft, piped: Callable[[str], None], arguments: list[str], code: int, told: str
) -> None:
    piped("a value\n" if "keyring" in arguments else "")
    ended = graft("secret", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert told in ended.err
    assert VALUE not in ended.err
