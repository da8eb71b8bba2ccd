"""A line: the connection to one place, kept up by a thread of its own until the run ends or patience is over."""

from __future__ import annotations

import contextlib
import pickle
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ...core.errors import GraftError, PluginError, StoreError
from ...core.events import StepTold
from ...core.records import dataclass
from ...worker.bundles import Bundle
from ...worker.handshake import Speaker, differences, refusal
from ..remote.link import Shipment
from ..remote.logs import LogCopies
from .frames import HOST_SILENCE_S, Closed, Frame, Silent
from .load import Load
from .place import Place
from .program import NoAnswer, Program

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0
"""Between tries to connect: doubled each time."""
START_S = 30.0
"""For a program to bring a station up: login, and the start of Python on a cold disk. A container's image may have to
be fetched first: as long as patience says."""
_END_S = 8.0
"""For a station to end what is left and send the rest of its logs."""
_LEAVE_S = 1.0
"""For a program that is still connecting to end when its stdin has."""
_LAST_WORDS_S = 2.0
"""For the program to end once its pipe has, so that it can be said how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is the same for every place of a run."""

    run: str
    bundle: Bundle
    requirements: Mapping[str, str]
    """Distribution -> version here, compared with those there."""
    read: Callable[[str], bytes | None]
    """Brings the bytes of a stored value that was named to the place; None: it was not."""
    logs: LogCopies
    limit_bytes: int
    patience_s: float
    """How long a place may be out of reach."""


class Switch(Protocol):
    """To whom lines tell, from their threads."""

    def is_up(self, line: Line) -> None:
        """Attempts can be sent."""
        ...

    def reported(self, token: str, data: bytes) -> None:
        """A report came."""
        ...

    def told(self, facts: Sequence[StepTold]) -> None:
        """Running attempts told of themselves."""
        ...

    def is_cut(self, line: Line, why: str) -> None:
        """The connection is lost, and with it every attempt that was sent."""
        ...

    def is_given_up(self, line: Line, error: GraftError) -> None:
        """It will not come up any more; what was sent is lost."""
        ...


class OutOfReach(PluginError):
    """A place did not answer for as long as patience lasts."""


