"""Where secrets are looked for and kept: environment, files of their owner alone, keyring."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from graftline.core.errors import InvalidError, MissingError, PluginError
from graftline.core.keeper import Place
from graftline.worker.vault import Vault

HARD = 'a "quoted" \\ välue\nof # two lines = \x7f ~'


class FakeKeyring:
    """A keyring in memory; `broken` is what it raises instead."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.broken: Exception | None = None

    def get_password(self, service: str, name: str) -> str | None:
        self._check()
        return self.held.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self._check()
        self.held[service, name] = value

    def delete_password(self, service: str, name: str) -> None:
        self._check()
        del self.held[service, name]

    def _check(self) -> None:
        if self.broken is not None:
            raise self.broken


@pytest.fixture(autouse=True)
def keyring(monkeypatch: pytest.MonkeyPatch) -> FakeKeyring:
    """Put a keyring of the test's own in the place of the desktop's."""
    made = FakeKeyring()
    monkeypatch.setitem(sys.modules, "keyring", made)
    return made


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    (tmp_path / "root").mkdir()
    return Vault(root=str(tmp_path / "root"), user=str(tmp_path / "user"), environ={})


def with_environ(vault: Vault, **environ: str) -> Vault:
    return Vault(root=vault.root, user=vault.user, environ=environ)


def private(path: str, text: str, mode: int = 0o600) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")
    os.chmod(path, mode)


def test_the_nearest_place_holds(vault: Vault) -> None:
    # given one name in every place
    places: list[Place | None] = [Place.KEYRING, Place.USER, Place.PROJECT]
    found = []
    for place in places:
        assert place is not None
        vault.put("TOKEN", f"from {place}", place)
        found.append(vault.values(["TOKEN"])["TOKEN"])
    found.append(with_environ(vault, TOKEN="from environ").values(["TOKEN"])["TOKEN"])

    # then
    assert found == ["from keyring", "from user", "from project", "from environ"]
    (held,) = with_environ(vault, TOKEN="x").held()
    assert held.places == (
        "environment TOKEN",
        f"{vault.root}/secrets.toml",
        f"{vault.user}/secrets.toml",
        "keyring",
    )
    assert "from " not in repr(held) + repr(with_environ(vault, TOKEN="from environ"))


@pytest.mark.parametrize("place", list(Place))
def test_a_secret_comes_back_as_it_was_put_and_goes(vault: Vault, place: Place) -> None:
    vault.put("A", "one-value", place)
    vault.put("B", HARD, place)
    assert vault.values(["A", "B"]) == {"A": "one-value", "B": HARD}

    assert len(vault.remove("B")) == 1
    assert [each.name for each in vault.held()] == ["A"]
    with pytest.raises(MissingError, match="no secret B is kept"):
        vault.remove("B")


