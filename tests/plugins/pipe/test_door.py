"""The door of a station: it ends with its host, also with one that was merely cut off."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dask_places import context_elsewhere
from local_runs import DEADLINE_S, is_alive, operation, order, until

from graftline.core.events import AttemptCancelled
from graftline.plugins.pipe import door
from graftline.plugins.pipe.door import Door
from graftline.plugins.pipe.frames import Frame, FrameReader, FrameWriter, encode
from graftline.worker.bundles import pack
from graftline.worker.parcels import Ended, Parcel, decode_report, encode_parcel, token_of


@pytest.fixture
def pipes() -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Return (reading end, writing end) of the way there and of the way back."""
    there, back = os.pipe(), os.pipe()
    yield there, back
    for each in (*there, *back):
        os.close(each)


def test_a_station_that_hears_nothing_ends_what_it_has_begun(
    pipes: tuple[tuple[int, int], tuple[int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "STATION_SILENCE_S", 2.0)  # a busy machine is as long between two beats
    context = context_elsewhere(tmp_path, [operation("leave_children_and_stay")])
    bundle, given = pack(context, requirements={}), order("s", 0, folder=str(tmp_path))
    parcel = Parcel(token=token_of("run", given), run="run", bundle=bundle.digest, order=given)
    home = tmp_path / "home"
    begin = {"run": "run", "bundle": bundle.digest, "name": "box", "place": "0", "jobs": 1, "home": str(home)}
    (there_out, there_in), (back_out, back_in) = pipes
    os.write(there_in, encode(Frame("begin", {**begin, "limit": 1000, "requirements": []}, bundle.data)))
    os.write(there_in, encode(Frame("parcel", {"token": parcel.token}, encode_parcel(parcel))))

    def beat() -> None:
        while not until((tmp_path / "pids").exists, 0.1):
            os.write(there_in, encode(Frame("beat")))

    beating = threading.Thread(target=beat)
    beating.start()
    writer = FrameWriter(back_in)
    Door(FrameReader(there_out), writer).serve()
    writer.close(DEADLINE_S)
    beating.join()

    reader = FrameReader(back_out)
    found = [reader.read(1.0) for _ in range(3)]
    assert [each.kind for each in found] == ["hello", "ready", "report"]
    report = decode_report(found[2].body)
    assert isinstance(report, Ended)
    assert isinstance(report.fact, AttemptCancelled)
    children = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert until(lambda: not any(is_alive(pid) for pid in children))
    assert list(home.iterdir()) == []
