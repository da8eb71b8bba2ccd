"""A visit: a station is started at a place, says what is there, and ends; nothing of a run is sent."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from ...core.errors import PluginError
from ...core.quantities import size_text
from ...core.records import dataclass
from ...core.runnerhealth import Answer, Health, Question, Reach
from ...core.text import plural
from ...worker.handshake import Speaker, refusal
from ..remote.answering import answer_of, within
from .frames import Closed, Frame, Silent
from .place import Place, Verdict
from .program import NoAnswer, Program

_SHARE = 0.9
"""Of the time there is: what a place may take for its answer. The rest is for letting it go."""
_LEAVE_S = 1.0
"""For a station that was visited to end, before its program is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was found at a place."""

    place: Place
    answer: Answer | None = None
    """What it says of itself; None: nobody answered."""
    verdict: Verdict | None = None
    """Why nobody did."""
    cores: int = 0
    gpus: int = 0
    free_bytes: int = 0
    """Of the disk that a run is unpacked to."""

    def __str__(self) -> str:
        """Return in words what is there."""
        gpus = f", {plural(self.gpus, 'gpu')}" if self.gpus else ""
        return f"{plural(self.cores, 'core')}{gpus}, {size_text(self.free_bytes)} free"

    @property
    def offers(self) -> frozenset[str]:
        """Return the labels and resources that steps may ask for there."""
        found = {"gpu"} if self.gpus else set[str]()
        return frozenset({*found, *self.place.offer.resources, *self.place.offer.labels})


def visit(places: Sequence[Place], question: Question) -> list[Sight]:
    """Look at places, all at once, and return what was found within the time a question gives."""
    with ThreadPoolExecutor(len(places), thread_name_prefix="graftline-visit") as threads:
        return list(threads.map(lambda place: _in_time(place, question), places))


def health_of(sights: Sequence[Sight], limit_bytes: int | None, tell: Callable[[Sight], str]) -> Health:
    """Return how a runner is that has these places.

    Args:
        sights: what was found, at least one.
        limit_bytes: as `Health` has it.
        tell: says in words what a place is that answers.
    """
    there = [each for each in sights if each.answer is not None]
    gone = [each.verdict for each in sights if each.verdict is not None]
    # A run goes on without a place that is out of reach, and ends with one that has to be mended.
    is_well = bool(there) and not any(each.is_final for each in gone)
    told = [tell(each) for each in there] if is_well else []
    told += [_sentence(each.message) for each in sorted(gone, key=lambda each: not each.is_final)]
    return Health(
        reach=Reach.UP if is_well else Reach.DOWN,
        told="; ".join(told),
        remedy=next((each.hint for each in gone if each.hint is not None), None),
        answers=tuple(each.answer for each in there if each.answer is not None),
        offers=frozenset[str]().union(*(each.offers for each in there)) if there else None,
        limit_bytes=limit_bytes,
    )


def _in_time(place: Place, question: Question) -> Sight:
    found = within(lambda: _look(place, question), question.timeout_s)
    if isinstance(found, Sight):
        return found
    return Sight(place=place, verdict=Verdict(message=f"{place.what}: {found or type(found).__name__}"))


def _look(place: Place, question: Question) -> Sight:
    deadline = time.monotonic() + question.timeout_s * _SHARE
    nonce = secrets.token_hex(8)
    try:
        program = Program(*place.command(nonce))
    except PluginError as problem:
        return Sight(place=place, verdict=Verdict(message=problem.message, hint=problem.hint, is_final=True))
    try:
        program.await_station(nonce, deadline - time.monotonic())
        return _talk(place, program, question, deadline)
    except NoAnswer as problem:
        return Sight(place=place, verdict=place.verdict(problem.code, problem.words))
    except (Closed, Silent) as gone:
        code = None if isinstance(gone, Silent) else program.wait(max(0.0, deadline - time.monotonic()))
        return Sight(place=place, verdict=place.verdict(code, program.words()))
    finally:
        leaving = threading.Thread(target=_leave, args=(place, program, nonce), name="graftline-leave", daemon=True)
        leaving.start()
        leaving.join(max(0.0, deadline - time.monotonic()))


def _talk(place: Place, program: Program, question: Question, deadline: float) -> Sight:
    hello = _hear(program, deadline)
    there = Speaker(str(hello.head["graftline"]), str(hello.head["python"]))
    cores, gpus = hello.head["cores"], hello.head["gpus"]
    if (why := refusal(there, place.what)) is not None:  # it may not know the question
        answer = Answer(name=place.name, graftline=there.graftline, python=there.python, refusal=why)
        return Sight(place=place, answer=answer, cores=cores, gpus=gpus)
    asked = {"packages": list(question.packages), "secrets": list(question.secrets), "home": place.home}
    program.writer.put(Frame("ask", asked))
    said = _hear(program, deadline)
    answer = answer_of(place.name, said.head)
    return Sight(place=place, answer=answer, cores=cores, gpus=gpus, free_bytes=said.head["free"])


def _hear(program: Program, deadline: float) -> Frame:
    """Return the next frame that says something."""
    while True:
        frame = program.reader.read(deadline - time.monotonic())
        if frame.kind != "beat":
            return frame


def _leave(place: Place, program: Program, nonce: str) -> None:
    program.writer.put(Frame("finish"))
    if not program.end(_LEAVE_S):
        place.discard(nonce)
    program.close()


def _sentence(words: str) -> str:
    """Return what a program said, in one line."""
    return " ".join(words.split())
