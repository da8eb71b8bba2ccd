"""Submit now, get later: a model by name, groups of calls, and a notebook run for many items."""

from pathlib import Path

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from graftline import runtime


def fit_and_predict():
    """Put data and an estimator by name, fit it, and predict with what was fitted."""
    flowers = load_iris(as_frame=True).frame.rename(
        columns={"sepal length (cm)": "length", "sepal width (cm)": "width"}
    )
    runtime.put("flowers", flowers)
    model = runtime.model("species")
    model.put(LogisticRegression(max_iter=200))
    fitted = model.fit("flowers[length,width]", "flowers[target]")
    print(f"fitted {fitted.get(timeout=60)}")
    score = model.score("flowers[length,width]", "flowers[target]")
    later = runtime.result(score.id)  # any process finds it by its id, today or in a year
    print(f"score {later.get(timeout=60):.2f}")


def one_after_the_other():
    """Fit, predict with this fit, and hand the prediction to a script: one run."""
    group = runtime.sequence()
    with group as then:
        then.model("species").fit("flowers[length,width]", "flowers[target]")
        then.model("species").predict("flowers[length,width]")
        then.script("scripts/counts.py").run()
    print(f"sequence {group.get(timeout=60)}")


def side_by_side():
    """Two submissions, each to whoever serves its labels; the values come in the order of the calls."""
    group = runtime.parallel()
    with group as both:
        both.script("scripts/counts.py").run([0, 1, 1])
        both.script("scripts/counts.py").run([2, 2])
    print(f"parallel {[value['virginica'] for value in group.getall(timeout=60)]}")


def map_and_reduce():
    """Count in parts; the last call is handed the counts of all of them."""
    group = runtime.mapreduce()
    with group as parts:
        for part in ([0, 0, 1], [1, 2], [2, 2, 2]):
            parts.script("scripts/counts.py").run(part)
        parts.script("scripts/merge.py").run()
    print(f"mapreduce {group.get(timeout=60)}")


def one_notebook_for_many():
    """Run a notebook for three sites; one lacks its file, and is restarted alone when it is there."""
    group = runtime.job("site.ipynb", returns=["total"]).map([{"site": "north"}, {"site": "south"}, {"site": "east"}])
    print(group.wait(timeout=120).table())
    Path("sites/east.txt").write_text("7\n")
    print(f"restarted {len(group.failed())}: totals {group.restart().getall(timeout=120)}")
    print(f"attempts {[task.attempts for task in group.tasks]}")


if __name__ == "__main__":
    fit_and_predict()
    one_after_the_other()
    side_by_side()
    map_and_reduce()
    one_notebook_for_many()
