"""Bundles, parcels and the handshake: what travels is exact, and what does not fit is refused before it is opened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dask_places import context_elsewhere
from local_runs import operation, order

from graftline.core.artifacts import ArtifactRef
from graftline.core.errors import PluginError
from graftline.core.events import AttemptSucceeded
from graftline.core.orders import RunContext
from graftline.core.supply import Blob, Constant
from graftline.plugins.remote import stations
from graftline.worker.bundles import Bundle, context_of, pack, unpack
from graftline.worker.handshake import Speaker, differences, here, refusal
from graftline.worker.parcels import (
    Ended,
    Missing,
    Parcel,
    Refused,
    decode_parcel,
    decode_report,
    encode_parcel,
    encode_report,
    needs_of,
    speaker_of,
    token_of,
)

WANTED = {"numpy": "2.0"}


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    return context_elsewhere(tmp_path, [operation("increment", returns=True, secrets=("KEY",), retries=2)])


def test_one_content_makes_one_bundle_whatever_the_run(context: RunContext, tmp_path: Path) -> None:
    again = context_elsewhere(tmp_path, list(context.operations))

    assert context.run != again.run
    assert pack(context, requirements=WANTED) == pack(again, requirements=WANTED)


def test_an_unpacked_bundle_gives_the_context_back_without_a_secret(context: RunContext, tmp_path: Path) -> None:
    bundle = pack(context, requirements=WANTED)

    unpacked = unpack(bundle, str(tmp_path / "there"))
    there = context_of(unpacked, run="r", folder=str(tmp_path / "there"), jobs=3, secrets={"KEY": "theirs"}.get)

    assert unpacked.manifest.requirements == WANTED
    assert there.operations == context.operations
    assert there.sys_path == (str(tmp_path / "there" / "project"),)
    assert there.secrets == {"KEY": "theirs"}
    assert Path(there.root, "local_steps.py").read_bytes() == Path(context.root, "local_steps.py").read_bytes()


def test_recorded_code_travels_though_the_file_has_changed_since(context: RunContext, tmp_path: Path) -> None:
    digest = context.planned_files["local_steps.py"]
    recorded = context_elsewhere(tmp_path, list(context.operations), contents={digest: b"x = 1\n"})

    unpacked = unpack(pack(recorded, requirements={}), str(tmp_path / "there"))

    assert Path(unpacked.root, "local_steps.py").read_bytes() == b"x = 1\n"


def test_a_damaged_bundle_is_refused(context: RunContext, tmp_path: Path) -> None:
    bundle = pack(context, requirements={})

    with pytest.raises(PluginError, match="came damaged"):
        unpack(Bundle(digest=bundle.digest, data=bundle.data + b"\0"), str(tmp_path / "there"))


def test_a_parcel_comes_out_as_it_went_in() -> None:
    inline, stored = ArtifactRef("0" * 64, 3, "json", b"123"), ArtifactRef("1" * 64, 9000, "npy")
    given = order("trials/3/fit", 0, attempt=2)._replace(
        arguments=(("a", Constant(1, "cli")), ("b", [inline, stored]), ("c", Blob("2" * 64, "fixed"))),
        files=(("data/x.csv", stored),),
        environ=(("GPU", "0"),),
    )
    parcel = Parcel(token=token_of("run", given), run="run", bundle="3" * 64, order=given, carried={"1" * 64: b"v"})

    data = encode_parcel(parcel)

    assert decode_parcel(data) == parcel
    assert speaker_of(data) == (parcel.token, here())
    assert needs_of(given) == {"1" * 64: 9000, "2" * 64: None}


@pytest.mark.parametrize("report", [Missing(token="t", digests=("a", "b")), Refused(token="t", message="no")])
def test_reports_of_what_was_not_begun_are_read_without_unpickling(report: Missing | Refused) -> None:
    data = encode_report(report)

    assert decode_report(data) == report
    assert json.loads(data.partition(b"\n")[0])["token"] == "t"


@pytest.mark.parametrize("data", [b"", b"nothing\n", b"[1]\n", b'{"token": "t"}'])
def test_what_is_no_parcel_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(PluginError, match="no parcel"):
        speaker_of(data)


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        (Speaker("0.1.0", "3.12"), None),
        (Speaker("0.2.0", "3.12"), "w has graftline 0.2.0, this run needs 0.1.0"),
        (Speaker("0.1.0", "3.13"), "w has Python 3.13, this run needs 3.12"),
    ],
)
def test_another_graftline_or_python_is_refused_with_both_versions(theirs: Speaker, expected: str | None) -> None:
    assert refusal(theirs, "w", Speaker("0.1.0", "3.12")) == expected


def test_packages_that_differ_are_named() -> None:
    found = differences({"a": "1", "b": "2", "python": "3.11.7"}, {"a": "1", "b": "3"})

    assert found == ["b 3 instead of 2"]


class TestStations:
    """The one function that every remote worker calls."""

    def test_it_executes_a_parcel_once_however_often_it_comes(self, tmp_path: Path) -> None:
        context = context_elsewhere(
            tmp_path, [operation("process_id", returns=True), operation("increment", returns=True)]
        )
        bundle = pack(context, requirements={})
        given = order("s", 0)
        data = encode_parcel(Parcel(token="r1/1/s", run="r1", bundle=bundle.digest, order=given))

        lacking = decode_report(stations.execute(data, lambda digest: None, name="here"))
        first = decode_report(stations.execute(data, {bundle.digest: bundle.data}.get, name="here"))
        again = decode_report(stations.execute(data, lambda digest: None, name="here"))
        rest = stations.finish("r1", {})

        assert lacking == Missing(token="r1/1/s", digests=(bundle.digest,))
        assert isinstance(first, Ended)
        assert isinstance(first.fact, AttemptSucceeded)
        assert again == first
        assert first.fact.worker == "here/w1"
        assert rest is not None

    def test_another_version_is_refused_before_it_is_opened(self) -> None:
        head = {"token": "t", "graftline": "9.9", "python": "3.99", "run": "r", "bundle": "b", "artifacts": None}

        report = decode_report(
            stations.execute(json.dumps(head).encode() + b"\nnot a pickle", dict[str, bytes]().get, name="w")
        )

        assert isinstance(report, Refused)
        assert "9.9" in report.message
        assert here().graftline in report.message
