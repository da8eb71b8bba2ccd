"""Pipelines in pipelines: one as a step, and two maps side by side: `graft run` here."""

from functions import clean, count, list_days, mean_of_day, mean_of_station, tell

from graftline import Map, Parallel, Pipeline, PythonTask

prepare = Pipeline(
    name="prepare",
    steps=[PythonTask(count, returns=["counts"]), PythonTask(clean, returns=["cleaned"])],
)

by_station = Map(
    name="each station",
    iterate_on="stations",
    iterate_as="station",
    branch=PythonTask(mean_of_station, returns=["station_means"]),
)

by_day = Map(
    name="each day",
    iterate_on="days",
    iterate_as="day",
    branch=PythonTask(mean_of_day, returns=["day_means"]),
)

nested = Pipeline(
    name="nested",
    params={"stations": ["harbour", "bridge", "market"]},
    steps=[
        prepare,
        Parallel(
            name="means",
            branches={
                "stations": by_station,
                "days": Pipeline(steps=[PythonTask(list_days, returns=["days"]), by_day]),
            },
        ),
        PythonTask(tell, returns=["busiest"]),
    ],
)

if __name__ == "__main__":
    nested.execute()
