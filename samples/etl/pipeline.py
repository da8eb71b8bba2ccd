"""A report from a CSV in shell, Python and a script with arguments: `graft run` here.

`validate` returns nothing, so it is a fence: `publish`, listed after it, waits for it although it takes none of its
values, and does not run when it fails.
"""

from functions import publish, summarise, validate

from graftline import Catalog, Pipeline, PythonTask, ScriptTask, ShellTask, metric

SELECTED = "out/selected.csv"

etl = Pipeline(
    name="etl",
    params={"top": 20, "factor": 2.0, "expected": 178},
    steps=[
        ShellTask(
            name="select",
            command="mkdir -p out && cut -d, -f1,2,11,14 data/wine.csv > out/selected.csv",
            reads=["data/wine.csv"],
            catalog=Catalog(put=[SELECTED]),
        ),
        ShellTask(
            name="strongest",
            command='tail -n +2 out/selected.csv | LC_ALL=C sort -t, -k2,2gr | head -n "$top" > out/strongest.csv',
            catalog=Catalog(get=[SELECTED], put=["out/strongest.csv"]),
        ),
        ShellTask(
            name="count",
            command="rows=$(awk 'END { print NR - 1 }' out/selected.csv) && export rows",
            catalog=Catalog(get=[SELECTED]),
            returns=["rows"],
        ),
        ShellTask(
            name="mix",
            command="""awk -F, 'NR > 1 { n[$1]++ }
                END { printf "{\\"mix\\": {\\"A\\": %d, \\"B\\": %d, \\"C\\": %d}}", n["A"], n["B"], n["C"] }
            ' out/selected.csv > "$GRAFT_OUTPUTS" """,
            catalog=Catalog(get=[SELECTED]),
            returns=["mix"],
        ),
        PythonTask(function=summarise, name="summarise", catalog=Catalog(get=[SELECTED]), returns=["summary"]),
        ScriptTask(
            "scripts/outliers.py",
            name="outliers",
            args=["--factor", "{factor}"],
            catalog=Catalog(get=[SELECTED], put=["out/outliers.csv"]),
            returns=[metric("outliers", file="out/metrics.json")],
        ),
        PythonTask(function=validate, name="validate"),
        PythonTask(
            function=publish,
            name="publish",
            catalog=Catalog(get=["out/outliers.csv"], put=["out/report.md"]),
        ),
    ],
)

if __name__ == "__main__":
    etl.execute()
