"""A notebook as a step: it takes a frame and a parameter, and returns what it found: `graft run` here."""

from functions import measure, write

from graftline import Catalog, NotebookTask, Pipeline, PythonTask, metric

notebook_report = Pipeline(
    name="notebook_report",
    params={"digits": 1},
    steps=[
        PythonTask(measure, returns=["table"]),
        NotebookTask("report.ipynb", returns=["headline", "lines", metric("ratio")]),
        PythonTask(write, catalog=Catalog(put=["out/report.md"])),
    ],
)

if __name__ == "__main__":
    notebook_report.execute()
