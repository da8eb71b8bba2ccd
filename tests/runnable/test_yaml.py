"""The examples of all folders as YAML: every pipeline of the shop, written and read again, is the same graph."""

from __future__ import annotations

import json

from shop_runs import Shop

COMPARE = """
import inspect, json, os, yaml
import catalogs, loops, maps, parallel, parameters, retries, sequential, tasks
from graftline import Pipeline
from graftline.core.graphcodec import graph_to_json

Pipeline.execute = lambda self, *args, **named: None
for name, value in (yaml.safe_load(open("params.yaml")) | {"channel": "web", "things": [1], "lot": 1}).items():
    os.environ[f"GRAFTLINE_PRM_{name}"] = json.dumps(value)

def graph_of(pipeline):
    graph = json.loads(json.dumps(graph_to_json(pipeline.compile())))
    operations = graph.pop("operations")
    for operation in operations:
        operation["call"].pop("line", None)
        operation["call"].pop("file", None)
    for node in [*graph["nodes"], *(node for body in graph.get("bodies", ()) for node in body["nodes"])]:
        node["operation"] = operations[node["operation"]]  # those of one line are one operation
    return graph

done = {}
for module in (catalogs, loops, maps, parallel, parameters, retries, sequential, tasks):
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ != module.__name__ or name == "same_name":
            continue
        pipeline = function()
        target = f"{module.__name__}.{name}"
        pipeline.name = pipeline.name or name
        open(f"{target}.yaml", "w").write(pipeline.to_yaml())
        again = Pipeline.from_yaml(f"{target}.yaml")
        done[target] = graph_of(pipeline) == graph_of(again)
print(json.dumps(done))
"""


def test_every_pipeline_written_as_yaml_is_the_same_graph_when_it_is_read(shop: Shop) -> None:
    (shop.root / "compare.py").write_text(COMPARE)

    compared = shop.python("compare.py")

    assert compared.returncode == 0, compared.stderr
    same = json.loads(compared.stdout)
    assert len(same) > 45
    assert [name for name, is_same in same.items() if not is_same] == []


def test_what_was_written_runs(shop: Shop) -> None:
    (shop.root / "flow.yaml").write_text(shop.graft("graph", "maps.py:known_late", "--format", "yaml").stdout)

    run = shop.run("flow.yaml")

    assert run.state == "SUCCESS"
    assert run.value("total") == 150
