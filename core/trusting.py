"""Which trained states may be loaded here: to unpickle bytes is to run whatever they say.

States that runs of this store made are trusted, by their digest. Those that came with a registry of somebody else are
refused until a person says `--trust`; then they stay trusted here, as the same bytes cannot change. States that are
plain data (JSON, arrays, frames, files) need no trust.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from .errors import CheckError
from .lineages import Generation, State

PLAIN = frozenset({"json", "npy", "arrow", "file", "text"})
"""Serializers whose bytes are data and nothing else. Any other, a plugin's too, may run code when it loads."""


class Trust(Protocol):
    """Where it is kept which bytes are trusted."""

    def known(self, digests: Iterable[str]) -> set[str]:
        """Return those of the digests that are trusted."""
        ...

    def keep(self, digests: Iterable[str], why: str, at: float) -> None:
        """Trust bytes from now on.

        Args:
            digests: sha256 of each.
            why: `made` by a run of this store, or `told` by a person.
            at: wall time.

        Raises:
            StoreError: it cannot be written.
        """
        ...


class NoTrust:
    """`Trust` that knows of nothing and keeps nothing."""

    def known(self, digests: Iterable[str]) -> set[str]:
        """Return nothing."""
        return set()

    def keep(self, digests: Iterable[str], why: str, at: float) -> None:
        """Forget it at once."""


def may_run_code(state: State) -> bool:
    """Tell whether loading a state may run code that its bytes hold."""
    name, _, rest = state.ref.serializer.partition(":")
    return name not in PLAIN or (name == "json" and bool(rest))  # json:MODULE:CLASS calls a class of the project


def foreign_states(trust: Trust, generation: Generation) -> list[State]:
    """Return the states of a generation that may run code when they are loaded, and are not trusted here."""
    doubtful = [each for each in generation.draft.states if may_run_code(each)]
    known = trust.known(each.ref.sha256 for each in doubtful) if doubtful else set()
    return [each for each in doubtful if each.ref.sha256 not in known]


def check_trust(trust: Trust, generation: Generation, *, is_told: bool, at: float) -> None:
    """Let a generation be loaded, or refuse it; to be asked before a byte of it is unpickled.

    Args:
        trust: of the store at hand.
        generation: whose states are to be loaded.
        is_told: a person said `--trust`: its states are trusted from now on.
        at: wall time now.

    Raises:
        CheckError: a state that may run code was not made here, and nobody trusted it.
        StoreError: what is trusted cannot be written.
    """
    foreign = foreign_states(trust, generation)
    if not foreign:
        return
    if is_told:
        trust.keep((each.ref.sha256 for each in foreign), "told", at)
        return
    first = foreign[0]
    others = "" if len(foreign) == 1 else f" and {len(foreign) - 1} more"
    raise CheckError(
        f"state '{first.name}'{others} of {generation.address} was not made here, and loading {first.ref.serializer}"
        " runs what it holds",
        "if you know where it comes from, add --trust, once; the same bytes are trusted from then on",
    )
