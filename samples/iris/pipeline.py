"""The steps of functions.py as a pipeline: `graft run` here, or `python pipeline.py`."""

from functions import generate_plots, load_data, model_fit

from graftline import Catalog, Pipeline, PythonTask, metric, pickled

iris = Pipeline(
    name="iris",
    steps=[
        PythonTask(function=load_data, name="load_data", returns=[pickled("X"), pickled("Y")]),
        PythonTask(function=model_fit, name="model_fit", returns=[pickled("logreg"), metric("accuracy")]),
        PythonTask(
            function=generate_plots,
            name="generate_plots",
            catalog=Catalog(put=["iris_logistic.png"]),
            terminate_with_success=True,
        ),
    ],
)

if __name__ == "__main__":
    iris.execute()
