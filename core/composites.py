"""The shapes of a pipeline: branches side by side, one branch for each item, one of several, one again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack

from .branches import (
    Branch,
    Key,
    branch_of,
    branches_of,
    check_clash,
    identifiers,
    listed,
    name_of,
    names,
    noted,
    worded,
)
from .errors import InvalidError, nearest
from .ids import name_problem
from .nesting import Composite, outputs_of
from .options import Options
from .pipeline import Pipeline
from .place import caller
from .reducers import Reducer, check_reducer
from .steps import OutputOf
from .supply import Index, Item, Source

CHOICE = "choice"
"""Last part of the path of a conditional's choice, so no branch can be called that."""
DEFAULT = "default"
"""Word of the branch of a conditional that is taken when no other fits."""


class Parallel(Composite):
    """Branches that run side by side. What their steps return is there for the steps after it."""

    is_open = True

    def __init__(
        self,
        branches: Mapping[str, Branch],
        name: str | None = None,
        gather: str | Sequence[str] = (),
        **options: Unpack[Options],
    ):
        """Take branches.

        Args:
            branches: Name -> pipeline, step, function, or list of these.
            name: Name of the step; None: "parallel".
            gather: Names that several branches return: who takes one gets the list of them, in the order of the
                branches. Any other name may be returned by one branch alone.
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong; all of it in one message.
        """
        problems: list[InvalidError] = []
        self._branches = branches_of(branches, problems)
        self.gather = names("gather", gather, problems)
        known = outputs_of(*self._branches.values())
        for each in self.gather:
            if each not in known and not problems:
                text = f"gather= names '{each}', which no branch returns{nearest(each, known)}"
                problems.append(InvalidError(text, listed(known)))
        super().__init__("parallel" if name is None else name, caller(), options, problems)

    @property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The branches by name."""
        return self._branches


class Map(Composite):
    """One branch for each item of a list that is known when the run has come there."""

    def __init__(
        self,
        branch: Branch,
        iterate_on: str | OutputOf,
        iterate_as: str | Sequence[str] | None = None,
        reducer: Reducer | None = None,
        collect: str | None = None,
        name: str | None = None,
        **options: Unpack[Options],
    ):
        """Take a branch.

        Args:
            branch: Pipeline, step, function, or list of these.
            iterate_on: Name of the list: an earlier step returns it, or a parameter gives it; or `step["output"]`.
            iterate_as: Name of the item inside; a list of names: each item is a dict (or an object) that has these.
                None: "item".
            reducer: Makes one value of the list over all items of each returned name: a function of the list, or of
                any number of values; a dotted path; a builtin such as "sum"; the text of a lambda. None: the list.
            collect: Name of the one output, made of one dict an item: what `iterate_as` names and what was returned.
            name: Name of the step; None: "map".
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong; all of it in one message.
        """
        problems: list[InvalidError] = []
        self.branch = branch_of("branch=", branch, problems)
        self.iterate_on = name_of("iterate_on", iterate_on, problems)
        self.is_whole = iterate_as is None or isinstance(iterate_as, str)
        """Whether the item has one name, and is not taken apart."""
        self.iterate_as = identifiers("iterate_as", "item" if iterate_as is None else iterate_as, problems)
        self.reducer: Reducer | None = None
        with noted(problems):
            self.reducer = check_reducer(reducer)
        if collect is not None and (trouble := name_problem(collect)):
            problems.append(InvalidError(f"collect= {trouble}"))
        self.collect = collect
        check_clash("iterate_as", self.iterate_as, self.branch, problems)
        super().__init__("map" if name is None else name, caller(), options, problems)

    @property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The branch."""
        return {"": self.branch}

    @property
    def given_inside(self) -> tuple[str, ...]:
        """Names of the item, or of what is in it."""
        return self.iterate_as

    def gives(self, name: str, path: str) -> Source | None:
        """Return the item, or what is in it under a name."""
        return Item(path, None if self.is_whole else name) if name in self.iterate_as else None

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names it returns: those of the branch, or the one it collects."""
        return outputs_of(self.branch) if self.collect is None else (self.collect,)


class Conditional(Composite):
    """One of several branches, by a value known when the run has come there. The others are skipped."""

    def __init__(
        self,
        parameter: str | OutputOf,
        branches: Mapping[Key, Branch],
        default: Branch | None = None,
        name: str | None = None,
        **options: Unpack[Options],
    ):
        """Take branches.

        Args:
            parameter: Name of the value: an earlier step returns it, or a parameter gives it; or `step["output"]`.
            branches: Value -> pipeline, step, function, or list of these. Values are compared as text, so that 1 and
                "1" are one.
            default: What runs when the value fits none; None: that is a failure.
            name: Name of the step; None: "conditional".
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong; all of it in one message.
        """
        problems: list[InvalidError] = []
        self.parameter = name_of("parameter", parameter, problems)
        by_word = worded(branches, problems)
        if default is not None and DEFAULT in by_word:
            problems.append(InvalidError("default= is given, and a branch is called 'default' as well"))
        self.branches = branches_of(by_word, problems, CHOICE, may_be_empty=default is not None)
        """By word; without the default."""
        self.default = None if default is None else branch_of("default=", default, problems)
        super().__init__("conditional" if name is None else name, caller(), options, problems)

    @property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The branches by word, the default last."""
        return self.branches if self.default is None else {**self.branches, DEFAULT: self.default}


class Loop(Composite):
    """One branch again and again. What it returns is there for the next iteration, and in the end for the steps after.

    A step takes what this iteration has returned already, else what the iteration before returned; in the first
    iteration, what the loop's own `inputs=` or `params=`, an earlier step or a parameter gives, else its default.
    """

    def __init__(
        self,
        branch: Branch,
        max_iterations: int,
        break_on: str | None = None,
        index_as: str | None = None,
        name: str | None = None,
        **options: Unpack[Options],
    ):
        """Take a branch.

        Args:
            branch: Pipeline, step, function, or list of these.
            max_iterations: At least 1.
            break_on: Name the branch returns; the loop ends when it is true. None: all iterations are done.
            index_as: Name of the iteration's number, from 0, as an argument and an environment variable inside.
            name: Name of the step; None: "loop".
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong; all of it in one message.
        """
        problems: list[InvalidError] = []
        self.branch = branch_of("branch=", branch, problems)
        if isinstance(max_iterations, bool) or not isinstance(max_iterations, int) or max_iterations < 1:
            problems.append(InvalidError(f"max_iterations= takes a whole number of 1 or more, not {max_iterations!r}"))
        self.max_iterations = max_iterations
        known = outputs_of(self.branch)
        if break_on is not None and break_on not in known and not problems:
            text = f"break_on= names {break_on!r}, which the branch does not return{nearest(str(break_on), known)}"
            problems.append(InvalidError(text, listed(known)))
        self.break_on = break_on
        self.index_as = None if index_as is None else next(iter(identifiers("index_as", index_as, problems)), None)
        if self.index_as is not None:
            check_clash("index_as", (self.index_as,), self.branch, problems)
        super().__init__("loop" if name is None else name, caller(), options, problems)

    @property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The branch."""
        return {"": self.branch}

    @property
    def given_inside(self) -> tuple[str, ...]:
        """Name of the iteration's number."""
        return () if self.index_as is None else (self.index_as,)

    def gives(self, name: str, path: str) -> Source | None:
        """Return the iteration's number."""
        return Index(path) if name == self.index_as else None
