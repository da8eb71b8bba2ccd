"""What fails now and then is tried again, what fails for good has another way: `graft run` here."""

from functions import fetch, parse, publish, publish_old, take_yesterdays

from graftline import Pipeline, PythonTask

recovery = Pipeline(
    name="recovery",
    steps=[
        PythonTask(fetch, returns=["text"], retries=3, backoff="100ms"),
        PythonTask(
            parse,
            returns=["prices"],
            on_failure=Pipeline(steps=[PythonTask(take_yesterdays, returns=["yesterdays"]), PythonTask(publish_old)]),
        ),
        PythonTask(publish, returns=["published"]),
    ],
)

if __name__ == "__main__":
    recovery.execute()
