"""A project whose steps hand on objects of its own classes, whose code their pickles do not hold."""

from __future__ import annotations

FILES = {
    "scaling.py": """
from norms import norm

class Scaler:
    def fit(self, data):
        self.mean = sum(data) / len(data)
        return self

    def transform(self, data):
        return [norm(each - self.mean) for each in data]
""",
    "norms.py": """
def norm(x):
    return round(x, 3)
""",
    "records.py": """
from dataclasses import dataclass

@dataclass
class Span:
    low: int
    high: int

    def width(self):
        return self.high - self.low
""",
    "pipeline.py": """
from graftline import Pipeline, PythonTask
from records import Span
from scaling import Scaler

def load():
    return [1.0, 2.0, 6.0]

def fit(data):
    return Scaler().fit(data)

def choose(scaler):
    return scaler  # hands it on, and names nothing of it

def transform(chosen, data):
    return chosen.transform(data)

def total(transformed):
    return sum(transformed)

def span(data):
    return Span(0, len(data))

def wide(bounds):
    return bounds.width()

both = Pipeline([
    PythonTask(load, returns=["data"]),
    PythonTask(fit, returns=["scaler"]),
    PythonTask(choose, returns=["chosen"]),
    PythonTask(transform, returns=["transformed"]),
    PythonTask(total, returns=["sum"]),
    PythonTask(span, returns=["bounds"]),
    PythonTask(wide, returns=["width"]),
], name="both")
""",
}
