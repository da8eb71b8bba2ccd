"""A loop that hands its result to its next turn until it settles: `graft run` here."""

from functions import has_settled, load, measure, move, start

from graftline import Loop, Pipeline, PythonTask, metric

turn = Pipeline(
    steps=[
        PythonTask(move, returns=["centers", metric("shift")]),
        PythonTask(has_settled, returns=["settled"]),
    ]
)

refine_loop = Pipeline(
    name="refine_loop",
    steps=[
        PythonTask(load, returns=["points"]),
        PythonTask(start, returns=["centers"]),
        Loop(name="refine", branch=turn, max_iterations=30, break_on="settled", index_as="turn"),
        PythonTask(measure, returns=[metric("inertia")]),
    ],
)

if __name__ == "__main__":
    refine_loop.execute()
