"""The same pipeline without its steps, but for some that something else stands in for."""

from __future__ import annotations

import shop

from graftline import Map, Pipeline, PythonTask, ShellTask


def pipeline() -> Pipeline:
    return Pipeline(
        name="stock",
        steps=[
            PythonTask(name="list", function=shop.list_lots, returns=["lots"]),
            Map(
                name="weigh all",
                iterate_on="lots",
                iterate_as="lot",
                branch=PythonTask(name="weigh", function=shop.weigh, returns=["weighed"]),
            ),
            PythonTask(name="add", function=shop.add_up, returns=["total"]),
            ShellTask(name="shout", command="echo $total; exit 1", returns=["shouted"]),
        ],
    )


def main() -> None:
    pipeline().execute(
        runner="mock",
        patches={"list": [7, 8], "weigh": lambda lot: lot * 2, "add": sum_of, "shout": "softly"},
    )


def sum_of(weighed: list[int]) -> int:
    return sum(weighed)


if __name__ == "__main__":
    main()