def test_files_are_written_for_their_owner_alone_and_keep_their_comments(vault: Vault) -> None:
    old = os.umask(0)
    try:
        path = vault.put("A", "one", Place.USER)
    finally:
        os.umask(old)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700

    private(path, '# for the api\nA = "one"\n\n# for the database\n"B" = "two"\n')
    vault.put("A", "three", Place.USER)
    vault.remove("B")
    assert Path(path).read_text() == '# for the api\n\n# for the database\nA = "three"\n'

    private(path, 'A = """\nB = "x"\n"""\nC = "3"\n')
    vault.put("A", "four", Place.USER)
    assert vault.values(["A", "C"]) == {"A": "four", "C": "3"}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused_with_the_command_that_mends_it(vault: Vault, mode: int) -> None:
    path = f"{vault.root}/secrets.env"
    private(path, "A=1\n", mode)
    with pytest.raises(InvalidError) as caught:
        vault.values(["A"])
    assert (caught.value.file, caught.value.hint) == (path, f"chmod 600 {path}")
    # It is not opened for what the environment has.
    assert with_environ(vault, A="2").values(["A"]) == {"A": "2"}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=plain", "plain"),
        ("export A = spaced out ", "spaced out"),
        ("A=with#hash", "with#hash"),
        ("A=before # a comment", "before"),
        ("A='single $x \\n'  # c", "single $x \\n"),
        ('A="double \\"q\\" \\n \\\\"', 'double "q" \n \\'),
        ("A=a=b==", "a=b=="),
        ("\ufeff# first\nA=x", None),
    ],
)
def test_env_files_are_read_as_shells_read_them(vault: Vault, line: str, value: str | None) -> None:
    private(f"{vault.user}/secrets.env", f"# mine\n\n{line}\n")
    if value is None:
        with pytest.raises(InvalidError, match="no NAME=value"):
            vault.values(["A"])
    else:
        assert vault.values(["A"]) == {"A": value}


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("secrets.env", "A=1\nnonsense s3cr3t\n", 2),
        ("secrets.env", 'A="s3cr3t\n', 1),
        ("secrets.toml", 'A = "1"\nB = s3cr3t\n', 2),
        ("secrets.toml", "A = 1\n", None),
        ("secrets.toml", '[A]\nb = "s3cr3t"\n', None),
    ],
)
def test_a_wrong_file_is_told_by_line_and_never_quoted(vault: Vault, name: str, text: str, line: int | None) -> None:
    private(f"{vault.root}/{name}", text)
    with pytest.raises(InvalidError) as caught:
        vault.values(["X"])
    assert (caught.value.file, caught.value.line) == (f"{vault.root}/{name}", line)
    assert "s3cr3t" not in f"{caught.value.message} {caught.value.hint}"


def test_missing_secrets_are_told_together_with_what_to_do(vault: Vault) -> None:
    with pytest.raises(InvalidError) as caught:
        with_environ(vault, B="there", C="").values(["A", "B", "C"])
    assert caught.value.message == "secrets are not set: A, C"
    assert caught.value.hint == "graft secret set A, or export it"


def test_a_keyring_that_does_not_answer_is_no_failure_of_what_is_elsewhere(vault: Vault, keyring: FakeKeyring) -> None:
    keyring.broken = RuntimeError("no desktop")
    vault.put("A", "in a file", Place.USER)
    assert vault.values(["A"]) == {"A": "in a file"}
    assert [each.name for each in vault.held()] == ["A"]
    with pytest.raises(InvalidError) as caught:
        vault.values(["B"])
    assert caught.value.hint == "graft secret set B, or export it; the keyring does not answer here (RuntimeError)"
    with pytest.raises(PluginError, match="the keyring does not take it"):
        vault.put("B", "value", Place.KEYRING)


def test_without_the_package_there_is_no_keyring(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(InvalidError, match="not set: A"):
        vault.values(["A"])
    with pytest.raises(PluginError, match="no keyring here"):
        vault.put("A", "value", Place.KEYRING)


def test_a_keyring_that_holds_nonsense_in_its_index_lists_nothing(vault: Vault, keyring: FakeKeyring) -> None:
    keyring.held["graftline", "graftline: names"] = "nonsense"
    assert vault.held() == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TOKEN=x", "v", "can be seen by everybody"),
        ("a b", "v", "no name of a secret"),
        ("1A", "v", "no name of a secret"),
        ("", "v", "no name of a secret"),
        ("A", "", "has no value"),
        ("A", "a\0b", "NUL"),
        ("A", "\udcff", "UTF-8"),
    ],
)
def test_what_is_no_secret_is_refused(vault: Vault, name: str, value: str, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        vault.put(name, value, Place.USER)


def test_a_secret_of_an_env_file_is_the_person_s_own_to_delete(vault: Vault) -> None:
    private(f"{vault.root}/secrets.env", "A=1\n")
    with pytest.raises(MissingError) as caught:
        vault.remove("A")
    assert caught.value.hint == f"it is in {vault.root}/secrets.env: delete its line there"
