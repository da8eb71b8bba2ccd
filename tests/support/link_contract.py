"""What every link to workers elsewhere promises of an attempt: its end, its values, its logs, its limits."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar, TypeAlias

import pytest
from local_runs import ends, logged, operation, order, run_all

from graftline.core.artifacts import ArtifactRef
from graftline.core.errors import PluginError
from graftline.core.events import AttemptCancelled, AttemptFailed, AttemptSucceeded
from graftline.core.states import Reason
from graftline.plugins.remote.executor import RemoteExecutor
from graftline.worker.blobs import has_object, store
from graftline.worker.serializers import dump

Opens: TypeAlias = Callable[..., AbstractContextManager[RemoteExecutor]]
"""Opens an executor, given a folder and operations: `executor_on` of an address, `executor_at` of a broker."""


class LinkContract:
    """Tests that a link's own `Test...` class inherits; it gives what opens executors on workers that are there."""

    nowhere: ClassVar[str]
    """How a message names the place of `opens_nowhere`."""

    @pytest.fixture
    def opens(self) -> Opens:
        """Return what opens executors where workers are."""
        raise NotImplementedError

    @pytest.fixture
    def opens_nowhere(self, tmp_path: Path) -> Opens:
        """Return what opens executors where nobody is."""
        raise NotImplementedError

    def test_steps_of_another_directory_run_from_the_bundle_alone(self, opens: Opens, tmp_path: Path) -> None:
        with opens(tmp_path, [operation("increment", returns=True)]) as executor:
            found = run_all(executor, [order(f"s{number}", 0, x=number) for number in range(60)])

        assert all(isinstance(end, AttemptSucceeded) for end in found.values())
        assert [found[f"s{number}"].outputs[0].ref.inline for number in range(3)] == [b"1", b"2", b"3"]  # type: ignore[union-attr]
        assert not os.path.exists(tmp_path / "pids")

    def test_what_a_step_prints_is_in_the_runs_own_log_when_the_executor_is_closed(
        self, opens: Opens, tmp_path: Path
    ) -> None:
        with opens(tmp_path, [operation("say")]) as executor:
            executor.submit([order("one", 0, text="héllo")])
            ends(executor, 1)

        assert logged(tmp_path)[("one", 1, "stdout")] == "héllo\n".encode()

    @pytest.mark.parametrize("artifacts", [None, "shared"])
    def test_large_values_go_there_and_come_back(self, opens: Opens, tmp_path: Path, artifacts: str | None) -> None:
        options = {} if artifacts is None else {"artifacts": str(tmp_path / artifacts)}
        (tmp_path / "objects").mkdir()
        large = store(dump(b"x" * 300_000), str(tmp_path / "objects"))
        assert large.inline is None

        with opens(tmp_path, [operation("doubled", returns=True)], options=options) as executor:
            executor.submit([order("s", 0)._replace(arguments=(("data", large),))])
            end = ends(executor, 1)["s"]

        assert isinstance(end, AttemptSucceeded)
        made: ArtifactRef = end.outputs[0].ref
        assert made.size >= 600_000
        assert has_object(str(tmp_path / "objects"), made.sha256, made.size)

    def test_values_over_the_limit_fail_the_attempt_and_name_the_option(self, opens: Opens, tmp_path: Path) -> None:
        (tmp_path / "objects").mkdir()
        large = store(dump(b"x" * 300_000), str(tmp_path / "objects"))
        operations = [operation("doubled", returns=True), operation("large", returns=True)]

        with opens(tmp_path, operations, options={"limit": 50_000}) as executor:
            executor.submit([order("takes", 0)._replace(arguments=(("data", large),)), order("makes", 1)])
            found = ends(executor, 2)

        for end in found.values():
            assert isinstance(end, AttemptFailed)
            assert "more than the 0.05 MB that this runner sends" in end.error.message
            assert "artifacts" in end.error.message

    def test_a_step_that_kills_its_process_fails_alone_with_the_cause(self, opens: Opens, tmp_path: Path) -> None:
        with opens(tmp_path, [operation("kill_myself"), operation("nothing")]) as executor:
            found = run_all(executor, [order("dies", 0), *(order(f"s{number}", 1) for number in range(5))])

        died = found.pop("dies")
        assert isinstance(died, AttemptFailed)
        assert (died.reason, died.error.type) == (Reason.SIGNAL, "WorkerDied")
        assert all(isinstance(end, AttemptSucceeded) for end in found.values())

    def test_a_limit_of_time_is_kept_there(self, opens: Opens, tmp_path: Path) -> None:
        with opens(tmp_path, [operation("snooze", timeout_s=0.3)]) as executor:
            executor.submit([order("slow", 0, seconds=30)])
            end = ends(executor, 1)["slow"]

        assert isinstance(end, AttemptFailed)
        assert end.reason is Reason.TIMEOUT

    def test_cancelling_stops_what_runs_and_what_waits(self, opens: Opens, tmp_path: Path) -> None:
        with opens(tmp_path, [operation("snooze")], jobs=8) as executor:
            executor.submit([order(f"s{number}", 0, seconds=30) for number in range(6)])
            executor.wait(1.0)

            executor.cancel([f"s{number}" for number in range(6)], grace_s=2)
            found = ends(executor, 6)

        assert all(isinstance(end, AttemptCancelled) for end in found.values())

    def test_secrets_are_looked_up_where_the_step_runs(self, opens: Opens, tmp_path: Path) -> None:
        with opens(tmp_path, [operation("nothing", secrets=("NOT_SET_THERE",))]) as executor:
            executor.submit([order("s", 0)])
            end = ends(executor, 1)["s"]

        assert isinstance(end, AttemptFailed)
        assert "NOT_SET_THERE" in end.error.message

    def test_a_place_where_nobody_is_is_one_clear_failure_after_some_tries(
        self, opens_nowhere: Opens, tmp_path: Path
    ) -> None:
        with opens_nowhere(tmp_path, [operation("nothing")], options={"patience": 1.0}) as executor:
            executor.submit([order("s", 0)])

            with pytest.raises(PluginError, match=rf"{self.nowhere} is out of reach: tried \d+ times in 1 s"):
                executor.wait(20)
