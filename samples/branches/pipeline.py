"""Two checks side by side, and a choice by what they found: `graft run -p fault=drift` here."""

from functions import count_gaps, discard, find_drift, judge, keep, measure, publish, straighten

from graftline import Catalog, Conditional, Parallel, Pipeline, PythonTask

checks = Parallel(
    name="checks",
    branches={
        "gaps": PythonTask(count_gaps, returns=["gaps"]),
        "drift": PythonTask(find_drift, returns=["drift"]),
    },
)

mend = Conditional(
    name="mend",
    parameter="verdict",
    branches={
        "good": PythonTask(keep, returns=["mended"]),
        "drifting": PythonTask(straighten, returns=["mended"]),
    },
    default=PythonTask(discard, returns=["mended"]),
)

branches = Pipeline(
    name="branches",
    steps=[
        PythonTask(measure, returns=["readings"]),
        checks,
        PythonTask(judge, returns=["verdict"]),
        mend,
        PythonTask(publish, returns=["summary"], catalog=Catalog(put=["out/day.csv"])),
    ],
)

if __name__ == "__main__":
    branches.execute()
