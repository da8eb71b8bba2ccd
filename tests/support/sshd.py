"""OpenSSH's own server on the loopback, of the user who runs the tests: with a key, a host key and a home of its own.

Found on PATH, in /usr/sbin, or where SSHD says. Run by root it wants a user `sshd` and /run/sshd; what is
missing of them is put over the real ones in a mount namespace that nobody else sees.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shlex
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from signal import SIGKILL

from local_runs import until

from graftline.plugins.local.descent import descendants

SSHD = os.environ.get("SSHD") or shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
"""Absolute path of the server; None: it is not here. Read before the tests' environment is cleared."""
IS_NEEDED = bool(os.environ.get("NEEDS_SSHD"))
"""Whether its absence is a failure, as in CI."""
_SETTINGS = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
SetEnv HOME={folder}/home GRAFTLINE_HOME={folder}/home/store
"""
_OVERLAY = """
cp /etc/passwd {folder}/passwd && echo 'sshd:x:1099:65534::/run/sshd:/bin/false' >>{folder}/passwd &&
mount --bind {folder}/passwd /etc/passwd && mount -t tmpfs -o mode=755 none /run && mkdir -m 755 /run/sshd &&
exec {command}
"""


class Sshd:
    """A server that listens. `close` ends it with every session.

    Args:
        folder: takes keys, settings and the home of whoever logs in.
        port: to listen at; 0: a free one.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        assert SSHD is not None
        self.folder = folder
        self.port = port or _free_port()
        (folder / "home").mkdir(parents=True)
        for name in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        host_key = (folder / "host_key.pub").read_text()
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {host_key}")
        (folder / "settings").write_text(_SETTINGS.format(folder=folder, port=self.port))
        self._log = open(folder / "log", "wb")  # noqa: SIM115  # lives as long as the server
        self.begin()

    def begin(self) -> None:
        """Begin to listen, and wait until it does."""
        command = f"{shlex.quote(str(SSHD))} -D -e -f {self.folder}/settings"
        start = ["sh", "-c", f"exec {command}"]
        if os.geteuid() == 0 and not _has_all():
            start = ["unshare", "-m", "sh", "-c", _OVERLAY.format(folder=self.folder, command=command)]
        self._process = subprocess.Popen(start, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        is_there = until(lambda: self._process.poll() is not None or _answers(self.port))
        assert is_there, "sshd does not listen"
        assert self._process.poll() is None, (self.folder / "log").read_text()

    @property
    def options(self) -> dict[str, object]:
        """Return the options of an ssh runner that reaches it."""
        return {
            "address": f"{pwd.getpwuid(os.geteuid()).pw_name}@127.0.0.1",
            "port": self.port,
            "identity": str(self.folder / "user_key"),
            "options": [f"UserKnownHostsFile={self.folder}/known_hosts", "IdentitiesOnly=yes", "IdentityAgent=none"],
        }

    def sessions(self) -> list[int]:
        """Return the processes that serve connections, and what they run."""
        return descendants(self._process.pid)

    def cut(self, signal: int) -> None:
        """Send a signal to the processes of the server that serve connections; what they run hears nothing of it."""
        _cut(self.sessions(), signal)

    def go_down(self) -> None:
        """End the server without a word to those who are connected: first it answers nobody new."""
        running = self.sessions()
        self.close()
        _cut(running, SIGKILL)

    def close(self) -> None:
        """End the server. Safe to call twice."""
        self._process.terminate()
        self._process.wait()
        self._log.close()


def _cut(pids: Sequence[int], signal: int) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip().startswith("sshd"):
                os.kill(pid, signal)


def _has_all() -> bool:
    with contextlib.suppress(KeyError, OSError):
        pwd.getpwnam("sshd")
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        return True
    return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as found:
        return found.recv(4) == b"SSH-"
    return False
