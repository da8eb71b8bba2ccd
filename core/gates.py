"""Conditions that a generation must meet before an alias moves to it: `auc >= champion.auc - 0.002`."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from .errors import InvalidError, nearest
from .records import dataclass

_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: dict[type, tuple[str, Callable[[Any, Any], bool]]] = {
    ast.GtE: (">=", operator.ge),
    ast.Gt: (">", operator.gt),
    ast.LtE: ("<=", operator.le),
    ast.Lt: ("<", operator.lt),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}
_FUNCTIONS: dict[str, Callable[[list[float]], float]] = {"abs": lambda each: abs(each[0]), "min": min, "max": max}
_HINT = "a gate compares metrics, numbers and those of the alias: auc >= champion.auc - 0.002"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one gate."""

    text: str
    """The gate as written."""
    holds: bool
    told: str
    """With the numbers: `0.9134 >= 0.9101 - 0.002`; why it does not apply when there is nothing to compare with."""


class Gate:
    """One condition, parsed once. Nothing in it is executed: it knows numbers, metrics, + - * / and comparisons."""

    def __init__(self, text: str, alias: str):
        """Parse a gate.

        Args:
            text: As in the configuration.
            alias: Name by which the generation that the alias stands at is meant (`champion.auc`).

        Raises:
            InvalidError: it is no condition; says where.
        """
        self.text = text
        self.alias = alias
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise InvalidError(f"the gate '{text}' does not parse: {error}", _HINT) from None
        self.metrics, self.champions = set[str](), set[str]()
        self._check(self._tree, is_whole=True)

    def outcome(self, metrics: Mapping[str, object], champion: Mapping[str, object] | None) -> Outcome:
        """Return whether it holds.

        Args:
            metrics: of the generation that is to be moved to.
            champion: of the one the alias stands at; None: it stands nowhere, and what compares with it holds.

        Raises:
            InvalidError: a metric is not there or no number, with the nearest.
        """
        if self.champions and champion is None:
            return Outcome(text=self.text, holds=True, told=f"there is no {self.alias} yet")
        evaluation = _Evaluation(self, metrics, champion or {})
        holds = evaluation.truth(self._tree)
        return Outcome(text=self.text, holds=holds, told=evaluation.told(self._tree))

    def _check(self, node: ast.expr, *, is_whole: bool = False) -> None:
        if isinstance(node, ast.BoolOp) and is_whole:
            for each in node.values:
                self._check(each, is_whole=True)
        elif isinstance(node, ast.Compare) and is_whole:
            if not all(type(each) in _COMPARISONS for each in node.ops):
                raise self._wrong(node, "has a comparison it does not know")
            for each in (node.left, *node.comparators):
                self._check(each)
        elif is_whole:
            raise self._wrong(node, "compares nothing")
        else:
            self._check_number(node)

    def _check_number(self, node: ast.expr) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return
        if isinstance(node, ast.Name):
            self.metrics.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id != self.alias:
                raise self._wrong(node, f"names '{node.value.id}', which is not '{self.alias}'")
            self.champions.add(node.attr)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            self._check_number(node.operand)
        elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            self._check_number(node.left)
            self._check_number(node.right)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
            if node.keywords or not node.args or (node.func.id == "abs" and len(node.args) > 1):
                raise self._wrong(node, f"calls {node.func.id}() with other than numbers")
            for each in node.args:
                self._check_number(each)
        else:
            raise self._wrong(node, f"has '{ast.unparse(node)}', which is no number")

    def _wrong(self, node: ast.expr, what: str) -> InvalidError:
        return InvalidError(f"the gate '{self.text}' {what} (column {node.col_offset + 1})", _HINT)


class _Evaluation:
    """A gate with the numbers of two generations."""

    def __init__(self, gate: Gate, metrics: Mapping[str, object], champion: Mapping[str, object]):
        self._gate = gate
        self._metrics = metrics
        self._champion = champion

    def truth(self, node: ast.expr) -> bool:
        if isinstance(node, ast.BoolOp):
            found = [self.truth(each) for each in node.values]
            return all(found) if isinstance(node.op, ast.And) else any(found)
        assert isinstance(node, ast.Compare)
        numbers = [self._number(each) for each in (node.left, *node.comparators)]
        pairs = zip(numbers, numbers[1:], node.ops, strict=False)
        return all(_COMPARISONS[type(sign)][1](left, right) for left, right, sign in pairs)

    def told(self, node: ast.expr) -> str:
        if isinstance(node, ast.BoolOp):
            word = " and " if isinstance(node.op, ast.And) else " or "
            return word.join(self.told(each) for each in node.values)
        assert isinstance(node, ast.Compare)
        text = self._shown(node.left)
        for sign, each in zip(node.ops, node.comparators, strict=True):
            text += f" {_COMPARISONS[type(sign)][0]} {self._shown(each)}"
        return text

    def _number(self, node: ast.expr) -> float:
        if isinstance(node, ast.Constant):
            return float(node.value)  # type: ignore[arg-type]  # checked when it was parsed
        if isinstance(node, ast.Name):
            return self._metric(node.id, self._metrics, "the generation")
        if isinstance(node, ast.Attribute):
            return self._metric(node.attr, self._champion, self._gate.alias)
        if isinstance(node, ast.UnaryOp):
            number = self._number(node.operand)
            return -number if isinstance(node.op, ast.USub) else number
        if isinstance(node, ast.BinOp):
            left, right = self._number(node.left), self._number(node.right)
            try:
                return float(_ARITHMETIC[type(node.op)](left, right))
            except ZeroDivisionError:
                return math.nan  # which no comparison holds for
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        return _FUNCTIONS[node.func.id]([self._number(each) for each in node.args])

    def _metric(self, name: str, metrics: Mapping[str, object], whose: str) -> float:
        value = metrics.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            known = [each for each, number in metrics.items() if isinstance(number, int | float)]
            what = f"{whose} has no metric '{name}'{nearest(name, known)}"
            hint = f"it has {', '.join(known)}" if known else "a step returns one by metric('...')"
            raise InvalidError(f"the gate '{self._gate.text}': {what}", hint)
        return float(value)

    def _shown(self, node: ast.expr) -> str:
        if isinstance(node, ast.BinOp):
            sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}[type(node.op)]
            return f"{self._shown(node.left)} {sign} {self._shown(node.right)}"
        return f"{self._number(node):.6g}"
