"""Mutations of classes, decorators and generators."""

from __future__ import annotations

from mutations import Mutation, mutation, project, steps_in

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
