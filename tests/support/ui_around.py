"""What the UI is handed from outside, for tests: targets, a loader with a form, a program that says its arguments."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from run_specs import chain
from spaces import TARGET, FakeLoader
from ui_pilot import UiSpace

from graftline.cli.grammar import candidates
from graftline.cli.options import Options
from graftline.core.errors import GraftError
from graftline.core.formfields import FormField
from graftline.core.ports import Loaded, LoadRequest
from graftline.core.watchnews import Listener, News, WatchRequest, Wish
from graftline.tui.outside import Outside

FORM = (
    FormField(key="path", kind="str", steps=("fetch",)),
    FormField(key="C", kind="float", default="1.0", where="default", steps=("fit",)),
    FormField(key="kind", kind="choice", choices=("svm", "tree"), default="svm", where="params.yaml:3", steps=("fit",)),
    FormField(key="shuffle", kind="bool", choices=("true", "false"), default="false", where="default"),
)
PROGRAM = (
    "import sys; print('got', sys.argv[1:]); print('\\x1b]0;evil\\x07end'); sys.exit(3 if 'fail' in sys.argv else 0)"
)


@dataclass
class FormLoader(FakeLoader):
    """A loader with a form; `problem` is raised instead while it is set."""

    form: Sequence[FormField] = FORM
    problem: GraftError | None = None
    gate: threading.Event | None = None
    """A load waits for it; None: it does not."""
    given_up: list[LoadRequest] = field(default_factory=list)

    def load(self, request: LoadRequest) -> Loaded:
        if self.gate is not None:
            from graftline.core.waiting import is_waited_for

            while not self.gate.wait(0.01):
                if not is_waited_for():
                    self.given_up.append(request)
                    break
        if self.problem is not None:
            raise self.problem
        found = super().load(request)
        return replace(found, form=tuple(self.form)) if request.wants_form else found


class FormSpace(UiSpace):
    """A workspace whose loader has a form."""

    def __init__(self, **changes: Any) -> None:
        self.forms = FormLoader(chain("fetch", "fit", "report"))
        super().__init__(chain("fetch", "fit", "report"), **({"loader": self.forms} | changes))
        self.loader = self.forms


def outside(tmp_path: Path | None = None, **changes: Any) -> Outside:
    """Return what a UI is opened with that can do everything."""
    given: dict[str, Any] = {
        "program": (sys.executable, "-S", "-c", PROGRAM),
        "complete": lambda line, space: candidates(line, Options()),
        "target": lambda text: replace(TARGET, text=text or TARGET.text),
        "targets": lambda: ["pipeline.py", "other.py:score"],
        "memory": str(tmp_path / "state" / "ui.json") if tmp_path is not None else None,
        "root": "/project",
    }
    return Outside(**(given | changes))


@dataclass
class FakeWatch:
    """A watch that tells what a test has it tell."""

    request: WatchRequest
    listener: Listener
    session: str = "s1"
    asked: list[Wish] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        self.over.wait(20)

    def ask(self, wish: Wish) -> None:
        self.asked.append(wish)
        if wish is Wish.STOP:
            self.over.set()

    def tell(self, news: News) -> None:
        self.listener.tell(news)


def watches(made: list[FakeWatch]) -> Callable[[WatchRequest, Listener], FakeWatch]:
    """Return what makes watches, each noted in a list."""

    def make(request: WatchRequest, listener: Listener) -> FakeWatch:
        made.append(FakeWatch(request, listener))
        return made[-1]

    return make
