"""Mutations of classes, and of the ways a function holds what it was made with."""

from __future__ import annotations

from mutations import Edit, Mutation, mutation, project, steps_in

_CLASSES = """
import dataclasses
import enum
from dataclasses import dataclass, field
from functools import cached_property, partial, partialmethod, singledispatch, lru_cache, reduce, total_ordering
from typing import ClassVar, NamedTuple, Protocol, TypedDict

import lib
from lib import (
    Abstract, Color, Config, Described, Flagged, Frozen, Generic, Mixed, Named, Plugin, Point, Slotted, Told, WithMeta,
    by_type, cached, chained, context, counted, parts, ordered
)


def dataclass_default(): return Config().depth
def dataclass_factory(): return Config().names
def post_init(): return Frozen(2).doubled
def enum_member(): return Color.RED.value
def enum_method(): return Color.RED.shown()
def flag_member(): return Flagged.ALL.value
def named_tuple(): return Point().x
def class_attribute(): return Named.label
def class_var(): return Config.shared
def property_value(): return Described().area
def cached_value(): return Described().slow
def static(): return Described.scaled(2)
def class_method(): return Described.make()
def descriptor(): return Told().field
def metaclass(): return WithMeta.added
def init_subclass(): return len(Plugin.known)
def inherited(): return Mixed().run()
def mro(): return Mixed().mixed()
def slots(): return Slotted().x
def abstract(): return Abstract().template()
def dispatched(): return by_type(1)
def memoised(): return cached(2)
def stacked(): return chained(2)
def managed():
    with context() as x: return x
def generated(): return list(parts(2))
def counted_calls(): return counted(1)
def ordering(): return ordered(1, 2)
def operator(): return lib.Vector(1) + lib.Vector(2)
def item(): return lib.Vector(1)[0]
def representation(): return f"{lib.Vector(1)!r}"
def generic(): return Generic[int]().get()
def local_subclass():
    class Own(Abstract):
        def hook(self): return 3 * super().hook()
    return Own().template()
def beside(): return 0
=== lib.py
import contextlib
import enum
import functools
from dataclasses import dataclass, field
from typing import ClassVar, Generic as _Generic, NamedTuple, TypeVar

T = TypeVar("T")


@dataclass
class Config:
    depth: int = 3
    names: list = field(default_factory=lambda: ["a"])
    shared: ClassVar[int] = 9


@dataclass(frozen=True)
class Frozen:
    x: int

    def __post_init__(self):
        object.__setattr__(self, "doubled", self.x * 2)


class Color(enum.Enum):
    RED = 10
    BLUE = 20

    def shown(self):
        return self.name.lower()


class Flagged(enum.Flag):
    A = 1
    B = 2
    ALL = A | B


class Point(NamedTuple):
    x: int = 30


class Named:
    label = "forty"


class Described:
    side = 4

    @property
    def area(self):
        return self.side * 41

    @functools.cached_property
    def slow(self):
        return self.side * 42

    @staticmethod
    def scaled(x):
        return x * 43

    @classmethod
    def make(cls):
        return cls.side * 44


class _Field:
    def __get__(self, instance, owner=None):
        return 45


class Told:
    field = _Field()


class _Meta(type):
    def __new__(mcs, name, bases, namespace):
        namespace["added"] = 46
        return super().__new__(mcs, name, bases, namespace)


class WithMeta(metaclass=_Meta):
    pass


class Plugin:
    known = []

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        Plugin.known.append(47)


class OnePlugin(Plugin):
    number = 48


class _Mixin:
    def mixed(self):
        return 49


class _Base:
    def run(self):
        return 50


class Mixed(_Mixin, _Base):
    pass


class Slotted:
    __slots__ = ("x",)

    def __init__(self):
        self.x = 51


class Abstract:
    def template(self):
        return self.hook() + 52

    def hook(self):
        return 53


@functools.singledispatch
def by_type(x):
    return 54


@by_type.register
def _(x: int):
    return 55


@functools.lru_cache
def cached(x):
    return x * 56


def _outer(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args) + 57
    return inner


def _configured(amount):
    def decorate(function):
        @functools.wraps(function)
        def inner(*args):
            return function(*args) * amount
        return inner
    return decorate


@_outer
@_configured(amount=58)
def chained(x):
    return x + 59


@contextlib.contextmanager
def context():
    yield 60


def parts(n):
    yield from _more(n)


def _more(n):
    yield 61


def counted(x):
    counted.calls += 1
    return x


counted.calls = 62


def ordered(a, b, *, key=lambda x: x + 63):
    return key(a) < key(b)


class Vector:
    def __init__(self, x):
        self.x = x

    def __add__(self, other):
        return self.x + other.x + 64

    def __getitem__(self, i):
        return self.x + 65

    def __repr__(self):
        return "66"


class Generic(_Generic[T]):
    def get(self):
        return 67
"""

