"""The suite of every runner, on one host of one worker: its `flaky` step counts its tries in the working directory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from pipe_places import GRAFT, StandIn

from graftline.testing import RunnerConformance


class TestSsh(RunnerConformance):
    """Claims everything."""

    runner = "box"
    config: ClassVar[str] = f'[runner.box]\nprovider = "ssh"\naddress = "me@noisy"\njobs = 1\ngraft = "{GRAFT}"\n'
    unreachable: ClassVar[str] = '[runner.box]\nprovider = "ssh"\naddress = "me@unreachable"\n'

    @pytest.fixture(autouse=True)
    def _stand_in(self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        stand_in = StandIn(monkeypatch, tmp_path_factory.mktemp("there"), "ssh")
        yield
        assert stand_in.left() == []
