"""States that may run code when they are loaded are refused until they are known to be of this store, or trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from registries import digest, draft_generation

from graftline.core.artifacts import ArtifactRef
from graftline.core.errors import CheckError
from graftline.core.lineages import Generation, State
from graftline.core.trusting import Trust, check_trust, foreign_states
from graftline.store.store import open_store


@pytest.fixture
def trust(tmp_path: Path) -> Iterator[Trust]:
    """Yield what a new store trusts."""
    with open_store(tmp_path / "store") as store:
        yield store.trust


def generation(*serializers: str) -> Generation:
    """Return a generation with a state in each of these formats."""
    states = tuple(State(f"fit:{name}", ArtifactRef(digest(name.encode()), 3, name)) for name in serializers)
    return Generation(number=3, draft=replace(draft_generation(), states=states))


@pytest.mark.parametrize("serializer", ["pickle", "dill", "json:shop.models:Card", "somebodys"])
def test_a_state_that_may_run_code_is_refused_until_it_is_trusted(trust: Trust, serializer: str) -> None:
    made = generation("npy", serializer)

    with pytest.raises(CheckError, match=r"of churn/0\.1\.0/3 was not made here") as caught:
        check_trust(trust, made, is_told=False, at=1.0)
    assert "--trust" in (caught.value.hint or "")
    check_trust(trust, made, is_told=True, at=2.0)
    check_trust(trust, made, is_told=False, at=3.0)


def test_states_that_are_data_need_no_trust(trust: Trust) -> None:
    check_trust(trust, generation("json", "npy", "arrow:polars", "file"), is_told=False, at=1.0)


def test_what_runs_of_this_store_made_is_trusted(trust: Trust) -> None:
    made = generation("pickle", "dill")
    trust.keep([made.draft.states[0].ref.sha256], "made", 1.0)

    assert [each.name for each in foreign_states(trust, made)] == ["fit:dill"]


def test_other_bytes_are_not_trusted_because_some_were(trust: Trust) -> None:
    check_trust(trust, generation("pickle"), is_told=True, at=1.0)

    with pytest.raises(CheckError):
        check_trust(trust, generation("dill"), is_told=False, at=2.0)


def test_many_states_are_asked_for_at_once(trust: Trust) -> None:
    digests = [digest(str(number).encode()) for number in range(1_200)]
    trust.keep(digests[:700], "made", 1.0)

    assert trust.known(digests) == set(digests[:700])


def test_a_store_of_before_that_may_only_be_read_trusts_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store, store._database.writing() as connection:
        connection.execute("DROP TABLE trusted")
        connection.execute("DELETE FROM migration WHERE number = 8")
    with open_store(tmp_path / "store", read_only=True) as store:
        assert store.trust.known([digest(b"x")]) == set()
