"""The steps of functions.py as a pipeline that learns: `graft train` here, then `graft apply`."""

from functions import fit, predict, select
from sklearn.metrics import accuracy_score

from graftline import Evaluation, HoldOut, Pipeline, PythonTask, Source, Tune, metric, state

screening = Pipeline(
    name="screening",
    steps=[
        PythonTask(select, returns=["table"]),
        PythonTask(fit, returns=[state("model"), metric("accuracy")]),
        PythonTask(predict, returns=["prediction"]),
    ],
    source=Source("data/biopsies.csv", labels={"malignant": "y"}, ordinal="biopsy"),
    evaluation=Evaluation(score={"held_out": accuracy_score}, method=HoldOut(0.3, seed=0, stratified=True)),
    tune=Tune({"C": [0.01, 0.1, 1.0]}, maximize="held_out"),
)

if __name__ == "__main__":
    print(screening.launcher.train().metrics)
