"""A parameter grid as a map: one trial for each pair of values, gathered and ranked: `graft run` here."""

from functions import fit_best, load, make_grid, rank, try_out

from graftline import Map, Pipeline, PythonTask, metric

sweep_map = Pipeline(
    name="sweep_map",
    params={"Cs": [0.1, 1.0, 10.0], "gammas": [0.01, 0.1, 1.0]},
    steps=[
        PythonTask(load, returns=["X", "y"]),
        PythonTask(make_grid, returns=["grid"]),
        Map(
            name="sweep",
            iterate_on="grid",
            iterate_as=["C", "gamma"],
            branch=PythonTask(try_out, returns=[metric("score")]),
            collect="trials",
            reducer=rank,
        ),
        PythonTask(fit_best, returns=["model", "best"]),
    ],
)

if __name__ == "__main__":
    sweep_map.execute()
