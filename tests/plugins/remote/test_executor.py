"""What the executor of remote attempts makes of what comes back: twice, late, out of order, or from an earlier host."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from dask_places import context_elsewhere
from local_runs import operation, order

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.errors import PluginError
from graftline.core.events import AttemptEnded, AttemptFailed, AttemptSucceeded, StepProgressed, StepTold
from graftline.core.states import Reason
from graftline.plugins.remote.executor import RemoteExecutor
from graftline.plugins.remote.kept import Kept
from graftline.plugins.remote.link import Broken, Cut, Inbox, Lost, Reported, Shipment, Told, Up
from graftline.worker.bundles import pack
from graftline.worker.logformat import encode_record
from graftline.worker.parcels import Ended, decode_parcel, encode_report


class Wire:
    """A link that only notes what is sent."""

    bulk_from = 1 << 30

    def __init__(self) -> None:
        self.sent: list[Shipment] = []
        self.cancelled: list[str] = []

    def threads(self) -> int:
        return 4

    def send(self, shipments: Sequence[Shipment]) -> None:
        self.sent += shipments

    def cancel(self, tokens: Sequence[str], *, grace_s: float) -> None:
        self.cancelled += tokens

    def close(self) -> None:
        pass


class Desk:
    """An executor of a run, and the other end of its wire."""

    def __init__(self, folder: Path, *, artifacts: bool = False, unended: dict[str, tuple[int, ...]] | None = None):
        self.folder = str(folder / "artifacts") if artifacts else None
        operations = [operation("increment", returns=True)]
        self.context = context_elsewhere(folder, operations, unended=unended or {})
        self.wire = Wire()
        bundle = pack(self.context, requirements={})
        self.executor = RemoteExecutor(
            self.context, bundle, lambda _: self.wire, limit_bytes=1 << 20, artifacts=self.folder
        )

    @property
    def inbox(self) -> Inbox:
        return self.executor.inbox

    def token(self, node: str, attempt: int = 1) -> str:
        return f"{self.context.run}/{attempt}/{node}"

    def submit(self, *nodes: str, attempt: int = 1) -> None:
        self.executor.submit([order(node, 0, attempt, x=1) for node in nodes])

    def report(self, node: str, attempt: int = 1, *, of: int | None = None, value: bytes = b"2") -> None:
        """Let the report of an attempt come; `of` is the attempt that was executed."""
        data = encode_report(Ended(token=self.token(node, attempt), fact=succeeded(node, of or attempt, value)))
        self.inbox.put(Reported(token=self.token(node, attempt), data=data))

    def news(self) -> list[AttemptEnded]:
        return [fact for fact in self.executor.wait(0) if not isinstance(fact, StepTold)]

    def keep(self, node: str, attempt: int, *, work: str, value: bytes = b"7") -> Kept:
        assert self.folder is not None
        kept = Kept(self.folder, self.context.run)
        kept.keep(self.token(node, attempt), work, encode_report(Ended(token="", fact=succeeded(node, attempt, value))))
        return kept

    def work(self, node: str) -> str:
        """Return what an attempt of a node does, as a parcel of it says."""
        other = Desk(Path(self.context.cwd))
        other.submit(node)
        return decode_parcel(other.wire.sent[0].data).work


def succeeded(node: str, attempt: int, value: bytes) -> AttemptSucceeded:
    return AttemptSucceeded(
        node=node, attempt=attempt, at=1.0, started=1.0, seconds=0.1, cpu_seconds=0.1, peak_bytes=None, worker="there",
        outputs=(Output("value", "value", ArtifactRef("0" * 64, len(value), "json", value)),),
    )  # fmt: skip


def values(ends: Sequence[AttemptEnded]) -> dict[str, tuple[int, bytes | None]]:
    return {end.node: (end.attempt, end.outputs[0].ref.inline) for end in ends if isinstance(end, AttemptSucceeded)}


def test_a_report_that_comes_twice_ends_its_attempt_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.submit("a")
    desk.report("a")
    desk.report("a", value=b"3")

    assert values(desk.news()) == {"a": (1, b"2")}
    desk.report("a")
    assert desk.news() == []


def test_reports_out_of_order_end_their_own_attempts_and_one_that_is_late_changes_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.submit("a", "b")
    desk.report("b", value=b"5")
    desk.report("a")
    assert values(desk.news()) == {"b": (1, b"5"), "a": (1, b"2")}

    desk.submit("a", attempt=2)
    desk.report("a", attempt=1, value=b"9")  # late: of the attempt before
    assert desk.news() == []
    desk.inbox.put(Lost(token=desk.token("a", 2), why="gone"))
    (lost,) = desk.news()
    desk.report("a", attempt=2)
    assert isinstance(lost, AttemptFailed)
    assert lost.reason is Reason.LOST
    assert desk.news() == []


def test_an_attempt_of_an_earlier_host_ends_the_one_that_stands_for_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, unended={"a": (2, 3)})
    desk.submit("a", attempt=4)
    told = StepProgressed(node="a", attempt=2, at=1.0, done=1.0, total=None)
    stale = StepProgressed(node="a", attempt=1, at=1.0, done=9.0, total=None)
    desk.inbox.put(Told(facts=(told, stale)))
    desk.report("a", 4, of=2)

    news = desk.executor.wait(0)

    parcel = decode_parcel(desk.wire.sent[0].data)
    assert parcel.formers == desk.wire.sent[0].formers == (desk.token("a", 2), desk.token("a", 3))
    assert [(type(fact), fact.attempt) for fact in news] == [(StepProgressed, 4), (AttemptSucceeded, 4)]


def test_after_a_break_what_the_place_holds_is_sent_again_under_the_same_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.submit("a")
    desk.inbox.put(Cut(token=desk.token("a")))

    assert desk.news() == []
    assert [shipment.token for shipment in desk.wire.sent] == [desk.token("a")] * 2
    desk.report("a")
    assert values(desk.news()) == {"a": (1, b"2")}


def test_an_end_that_was_kept_is_taken_without_sending_anything_and_its_log_comes_home_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, artifacts=True, unended={"a": (1,)})
    kept = desk.keep("a", 1, work=desk.work("a"))
    record = encode_record("a", 1, "stdout", 1.0, b"first\n")
    kept.add_log(desk.token("a"), record + encode_record("a", 1, "stdout", 2.0, b"second\n"))
    Path(desk.context.logs, "copied.log").write_bytes(record)

    desk.submit("a", attempt=2)
    ends = desk.news()
    desk.executor.close()
    desk.executor.close()

    assert desk.wire.sent == []
    assert values(ends) == {"a": (2, b"7")}
    home = b"".join(sorted(file.read_bytes() for file in Path(desk.context.logs).glob("*.log")))
    assert (home.count(b"first"), home.count(b"second")) == (1, 1)


@pytest.mark.parametrize("case", ["other work", "other attempt", "other version", "damaged"])
def test_an_end_that_does_not_fit_is_not_taken(tmp_path: Path, case: str) -> None:
    desk = Desk(tmp_path, artifacts=True, unended={"a": (1,)})
    kept = desk.keep("a", 5 if case == "other attempt" else 1, work="0" if case == "other work" else desk.work("a"))
    for file in Path(kept.log(desk.token("a"))).parent.glob("*.report"):
        if case == "other version":
            file.write_bytes(file.read_bytes().replace(b'"python": "3.', b'"python": "2.'))
        elif case == "damaged":
            file.write_bytes(b"{")

    desk.submit("a", attempt=2)

    assert desk.news() == []
    assert [shipment.token for shipment in desk.wire.sent] == [desk.token("a", 2)]


def test_what_is_lost_after_it_has_ended_is_found_among_the_kept_ends(tmp_path: Path) -> None:
    desk = Desk(tmp_path, artifacts=True)
    desk.submit("a", "b")
    desk.keep("a", 1, work=decode_parcel(desk.wire.sent[0].data).work)
    for node in ("a", "b"):
        desk.inbox.put(Lost(token=desk.token(node), why="its worker is gone"))

    ends = desk.news()

    assert values(ends) == {"a": (1, b"7")}
    assert [end.node for end in ends if isinstance(end, AttemptFailed)] == ["b"]


def test_it_has_arrived_when_the_link_stands_and_what_breaks_the_link_comes_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    before = desk.executor.has_arrived() or bool(desk.executor.room())
    desk.inbox.put(Up())
    desk.news()
    desk.inbox.put(Broken(error=PluginError("out of reach")))

    assert (before, desk.executor.has_arrived()) == (False, True)
    assert desk.executor.room() > 0
    with pytest.raises(PluginError, match="out of reach"):
        desk.news()


def test_cancelling_reaches_what_was_sent_and_ends_what_was_not(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.submit("a")

    desk.executor.cancel(["a", "unknown"], grace_s=1.0)
    desk.inbox.put(Lost(token=desk.token("a"), why="killed"))

    assert desk.wire.cancelled == [desk.token("a")]
    assert [str(type(end).__name__) for end in desk.news()] == ["AttemptCancelled"]