class Line:
    """The connection to one place. Made, it begins to connect.

    Args:
        place: where to.
        number: of the place, from 0: tells it from others of this run on the same machine.
        terms: what all places are told.
        switch: hears of it.
    """

    def __init__(self, place: Place, number: int, terms: Terms, switch: Switch) -> None:
        self.place = place
        self.threads = 0
        """Attempts at once; 0: it is not up."""
        self.offered: dict[str, float] = {}
        """Name -> amount; known while it is up."""
        self.load = Load()
        """What was sent there and has not ended; the switch keeps it."""
        self.was_up = False
        self.silence_s = HOST_SILENCE_S
        """The connection counts as lost when nothing came for so long."""
        self._number = number
        self._terms = terms
        self._switch = switch
        self._program: Program | None = None
        self._nonce = ""
        """Of the program; what it left behind is known by it."""
        self._station = place.name
        """What the copies of the logs are named after: each station begins files of its own, whoever asked for it."""
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._tend, name=f"graftline-{place.name}", daemon=True)

    def begin(self) -> None:
        """Begin to connect; return at once."""
        self._thread.start()

    def send(self, shipment: Shipment) -> None:
        """Send a parcel; one that does not get there is lost with the connection."""
        self._put(Frame("parcel", {"token": shipment.token}, shipment.data))

    def cancel(self, tokens: Sequence[str], grace_s: float) -> None:
        """Stop attempts there."""
        self._put(Frame("cancel", {"tokens": list(tokens), "grace_s": grace_s}))

    def end(self) -> None:
        """Begin to end: the station ends what is left and sends the rest of its logs.

        Returns at once, or within `_LEAVE_S` when it is still connecting.
        """
        with self._lock:
            self._ending.set()
            program = self._program
        if program is not None and self.threads:
            program.writer.put(Frame("finish"))
        elif program is not None:
            program.end(_LEAVE_S)  # it is still connecting

    def close(self) -> None:
        """Wait for the end, and force it when it takes too long. Call `end` first."""
        self._thread.join(_END_S)
        if self._thread.is_alive() and (program := self._program) is not None:
            program.end(0.0)
        self._thread.join()

    def _put(self, frame: Frame) -> None:
        program = self._program
        if program is not None:
            program.writer.put(frame)

    def _tend(self) -> None:
        """Connect, work, connect again; until the end, or until patience is over."""
        try:
            while (program := self._connect()) is not None:
                why = self._work(program)
                if self._ending.is_set():
                    break
                with self._lock:
                    self.threads = 0
                self._switch.is_cut(self, why)
                self._hang_up(0.0)
        except GraftError as problem:
            self._switch.is_given_up(self, problem)
        except Exception as problem:  # noqa: BLE001  the run has to hear of it, or it waits for ever
            error = PluginError(f"{self.place.what}: {type(problem).__name__}: {problem}")
            self._switch.is_given_up(self, error)
        finally:
            self._hang_up(_END_S if self._ending.is_set() else 0.0)

    def _connect(self) -> Program | None:
        """Bring a station up; return what leads there, None at the end.

        Raises:
            PluginError: it is out of reach, or cannot work for this run.
        """
        began, pause, tries = time.monotonic(), FIRST_PAUSE_S, 0
        patience, what = self._terms.patience_s, self.place.what
        while not self._ending.is_set():
            tries += 1
            try:
                return self._shake_hands()
            except NoAnswer as problem:
                self._hang_up(0.0)
                if self._ending.is_set():
                    break
                verdict = self.place.verdict(problem.code, problem.words)
                if verdict.is_final:
                    raise PluginError(verdict.message, verdict.hint) from problem
                if time.monotonic() - began + pause > patience:
                    often = f"tried {tries} times in {patience:g} s" if tries > 1 else "tried once"
                    message = f"{what} is out of reach: {often}; {verdict.message}"
                    raise OutOfReach(message, verdict.hint) from problem
            self._ending.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
        return None

    def _shake_hands(self) -> Program:
        """Start the program, compare versions, hand over the bundle; return the program.

        Raises:
            NoAnswer: no station answered.
            PluginError: it answered that it cannot work for this run.
        """
        self._nonce = nonce = secrets.token_hex(8)
        command, environ = self.place.command(nonce)
        self._station = f"{self.place.name}-{nonce[:6]}"
        program = Program(command, environ)
        with self._lock:
            self._program = program
        if self._ending.is_set():
            program.end(_LEAVE_S)
        program.await_station(nonce, max(START_S, self._terms.patience_s))
        try:
            self._refuse_others(_answer(program))
            program.writer.put(self._begin())
            self._arrive(_answer(program))
        except (Closed, Silent) as problem:
            code = None if isinstance(problem, Silent) else program.wait(_LAST_WORDS_S)
            raise NoAnswer(code, program.words()) from problem
        return program

    def _refuse_others(self, hello: Frame) -> None:
        there = Speaker(hello.head["graftline"], hello.head["python"])
        why = refusal(there, self.place.what)
        if why is not None:
            raise PluginError(why, "install the same graftline under the same Python on both sides")
        offer = self.place.offer
        found = {"gpu": float(hello.head["gpus"])} if hello.head["gpus"] else {}
        self.offered = {**found, **offer.resources, **dict.fromkeys(offer.labels, float("inf"))}

    def _begin(self) -> Frame:
        terms = self._terms
        head = {
            "run": terms.run,
            "bundle": terms.bundle.digest,
            "name": self.place.name,
            "place": str(self._number),
            "jobs": self.place.offer.jobs,
            "home": self.place.home,
            "limit": terms.limit_bytes,
            "requirements": list(terms.requirements),
        }
        return Frame("begin", head, terms.bundle.data)

    def _arrive(self, answer: Frame) -> None:
        if answer.kind != "ready":
            raise PluginError(f"{self.place.what} cannot work for this run: {answer.head.get('message', answer.kind)}")
        if differing := differences(self._terms.requirements, answer.head["requirements"]):
            self._terms.logs.note(f"{self.place.what} has {', '.join(differing)}")
        with self._lock:
            if self._ending.is_set():
                return
            self.threads = answer.head["jobs"]
        self.was_up = True
        self._switch.is_up(self)

    def _work(self, program: Program) -> str:
        """Take what comes until nothing does any more; return why."""
        if self._ending.is_set():  # between the handshake and now
            program.writer.put(Frame("finish"))
        while True:
            try:
                frame = program.reader.read(self.silence_s)
            except Silent:
                return f"{self.place.what} has said nothing for {self.silence_s:g} s"
            except Closed:
                program.wait(_LAST_WORDS_S)
                words = program.words().splitlines()
                return f"the connection to {self.place.what} was lost" + (f": {words[-1]}" if words else "")
            except PluginError as problem:
                return f"{self.place.what}: {problem}"
            if frame.kind == "bye":
                return f"{self.place.what} has ended the connection"
            self._hear(program, frame)

    def _hear(self, program: Program, frame: Frame) -> None:
        match frame.kind:
            case "report":
                self._switch.reported(frame.head["token"], frame.body)
            case "want":
                digest = frame.head["digest"]
                program.writer.put(lambda: self._value(digest))
            case "news":
                logs, told = pickle.loads(frame.body)
                self._terms.logs.take(self._station, logs)
                if told:
                    self._switch.told(told)

    def _value(self, digest: str) -> Frame:
        data = None
        with contextlib.suppress(StoreError):  # it is gone: the attempt says so
            data = self._terms.read(digest)
        return Frame("value", {"digest": digest, "is_found": data is not None}, data or b"")

    def _hang_up(self, timeout_s: float) -> None:
        """End the program if there is one, and what a killed one may leave behind."""
        with self._lock:
            program, self._program = self._program, None
            self.threads = 0
        if program is not None:
            if not program.end(timeout_s):
                self.place.discard(self._nonce)
            program.close()


def _answer(program: Program) -> Frame:
    """Return the next frame that says something: a large bundle may be on its way for longer than a beat."""
    while (frame := program.reader.read(START_S)).kind == "beat":
        pass
    return frame
