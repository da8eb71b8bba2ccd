"""The functions of functions.py as a pipeline that is written by calls: `graft run` here, or `python pipeline.py`."""

import functions

from graftline import Catalog, metric, pipeline, task

load_data = task(functions.load_data, returns=["X", "X_test", "y", "y_test"])
fit = task(functions.fit, returns=["model"])
score = task(functions.score, returns=["score"])
choose = task(functions.choose, returns=["best", metric("r2")])
write_report = task(functions.write_report, catalog=Catalog(put=["ridge.md"]))


@pipeline
def ridge(alphas: list[float] = (0.01, 0.1, 1.0, 10.0), share: float = 0.25, report: bool = True):
    """Find how strongly to regularise."""
    X, X_test, y, y_test = load_data(share)
    scores = [score(fit(X, y, alpha), X_test, y_test) for alpha in alphas]
    best, _ = choose(list(alphas), scores)
    if report:
        write_report(list(alphas), scores, best)
    return {"alpha": best}


if __name__ == "__main__":
    print("best alpha:", ridge.execute().value("alpha"))
