"""Secrets by name: from the environment, from files that only their owner reads, from the keyring of the desktop.

Values live in memory of the processes that need them, and in the places a person put them: no store, no log, no
command line. The order of the places is that of their reach: environment, project, user, keyring.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.errors import GraftError, InvalidError, MissingError, PluginError
from ..core.keeper import Held, Place, check_name
from .userdirs import user_config_dir

FILES = ("secrets.toml", "secrets.env")
"""Names of secret files, in the project root and in the user's configuration directory; the first is written to."""
SERVICE = "graftline"
"""What secrets are filed under in the keyring."""
_INDEX = "graftline: names"
"""Entry of the keyring that lists the others: a keyring cannot be asked what it holds."""
_ENV_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """The places secrets of one project are looked for: a `Keeper`."""

    root: str
    """Absolute project root."""
    user: str
    """Absolute configuration directory of the user."""
    environ: Mapping[str, str] = field(repr=False)

    def values(self, names: Sequence[str]) -> dict[str, str]:
        """Return the values of secrets.

        Raises:
            InvalidError: some are nowhere, a file is not sound, or others can read it.
        """
        found = {name: self.environ[name] for name in names if self.environ.get(name)}
        for path in self._files():
            if len(found) < len(names):
                held = _read(path)
                found |= {name: held[name] for name in names if held.get(name) and name not in found}
        missing = [name for name in names if name not in found]
        trouble = ""
        if missing:
            asked, trouble = _ask_keyring(missing)
            found |= asked
            missing = [name for name in missing if name not in found]
        if missing:
            hint = f"graft secret set {missing[0]}, or export it{f'; {trouble}' if trouble else ''}"
            raise InvalidError(f"secrets are not set: {', '.join(missing)}", hint)
        return found

    def held(self) -> list[Held]:
        """Return every secret that a file or the keyring holds, by name.

        Raises:
            InvalidError: a file is not sound, or others can read it.
        """
        places: dict[str, list[str]] = {}
        for path in self._files():
            for name in _read(path):
                places.setdefault(name, []).append(path)
        for name in _index(_keyring()):
            places.setdefault(name, []).append("keyring")
        return [
            Held(name=name, places=(*([f"environment {name}"] if self.environ.get(name) else []), *places[name]))
            for name in sorted(places)
        ]

    def put(self, name: str, value: str, place: Place) -> str:
        """Keep a secret, and return where.

        Raises:
            InvalidError: it is no name or no value, or the file others can read.
            PluginError: there is no keyring, or it refuses.
        """
        check_name(name)
        if not value or "\0" in value:
            raise InvalidError(f"the secret {name} has {'a NUL character in it' if value else 'no value'}")
        if place is not Place.KEYRING:
            path = os.path.join(self.root if place is Place.PROJECT else self.user, FILES[0])
            _write(path, {**_read(path), name: value})
            return path
        _into_keyring(name, value)
        return "keyring"

    def remove(self, name: str, place: Place | None = None) -> list[str]:
        """Forget a secret, in one place or in all, and return where it was.

        Raises:
            MissingError: it is in none of them; a file called `secrets.env` is the person's own to edit.
            InvalidError: a file is not sound, or others can read it.
            PluginError: the keyring refuses.
        """
        folders = {Place.PROJECT: [self.root], Place.USER: [self.user], None: [self.root, self.user]}
        gone = []
        for folder in folders.get(place, []):
            path = os.path.join(folder, FILES[0])
            held = _read(path)
            if held.pop(name, None) is not None:
                _write(path, held)
                gone.append(path)
        if place in (None, Place.KEYRING) and name in _index(_keyring()):
            _out_of_keyring(name)
            gone.append("keyring")
        if not gone:
            others = [path for path in self._files() if path.endswith(".env") and name in _read(path)]
            hint = (
                f"it is in {others[0]}: delete its line there" if others else "graft secret list shows those there are"
            )
            raise MissingError(f"no secret {name} is kept{f' in {place}' if place else ''}", hint)
        return gone

    def _files(self) -> list[str]:
        return [os.path.join(folder, name) for folder in (self.root, self.user) for name in FILES]


def open_vault(root: str, environ: Mapping[str, str]) -> Vault:
    """Return the vault of a project for the user of this process."""
    return Vault(root=root, user=user_config_dir(), environ=environ)


def _read(path: str) -> dict[str, str]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InvalidError(f"the secrets cannot be read: {error.strerror}", file=path) from error
    with open(descriptor, encoding="utf-8") as file:
        about = os.fstat(descriptor)
        if stat.S_IMODE(about.st_mode) & 0o077:
            raise InvalidError("it holds secrets, and others can read it", f"chmod 600 {path}", file=path)
        try:
            text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidError("it is not UTF-8 text", file=path) from error
    return _env(text, path) if path.endswith(".env") else _toml(text, path)


