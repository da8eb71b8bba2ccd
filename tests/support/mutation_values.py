"""Mutations of what a function was made with: closures, partials, methods, lambdas."""

from __future__ import annotations

from mutations import Edit, Mutation, mutation

_BY_VALUE = """
=== steps.py
import functools

from lib import Model, scaled, weights


def _made(factor, inner=None):
    def step(offset=weights["offset"]):
        return factor * scaled(2) + offset + (inner() if inner else 0)

    return step


closure = _made(3)
chained = _made(4, inner=lambda: scaled(5))
part = functools.partial(scaled, 6, times=7)
bound = Model(8).fit
instance = Model(9)
lambdas = [lambda: scaled(10), lambda: 11]
=== lib.py
weights = {"offset": 1, "unused": 2}
FACTOR = 3


def scaled(x, times=2):
    return x * times * FACTOR


class Model:
    rate = 4

    def __init__(self, depth):
        self.depth = depth

    def fit(self):
        return self.depth * self.rate

    def __call__(self):
        return self.fit()
=== pipeline.py
import steps
from graftline import Pipeline, PythonTask

main = Pipeline(
    name="main",
    steps=[
        PythonTask(steps.closure, name="closure", returns=["closure"]),
        PythonTask(steps.chained, name="chained", returns=["chained"]),
        PythonTask(steps.part, name="part", returns=["part"]),
        PythonTask(steps.bound, name="bound", returns=["bound"]),
        PythonTask(steps.instance, name="instance", returns=["instance"]),
        PythonTask(steps.lambdas[0], name="first", returns=["first"]),
        PythonTask(lambda: steps.scaled(12), name="inline", returns=["inline"]),
        PythonTask(lambda: 13, name="beside", returns=["beside"]),
    ],
)
"""
_VALUE_EDITS: dict[str, tuple[Edit, str]] = {
    "closed-over number": (("steps.py", "_made(3)", "_made(30)"), "closure"),
    "closed-over lambda": (("steps.py", "scaled(5))", "scaled(50))"), "chained"),
    "body of the closure": (("steps.py", "factor * scaled(2)", "factor + scaled(2)"), "closure chained"),
    "default by value": (("lib.py", '"offset": 1', '"offset": 10'), "closure chained"),
    "function the closure calls": (("lib.py", "x * times", "x + times"), "closure chained part first inline"),
    "constant below it": (("lib.py", "FACTOR = 3", "FACTOR = 30"), "closure chained part first inline"),
    "argument of a partial": (("steps.py", "scaled, 6", "scaled, 60"), "part"),
    "keyword of a partial": (("steps.py", "times=7", "times=70"), "part"),
    "state of a bound method": (("steps.py", "Model(8)", "Model(80)"), "bound"),
    "state of a callable": (("steps.py", "Model(9)", "Model(90)"), "instance"),
    "method of both": (("lib.py", "self.depth * self.rate", "self.depth + self.rate"), "bound instance"),
    "class attribute of both": (("lib.py", "rate = 4", "rate = 40"), "bound instance"),
    "lambda in a list": (("steps.py", "[lambda: scaled(10)", "[lambda: scaled(100)"), "first"),
    "lambda in the pipeline file": (("pipeline.py", "steps.scaled(12)", "steps.scaled(120)"), "inline"),
    "comment at a closure": (("steps.py", "    def step(", "    # made\n\n    def step("), ""),
}
CASES: list[Mutation] = [
    mutation(f"by value: {name}", "closures, partials, methods, lambdas", _BY_VALUE, edit, reruns=reruns)
    for name, (edit, reruns) in _VALUE_EDITS.items()
]
