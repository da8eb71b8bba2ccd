"""Small estimators in the manner of sklearn, actors and pairs of functions: what `Model` takes, without sklearn."""

from __future__ import annotations

from typing import Any

from graftline import actor


class Parameters:
    """`get_params` and `set_params`, nested by `__`."""

    names: tuple[str, ...] = ()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in self.names}
        for name, value in list(found.items()):
            if deep and isinstance(value, Parameters):
                found |= {f"{name}__{inner}": each for inner, each in value.get_params().items()}
        return found

    def set_params(self, **params: Any) -> Parameters:
        for name, value in params.items():
            outer, _, inner = name.partition("__")
            if inner:
                getattr(self, outer).set_params(**{inner: value})
            else:
                setattr(self, outer, value)
        return self


class Nearest(Parameters):
    """Predicts the label of the nearest row it has seen; remembers which rows those were."""

    names = ("shift", "warm_start")

    def __init__(self, shift: float = 0.0, warm_start: bool = False):
        self.shift = shift
        self.warm_start = warm_start
        self.rows_: list[float] = []
        self.labels_: list[Any] = []

    def fit(self, X: Any, y: Any) -> Nearest:
        before = (self.rows_, self.labels_) if self.warm_start else ([], [])
        self.rows_ = [*before[0], *(row[0] for row in rows(X))]
        self.labels_ = [*before[1], *y]
        self.count_ = len(self.rows_)
        return self

    def predict(self, X: Any) -> list[Any]:
        return [self._label(row[0] + self.shift) for row in rows(X)]

    def seen(self, X: Any) -> list[bool]:
        """Tell for each row whether it was trained on."""
        return [row[0] in self.rows_ for row in rows(X)]

    def _label(self, value: float) -> Any:
        at = min(range(len(self.rows_)), key=lambda row: abs(self.rows_[row] - value))
        return self.labels_[at]


class Scale(Parameters):
    """Divides by the largest value it has seen, learning without labels."""

    names = ("factor",)

    def __init__(self, factor: float = 1.0):
        self.factor = factor

    def fit(self, X: Any, y: Any = None) -> Scale:
        self.largest_ = max(row[0] for row in rows(X))
        return self

    def transform(self, X: Any) -> list[list[float]]:
        return [[row[0] / self.largest_ * self.factor] for row in rows(X)]


class Nest(Parameters):
    """An estimator around another one."""

    names = ("inner",)

    def __init__(self, inner: Parameters | None = None):
        self.inner = inner or Nearest()

    def fit(self, X: Any, y: Any) -> Nest:
        self.inner.fit(X, y)  # type: ignore[attr-defined]
        return self

    def predict(self, X: Any) -> Any:
        return self.inner.predict(X)  # type: ignore[attr-defined]


class Counter:
    """An actor: counts the rows it has seen, over generations."""

    def __init__(self) -> None:
        self.count = 0

    def train(self, X: Any, y: Any) -> None:
        self.count += len(y)

    def apply(self, X: Any) -> list[int]:
        return [self.count for _ in rows(X)]

    def get_state(self) -> int:
        return self.count

    def set_state(self, state: int) -> None:
        self.count = state


class Half:
    """No actor: it cannot be stored."""

    def train(self, X: Any, y: Any) -> None:
        """Do nothing."""

    def apply(self, X: Any) -> Any:
        return X


@actor
def constant(X: Any, y: Any, offset: int = 0, previous: Any = None) -> dict[str, Any]:
    """Remember the most frequent label."""
    return {"label": max(sorted(set(y)), key=list(y).count) + offset, "before": previous}


@constant.apply
def guess(state: dict[str, Any], X: Any) -> list[Any]:
    """Guess it."""
    return [state["label"] for _ in rows(X)]


@actor
def unfinished(X: Any, y: Any) -> int:
    """Train without ever being applied."""
    return 0


def make_nearest() -> Nearest:
    """Return what a factory makes."""
    return Nearest(shift=0.5)


def make_nothing() -> int:
    """Return what cannot be trained."""
    return 3


def accuracy(y: Any, prediction: Any) -> float:
    """Return the share of right predictions."""
    pairs = list(zip(y, prediction, strict=True))
    return sum(bool(a == b) for a, b in pairs) / len(pairs)


def rows(X: Any) -> list[Any]:
    """Return the rows of a table of any kind as lists."""
    if isinstance(X, dict):
        return [list(row) for row in zip(*X.values(), strict=True)]
    values = X.to_numpy() if hasattr(X, "to_numpy") else X
    return [list(row) if hasattr(row, "__iter__") else [row] for row in values]
