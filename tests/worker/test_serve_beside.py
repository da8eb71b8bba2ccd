"""A worker process from the outside: what a step leaves beside its values (metrics, files, secrets, code)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from worker_process import WorkerProcess, operation, outputs_of, python

from graftline.core.graph import Call, CallKind, Return, ReturnKind
from graftline.core.runs import StepError
from graftline.worker.blobs import open_value
from graftline.worker.messages import MAX_DATAGRAM
from graftline.worker.serializers import load


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    with WorkerProcess(tmp_path) as started:
        yield started


def test_a_step_reports_metrics_parameters_and_artifacts(worker: WorkerProcess) -> None:
    (worker.cwd / "report.txt").write_text("text")

    report = worker.run(python("report"), {"path": "report.txt"})

    assert [point[:3] for point in report[7]] == [  # type: ignore[attr-defined]
        ("loss", 0.5, 1),
        ("loss", 0.25, 2),
        ("param:depth", '{"a": 1}', None),
    ]
    assert [(o[0], o[1], o[5]) for o in outputs_of(report)] == [
        ("report.txt", "file", b"text"),
        ("pair", "value", b"[1,2]"),
    ]
    assert b"progress: 1 of 4 (25%)\n" in worker.printed("err")


def test_an_artifact_logged_again_counts_as_it_is_last(worker: WorkerProcess, tmp_path: Path) -> None:
    inside = worker.run(python("log_twice", "x"), {"path": str(worker.cwd / "a.txt")})
    outside = worker.run(python("log_twice", "x"), {"path": str(tmp_path / "b.txt")})
    reason, error = worker.failure(python("log_twice", "c.txt"), {"path": "c.txt"})

    assert [(o[0], o[1], o[5]) for o in outputs_of(inside)] == [("a.txt", "file", b"second"), ("x", "value", b"1")]
    assert outputs_of(outside)[0][0] == "b.txt"
    assert (reason, error.message) == ("RETURNS", "two outputs are named 'c.txt': a file and a value")


def test_a_failed_step_leaves_none_of_its_values_in_memory(worker: WorkerProcess) -> None:
    worker.failure(python("fail_holding"))

    assert worker.values(python("is_still_held", "x")) == {"x": b"false"}


def test_catalog_files_are_kept_and_put_back(worker: WorkerProcess, tmp_path: Path) -> None:
    report = worker.run(python("write_files", put=("plots", "plots/*.png")))
    kept = {o[0]: o for o in outputs_of(report)}
    (_, _, sha256, size, _, _) = kept["plots/deep/b.png"]
    (worker.cwd / "plots/deep/b.png").unlink()

    files = [("plots/deep/b.png", ("f", "file", sha256, size)), ("new/c.txt", ("v", "file", b"c"))]
    again = worker.run(python("read", "x"), {"path": "new/c.txt"}, files)

    assert sorted(kept) == ["plots/a.png", "plots/deep/b.png"]
    assert kept["plots/a.png"][1:] == ("file", hashlib.sha256(b"a").hexdigest(), 1, "file", b"a")
    assert outputs_of(again)[0][5] == b'"c"'
    assert (worker.cwd / "plots/deep/b.png").read_bytes() == b"b" * 10_000

    worker.run(python("rewrite"), {"path": "plots/deep/b.png"})
    assert (worker.objects / sha256[:2] / sha256[2:]).read_bytes() == b"b" * 10_000


def test_a_step_that_fails_keeps_the_catalog_files_it_has_made_and_its_own_error(worker: WorkerProcess) -> None:
    report = worker.run(python("write_and_fail", put=("made.txt", "never.txt")))
    outside = worker.run(python("write_and_fail", put=("../*",)))
    unmade = worker.run(python("noop", put=("made.txt", "never.txt")))

    failures: list[Any] = [report, outside, unmade]
    assert [failed[7].type for failed in failures] == ["ValueError", "ValueError", "CatalogError"]
    kept = [[(output[0], output[1], output[5]) for output in failed[9]] for failed in failures]
    assert kept == [[("made.txt", "file", b"half")], [], [("made.txt", "file", b"half")]]


def test_a_catalog_that_keeps_no_copy_keeps_the_digest_and_needs_the_file(worker: WorkerProcess) -> None:
    report = worker.run(python("write_files", put=("plots/deep/*.png",), store_copy=False))
    (name, _, sha256, size, _, inline) = outputs_of(report)[0]
    files = [(name, ("f", "file", sha256, size))]

    there = worker.run(python("noop", "x"), files=files)
    (worker.cwd / name).unlink()
    gone = worker.run(python("noop", "x"), files=files)

    assert inline is None
    assert (there[0], gone[0], gone[6]) == ("done", "failed", "INPUT")


@pytest.mark.parametrize("pattern", ["*.csv", "../*", "/etc/hosts", "link/*"])
def test_a_glob_that_matches_nothing_or_leaves_the_directory_fails_by_name(worker: WorkerProcess, pattern: str) -> None:
    (worker.cwd / "link").symlink_to("/etc")

    _, error = worker.failure(python("noop", put=(pattern,)))

    assert error.type == "CatalogError"
    assert pattern.split("*")[0] in error.message


def test_a_file_is_never_restored_outside_the_directory(worker: WorkerProcess, tmp_path: Path) -> None:
    report = worker.run(python("noop"), files=[("../evil", ("v", "file", b"x"))])

    assert (report[0], report[6]) == ("failed", "INPUT")
    assert not (tmp_path / "evil").exists()


def test_secrets_reach_the_step_alone_and_no_report(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path, secrets={"TOKEN": "s3cr3t-value"}) as worker:
        report = worker.run(python("secret", "n", secrets=("TOKEN",)))
        failed = worker.run(python("secret", "n", secrets=("TOKEN",)), {"fail": True})
        after = worker.values(python("token_left", "x"))
        _, unknown = worker.failure(python("noop", "x", secrets=("OTHER",)))

    error = failed[7]
    assert isinstance(error, StepError)
    assert outputs_of(report)[0][5] == b"12"
    assert report[7][0][1] == "***"  # type: ignore[index]
    assert error.message == "token ***"
    assert b"s3cr3t-value" not in repr(failed).encode()
    assert error.pickled is None
    assert after == {"x": b"false"}
    assert unknown.message == "secret 'OTHER' is not set\ngraft secret set OTHER, or export it"


def test_trained_state_can_be_a_file(worker: WorkerProcess) -> None:
    state = Return(name="model", kind=ReturnKind.STATE, file="model.pt")

    report = worker.run(python("save_model", "n", state))
    (name, role, sha256, size, serializer, _) = outputs_of(report)[1]

    assert outputs_of(report)[0][5] == b"3"
    assert (name, role, serializer) == ("model", "state", "file")
    assert open_value(str(worker.objects), "file", sha256, size) == b"weights" * 1000


def test_processor_time_belongs_to_the_attempt(worker: WorkerProcess) -> None:
    burnt = worker.run(python("burn"))
    idle = worker.run(python("nap"))

    assert 0.2 <= float(str(burnt[4])) < 2
    assert float(str(idle[4])) < 0.1


def test_messages_of_any_size_pass(worker: WorkerProcess) -> None:
    text = "x" * (3 * MAX_DATAGRAM)

    report = worker.run(python("echo", "x"), {"value": text})
    (_, _, sha256, size, serializer, _) = outputs_of(report)[0]

    assert load(serializer, (worker.objects / sha256[:2] / sha256[2:]).read_bytes()) == text
    assert size == len(text) + 2
    assert not list(worker.objects.glob(".message-*"))


def test_code_that_differs_from_the_plan_is_told(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    planned, other = b"def f(): return 1\n", b"def f(): return 2\n"
    (tmp_path / "project/same.py").write_bytes(planned)
    (tmp_path / "project/other.py").write_bytes(other)
    digest = hashlib.sha256(planned).hexdigest()

    with WorkerProcess(tmp_path, planned_files={"same.py": digest, "other.py": digest}) as worker:
        same = worker.run(operation(Call(kind=CallKind.PYTHON, module="same", qualname="f"), "x"))
        changed = worker.run(operation(Call(kind=CallKind.PYTHON, module="other", qualname="f"), "x"))

    assert (same[8], changed[8]) == (False, True)


def test_code_that_is_saved_while_it_runs_is_still_what_was_planned(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    planned = b"def f():\n    open(__file__, 'a').write('# saved\\n')\n    return 1\n"
    (tmp_path / "project/same.py").write_bytes(planned)

    with WorkerProcess(tmp_path, planned_files={"same.py": hashlib.sha256(planned).hexdigest()}) as worker:
        report = worker.run(operation(Call(kind=CallKind.PYTHON, module="same", qualname="f"), "x"))

    assert (tmp_path / "project/same.py").read_bytes() != planned
    assert report[8] is False


def test_a_stub_returns_none_for_everything(worker: WorkerProcess) -> None:
    assert worker.values(operation(Call(kind=CallKind.STUB), "a", "b"), {"any": 1}) == {"a": b"null", "b": b"null"}