_EDITS: dict[str, tuple[str, str, str]] = {
    "dataclass field": ("depth: int = 3", "depth: int = 4", "CONFIG"),
    "dataclass factory": ('["a"]', '["b"]', "CONFIG"),
    "class variable": ("ClassVar[int] = 9", "ClassVar[int] = 8", "CONFIG"),
    "post init": ("self.x * 2", "self.x * 3", "post_init"),
    "enum member": ("RED = 10", "RED = 11", "enum_member enum_method"),
    "enum method": ("self.name.lower()", "self.name.upper()", "enum_member enum_method"),
    "flag member": ("ALL = A | B", "ALL = A", "flag_member"),
    "named tuple default": ("x: int = 30", "x: int = 31", "named_tuple"),
    "class attribute": ('"forty"', '"fifty"', "class_attribute"),
    "property": ("self.side * 41", "self.side + 41", "DESCRIBED"),
    "cached property": ("self.side * 42", "self.side + 42", "DESCRIBED"),
    "static method": ("x * 43", "x + 43", "DESCRIBED"),
    "class method": ("cls.side * 44", "cls.side + 44", "DESCRIBED"),
    "attribute of a property": ("side = 4\n", "side = 5\n", "DESCRIBED"),
    "descriptor": ("return 45", "return -45", "descriptor"),
    "metaclass": ('"added"] = 46', '"added"] = -46', "metaclass"),
    "init subclass": ("append(47)", "append(-47)", "ALL"),
    "another subclass": ("    number = 48\n", "    number = 48\n\n\nclass TwoPlugin(OnePlugin):\n    pass\n", "ALL"),
    "mixin": ("return 49", "return -49", "inherited mro"),
    "inherited method": ("return 50", "return -50", "inherited mro"),
    "order of bases": ("class Mixed(_Mixin, _Base)", "class Mixed(_Base, _Mixin)", "inherited mro"),
    "init with slots": ("self.x = 51", "self.x = -51", "slots"),
    "template method": ("self.hook() + 52", "self.hook() - 52", "abstract local_subclass"),
    "overridden method": ("return 53", "return -53", "abstract local_subclass"),
    "single dispatch default": ("return 54", "return -54", "dispatched"),
    "single dispatch registration": ("return 55", "return -55", "dispatched"),
    "memoised function": ("x * 56", "x * -56", "memoised"),
    "outer decorator": ("function(*args) + 57", "function(*args) - 57", "stacked"),
    "argument of a decorator": ("amount=58", "amount=-58", "stacked"),
    "inner decorator": ("function(*args) * amount", "function(*args) / amount", "stacked"),
    "decorated body": ("x + 59", "x - 59", "stacked"),
    "context manager": ("yield 60", "yield -60", "managed"),
    "generator": ("yield 61", "yield -61", "generated"),
    "attribute of a function": ("counted.calls = 62", "counted.calls = -62", "counted_calls"),
    "default that is a lambda": ("x + 63", "x - 63", "ordering"),
    "operator": ("other.x + 64", "other.x - 64", "VECTOR"),
    "item access": ("self.x + 65", "self.x - 65", "VECTOR"),
    "repr in an f-string": ('return "66"', 'return "-66"', "VECTOR"),
    "generic class": ("return 67", "return -67", "generic"),
}
_GROUPS = {
    "CONFIG": "dataclass_default dataclass_factory class_var",
    "DESCRIBED": "property_value cached_value static class_method",
    "VECTOR": "operator item representation",
}
_OTHERS = " ".join(each for each in steps_in(project(_CLASSES)["steps.py"]) if each != "init_subclass")
"""A class that notes itself somewhere counts for all who import its module."""

CASES: list[Mutation] = [
    mutation(
        f"class: {name}",
        "classes, decorators, generators",
        _CLASSES,
        ("lib.py", old, new),
        reruns="init_subclass" if reruns == "ALL" else _GROUPS.get(reruns, reruns),
        harmless=_OTHERS if reruns == "ALL" else "",
    )
    for name, (old, new, reruns) in _EDITS.items()
]

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
CASES += [
    mutation(f"by value: {name}", "closures, partials, methods, lambdas", _BY_VALUE, edit, reruns=reruns)
    for name, (edit, reruns) in _VALUE_EDITS.items()
]
