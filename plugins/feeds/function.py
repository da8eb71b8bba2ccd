"""A feed that is a function of the project: given a query it returns a table, or None where it has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ...core.errors import InvalidError
from ...core.feeding import Answer, Feed, Query
from .table import answer


class FunctionFeed(Feed):
    """Made where `provider` of a feed names a function, `module:function`. It may read anything: it is always asked.

    Args:
        function: called with the text of the query, and with the feed's options by name.
        options: from the configuration.
    """

    name: ClassVar[str] = "function"

    def __init__(self, function: Callable[..., Any], **options: Any):
        super().__init__(**options)
        self._function = function
        self._made: tuple[Query, Any] | None = None

    def can_answer(self, query: Query) -> bool:
        """Tell whether the function returns a table: it is called, and what it returned is kept."""
        self._made = query, self._function(query.text, **self.options)
        return self._made[1] is not None

    def read(self, query: Query) -> Answer:
        """Return the table within the bounds.

        Raises:
            InvalidError: the function returned no table.
        """
        if self._made is None or self._made[0] is not query:
            self.can_answer(query)
        assert self._made is not None
        table, told = self._made[1], getattr(self._function, "__qualname__", "the function")
        if not (isinstance(table, dict) or hasattr(table, "columns")):
            raise InvalidError(
                f"{told}({query.text!r}) returned {type(table).__name__}, which is no table",
                "return a DataFrame, or a dict of lists; None where it has no such table",
            )
        return answer(table, query, (), f"what {told}({query.text!r}) returned")