def _toml(text: str, path: str) -> dict[str, str]:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        # What is wrong is not told: the message of the parser may quote the line.
        raise InvalidError("it is no TOML", file=path, line=int(at.group(1)) if at else None) from None
    for name, value in found.items():
        if not isinstance(value, str):
            raise InvalidError(f"the secret {name} is no text", 'write NAME = "value"', file=path)
    return found


def _env(text: str, path: str) -> dict[str, str]:
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        parts = _ENV_LINE.fullmatch(bare)
        value = None if parts is None else _unquoted(parts.group(2))
        if parts is None or value is None:
            raise InvalidError(
                "this line is no NAME=value", "quotes around a value have to end", file=path, line=number
            )
        found[parts.group(1)] = value
    return found


def _unquoted(text: str) -> str | None:
    """Return the value of one line; None when its quotes do not end."""
    if text.startswith("'"):
        inner = re.fullmatch(r"'([^']*)'\s*(?:#.*)?", text)
        return inner.group(1) if inner else None
    if text.startswith('"'):
        inner = re.fullmatch(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?', text)
        return re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[1]), inner.group(1)) if inner else None
    return re.sub(r"\s+#.*$", "", text)


def _write(path: str, held: Mapping[str, str]) -> None:
    """Write a secret file whole or not at all, for its owner alone; other lines of it stay as they are."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        temporary = f"{path}.{os.getpid()}.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(_edited(path, held))
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except UnicodeEncodeError as error:
        raise InvalidError("the value is no text that UTF-8 can hold") from error
    except OSError as error:
        raise InvalidError(f"the secrets cannot be written: {error.strerror}", file=path) from error


def _edited(path: str, held: Mapping[str, str]) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        lines = ["# Secrets of graftline; see `graft secret`. For your eyes alone (chmod 600)."]
    before = _toml("\n".join(lines), path)
    changed = {name for name in {*before, *held} if before.get(name) != held.get(name)}
    kept = [line for line in lines if line.partition("=")[0].strip().strip("\"'") not in changed]
    added = [_assignment(name, held[name]) for name in sorted(changed & held.keys())]
    text = "\n".join([*kept, *added]) + "\n"
    try:
        is_so = tomllib.loads(text) == dict(held)
    except tomllib.TOMLDecodeError:
        is_so = False
    # A value over several lines does not go by its first line: then all of it is written anew, without comments.
    return text if is_so else "\n".join(_assignment(name, value) for name, value in held.items()) + "\n"


def _assignment(name: str, value: str) -> str:
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # JSON's escapes are TOML's, but for DEL
    return f"{name} = {text}"


def _keyring() -> Any:
    """Return the keyring module; None when it is not installed."""
    try:
        import keyring  # 60 ms, and optional: only for secrets that are nowhere else
    except ImportError:
        return None
    return keyring


def _ask_keyring(names: Sequence[str]) -> tuple[dict[str, str], str]:
    """Return what the keyring has of these, and what kept it from answering."""
    keyring = _keyring()
    if keyring is None:
        return {}, ""
    try:
        found = {name: keyring.get_password(SERVICE, name) for name in names}
    except Exception as error:  # noqa: BLE001  a desktop that is not there fails in many ways, and none is ours
        return {}, f"the keyring does not answer here ({type(error).__name__})"
    return {name: value for name, value in found.items() if value}, ""


def _index(keyring: Any) -> list[str]:
    if keyring is None:
        return []
    try:
        names = json.loads(keyring.get_password(SERVICE, _INDEX) or "[]")
    except Exception:  # noqa: BLE001  as above: what cannot be asked holds nothing
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _into_keyring(name: str, value: str) -> None:
    keyring = _keyring()
    if keyring is None:
        raise PluginError("there is no keyring here", "pip install 'graftline[secrets]', or leave --in keyring out")
    try:
        keyring.set_password(SERVICE, name, value)
        keyring.set_password(SERVICE, _INDEX, json.dumps(sorted({*_index(keyring), name})))
    except GraftError:
        raise
    except Exception as error:
        raise _refusal(error) from error


def _out_of_keyring(name: str) -> None:
    keyring = _keyring()
    try:
        keyring.set_password(SERVICE, _INDEX, json.dumps([each for each in _index(keyring) if each != name]))
        keyring.delete_password(SERVICE, name)
    except Exception as error:
        raise _refusal(error) from error


def _refusal(error: Exception) -> PluginError:
    text = f"the keyring does not take it ({type(error).__name__})"
    return PluginError(text, "without a desktop use a file: --in user, which is the default")
