"""One host behind ssh: the command line that starts its station, and what ssh's words mean."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...core.errors import InvalidError
from ...core.records import dataclass
from ..pipe.opening import OFFER_OPTIONS, offer_of
from ..pipe.place import Offer, Verdict, is_signal, quoted

OPTIONS: Mapping[str, tuple[type, ...]] = {
    "address": (str, list),
    "port": (int,),
    "identity": (str,),
    "options": (list,),
    "graft": (str,),
    "python": (str,),
    "directory": (str,),
    **OFFER_OPTIONS,
}
"""Of `[runner.NAME]`, with the types each may have."""

ALWAYS = ("BatchMode=yes", "ClearAllForwardings=yes", "ControlMaster=no", "RemoteCommand=none")
"""Put first, for ssh takes the first value it gets. No question, for nobody is there to answer; no forwardings and no
command of the person's own configuration; and it never becomes a master, which would go on holding our pipes. A
connection that a master holds already is used."""
DEFAULTS = ("ConnectTimeout=10", "ServerAliveInterval=15", "ServerAliveCountMax=3")
"""Put last: the runner's own options go before them."""
_FINAL = re.compile(
    r"Permission denied|Host key verification failed|HOST IDENTIFICATION HAS CHANGED|Too many authentication failures"
    r"|Bad configuration option|command-line line \d+"
)
"""Words of ssh after which another try would say the same."""
_HINTS = (
    ("Host key verification failed", "connect once by hand, `ssh {address}`, and look at the key before you accept it"),
    (
        "Permission denied",
        "`ssh {address}` must work without a question: a key in ssh-agent, or [runner.NAME] identity",
    ),
    ("Could not resolve hostname", "[runner.NAME] address is user@host, or a Host of ~/.ssh/config"),
)
_UNKNOWN_HINT = "is it up, and does `ssh {address}` reach it from here?"
_NOT_FOUND = 127
_SSH_FAILED = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class SshHost:
    """A host. Implements `Place`."""

    address: str
    name: str
    options: tuple[str, ...]
    """Arguments of ssh before the address."""
    graft: str
    """Shell text that starts graftline there."""
    home: str | None
    offer: Offer

    @property
    def what(self) -> str:
        """Return what it is called in messages."""
        return f"host {self.address}"

    def command(self, nonce: str) -> tuple[Sequence[str], Mapping[str, str]]:
        """Return the ssh that becomes the station's pipe."""
        return ["ssh", *self.options, "--", self.address, f"{self.graft} serve-station {nonce}"], {}

    def verdict(self, code: int | None, words: str) -> Verdict:
        """Explain why no station answered, with ssh's own words."""
        said = quoted(words)
        if code is None:
            return Verdict(
                message=f"no station answered in time: {said}", hint=f"try: ssh {self.address} {self.graft} -V"
            )
        if code == _NOT_FOUND:
            return Verdict(
                message=f"{self.what} has no graftline, or not where a login without a terminal finds it: {said}",
                hint=f"install it there, or say where: [runner.NAME] graft = '~/venv/bin/graft' (now: {self.graft})",
                is_final=True,
            )
        if code == _SSH_FAILED:
            hint = next((text for sign, text in _HINTS if sign in words), _UNKNOWN_HINT)
            message = f"ssh to {self.address} failed: {said}"
            return Verdict(message=message, hint=hint.format(address=self.address), is_final=bool(_FINAL.search(words)))
        return Verdict(
            message=f"'{self.graft} serve-station' on {self.what} ended with exit code {code}: {said}",
            hint=f"is it this graftline? try: ssh {self.address} {self.graft} -V",
            is_final=not is_signal(code),
        )

    def discard(self, nonce: str) -> None:
        """Do nothing: a station ends with its connection."""


def hosts_of(given: Mapping[str, Any]) -> list[SshHost]:
    """Return the hosts that a configuration names.

    Raises:
        InvalidError: an address is no host, or two options exclude each other.
    """
    address = given["address"]
    addresses = [address] if isinstance(address, str) else list(address)
    if "graft" in given and "python" in given:
        raise InvalidError("the runner 'ssh' takes 'graft' or 'python', not both")
    python = given.get("python")
    graft = given.get("graft", "graft") if python is None else f"{python} -m graftline"
    options = _arguments(given)
    offer = offer_of("ssh", given)
    for each in addresses:
        if not isinstance(each, str) or not each or each.startswith("-") or any(sign.isspace() for sign in each):
            raise InvalidError(f"the runner 'ssh': {each!r} is no address", "user@host, or a Host of ~/.ssh/config")
    return [
        SshHost(
            address=each,
            name=each.rpartition("@")[2],
            options=options,
            graft=graft,
            home=given.get("directory"),
            offer=offer,
        )
        for each in addresses
    ]


def _arguments(given: Mapping[str, Any]) -> tuple[str, ...]:
    found = ["-T"]
    for option in (*ALWAYS, *map(str, given.get("options", ())), *DEFAULTS):
        found += ["-o", option]
    if "port" in given:
        found += ["-p", str(given["port"])]
    if "identity" in given:
        found += ["-i", os.path.expanduser(given["identity"])]
    return tuple(found)
