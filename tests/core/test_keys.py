"""Equal evidence makes equal keys, and the causes name each difference and nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graftline.core.artifacts import ArtifactRef
from graftline.core.canonical import canonical
from graftline.core.graph import Call, Operation, Policy, Return
from graftline.core.keys import (
    KEY_VERSION,
    Basis,
    Cause,
    CauseKind,
    Evidence,
    argument_token,
    call_digest,
    causes,
    evidence_from_json,
    evidence_from_text,
    occurrences,
)
from graftline.core.supply import Constant

_texts = st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3)
_basis = st.builds(
    Basis,
    code=st.text(min_size=1, max_size=4),
    packages=_texts,
    reads=st.dictionaries(st.text(max_size=4), st.none() | st.text(max_size=4), max_size=3),
    variables=st.dictionaries(st.text(max_size=4), st.none() | st.text(max_size=4), max_size=3),
)
_names = st.text(min_size=1, max_size=4)
_evidence = st.builds(Evidence, place=_names, basis=_basis, call=_names, arguments=_texts, files=_texts)

BEFORE = Evidence(
    place="fit",
    basis=Basis(code="c1", packages={"numpy": "2.0"}),
    call="k",
    arguments={"C": "value:1", "X": "npy:aa"},
)


@given(_evidence)
def test_evidence_comes_back_from_json_with_the_same_key(evidence: Evidence) -> None:
    assert evidence_from_json(evidence.to_json()).key == evidence.key


@given(_evidence, _evidence)
def test_two_pieces_of_evidence_have_causes_exactly_when_their_keys_differ(one: Evidence, other: Evidence) -> None:
    assert bool(causes(one, other, {}, {})) == (one.key != other.key)


_filled = st.none() | st.text(max_size=4)
_operation = st.builds(
    Operation,
    call=st.builds(Call, command=_filled, args=st.lists(_names, max_size=2).map(tuple), default=_filled),
    returns=st.lists(st.builds(Return, file=_filled, pattern=_filled), max_size=2).map(tuple),
    policy=st.builds(
        Policy,
        put=st.lists(_names, max_size=2).map(tuple),
        get=st.lists(_names, max_size=2).map(tuple),
        store_copy=st.booleans(),
    ),
)


@given(st.lists(_operation, max_size=3))
def test_the_digest_of_a_call_is_that_of_all_it_says(operations: list[Operation]) -> None:
    known: dict[int, str] = {}
    for operation in (*operations, *operations):
        call, policy = operation.call, operation.policy
        said: list[Any] = [
            call.kind.value,
            call.qualname,
            call.command,
            call.script,
            call.args,
            call.keys,
            call.branches,
        ]
        said += [call.default, call.collect]
        said += [[[each.name, each.kind.value, each.file, each.pattern] for each in operation.returns]]
        said += [policy.put, policy.get, policy.store_copy]
        expected = hashlib.sha256(canonical(said).encode()).hexdigest()

        assert call_digest(operation, known) == call_digest(operation) == expected


def test_each_difference_is_one_cause() -> None:
    after = replace(
        BEFORE,
        arguments={"C": "value:2", "X": "npy:bb"},
        basis=replace(BEFORE.basis, packages={"numpy": "2.1"}, reads={"data.csv": "dd"}, variables={"TZ": None}),
    )

    found = causes(BEFORE, after, {}, {})

    assert found == [
        Cause(kind=CauseKind.PACKAGE, name="numpy", old="2.0", new="2.1"),
        Cause(kind=CauseKind.PARAMETER, name="C", old="1", new="2"),
        Cause(kind=CauseKind.INPUT, name="X", old="npy:aa", new="npy:bb"),
        Cause(kind=CauseKind.FILE, name="data.csv", old=None, new="dd"),
        Cause(kind=CauseKind.VARIABLE, name="TZ", old=None, new=None),
    ]


def test_changed_code_is_named_by_its_parts() -> None:
    after = replace(BEFORE, basis=replace(BEFORE.basis, code="c2"))

    found = causes(BEFORE, after, {"a.py:f": "1", "b.py:g": "2"}, {"a.py:f": "1", "b.py:g": "3"})

    assert [cause.name for cause in found] == ["b.py:g"]


def test_where_a_parameter_came_from_does_not_count() -> None:
    assert argument_token(Constant(1, "cli")) == argument_token(Constant(1, "file"))
    assert argument_token(Constant(1, "cli")) != argument_token(Constant("1", "cli"))


def test_an_input_counts_by_its_content() -> None:
    here = ArtifactRef("aa", 1, "npy", b"x")

    assert argument_token(here) == argument_token(here._replace(inline=None))
    assert argument_token([here]) != argument_token([here, here])


def test_equal_items_are_told_apart_by_how_many_came_before() -> None:
    first = occurrences(["a" * 64, "b" * 64, "a" * 64])
    second = occurrences(["c" * 64, "a" * 64, "b" * 64, "a" * 64])

    assert len(set(first)) == 3
    assert second[1:] == first


@given(_basis, _texts, _texts)
def test_what_is_digested_is_the_canonical_text(basis: Basis, arguments: dict[str, str], files: dict[str, str]) -> None:
    known = Evidence(place='a/"ü"', basis=basis, call="k", arguments=arguments, files=files)

    assert basis.digest == hashlib.sha256(canonical(basis.to_json()).encode()).hexdigest()
    assert known.text == canonical([KEY_VERSION, known.place, basis.digest, "k", arguments, files])
    assert known.key == hashlib.sha256(known.text.encode()).hexdigest()
    assert evidence_from_text(known.text, {basis.digest: basis}.__getitem__) == known


def test_evidence_of_another_version_is_not_read() -> None:
    with pytest.raises(ValueError, match="version 0"):
        evidence_from_text('[0,"a","b","c",{},{}]', lambda digest: Basis(code=""))
