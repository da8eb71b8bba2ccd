"""The steps, named once. An argument takes the value of its name from an earlier step, else a parameter (-p)."""

from functions import numbers, summarise, write_report

from graftline import Catalog, Pipeline, PythonTask, metric

hello = Pipeline(
    name="hello",
    steps=[
        PythonTask(numbers, returns=["numbers"]),
        PythonTask(summarise, returns=[metric("mean"), "largest"]),
        PythonTask(write_report, catalog=Catalog(put=["report.txt"])),
    ],
)
