"""Mutations of classes whose objects are handed from step to step: a pickle has only the name of its class."""

from __future__ import annotations

from mutations import Edit, Mutation, mutation, project

_FILES = project("""
from model import Model


def make(): return Model(3)
def number(): return Model(3).x
def hand_on(make): return {"inner": [make]}
def use(make): return make.predict()
def use_inner(hand_on): return hand_on["inner"][0].predict()
def plain(number): return number + 1
def given(model): return model.predict()
def items(): return [Model(1), Model(2)]
def each(item): return item.predict()
=== model.py
RATE = 2


class Model:
    def __init__(self, x): self.x = x
    def predict(self): return self.x * RATE


class Other:
    y = 1
=== pipeline.py
import steps
from graftline import Map, Pipeline, PythonTask
from model import Model


def made(name, **options):
    return PythonTask(getattr(steps, name), name=name, returns=[name], **options)


main = Pipeline(
    name="main",
    order="data",
    steps=[
        made("make"), made("number"), made("hand_on"), made("use"), made("use_inner"), made("plain"), made("items"),
        made("given", params={"model": Model(5)}),
        Map(name="map", iterate_on="items", iterate_as="item", branch=made("each")),
    ],
)
""")
_ALL = "make number hand_on use use_inner given items map/0/each map/1/each"
_EDITS: dict[str, tuple[Edit, str]] = {
    "method": (("model.py", "self.x * RATE", "self.x * RATE + 1"), _ALL.replace("items ", "")),
    "constant below it": (("model.py", "RATE = 2", "RATE = 5"), _ALL.replace("items ", "")),
    "other class of the file": (("model.py", "y = 1", "y = 2"), ""),
}
CASES: list[Mutation] = [
    mutation(f"passed on: {name}", "objects of classes handed on", _FILES, edit, reruns=reruns)
    for name, (edit, reruns) in _EDITS.items()
]
